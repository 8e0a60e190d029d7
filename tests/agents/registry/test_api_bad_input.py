"""/api/v1/code-agents with bodies that cannot be: each is named, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from agents.registry import drafts
from agents.registry.models import Agent, Version
from tests.agents.registry import samples

URL = "/api/v1/code-agents"


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"name": ""}, ["/name"]),
        ({"name": 7}, ["/name"]),
        ({"name": "a\0b"}, ["/name"]),
        ({"name": "a\ud800"}, ["/name"]),
        ({"name": None}, ["/name"]),
        ({"nmae": "x", "colour": "red"}, ["/nmae", "/colour"]),
        ({"language": "cobol"}, ["/language"]),
        ({"files": {}}, ["/files"]),
        ({"files": []}, ["/files"]),
        ({"files": {"main.py": 1}}, ["/files/main.py"]),
        ({"files": {"main.py": ""}}, ["/files/main.py"]),
        ({"files": {"main.py": "a\ud800"}}, ["/files/main.py"]),
        ({"files": {"main.py": "x", "../x": "x"}}, ["/files/..~1x"]),
        ({"files": {"main.py": "x", "/etc/x": "x"}}, ["/files/~1etc~1x"]),
        ({"files": {"main.py": "x", "a\0b": "x"}}, ["/files/a\0b"]),
        ({"files": {"main.py": "x", "a": "x", "a/b": "x"}}, ["/files/a~1b"]),
        ({"code": "x"}, ["/files"]),
        ({"entry": "absent.py"}, ["/entry"]),
        ({"entry_point": "a b"}, ["/entry_point"]),
        ({"limits": {"timeout": -1}}, ["/limits/timeout"]),
        ({"limits": {"timeout": "5"}}, ["/limits/timeout"]),
        ({"limits": {"speed": 1, "memory_mb": 1}}, ["/limits/speed", "/limits/memory_mb"]),
        ({"limits": 5}, ["/limits"]),
        ({"tags": "a"}, ["/tags"]),
        ({"tags": [1]}, ["/tags/0"]),
        ({"env": {"A": "1"}}, ["/env"]),
        ({"env": ["A B"]}, ["/env/0"]),
        ({"deprecated": "yes"}, ["/deprecated"]),
        ({"input_schema": "text"}, ["/input_schema"]),
        ({"visibility": "all"}, ["/visibility"]),
        ({"changelog": "x" * 501}, ["/changelog"]),
    ],
)
def test_bad_fields_are_named(api: APIClient, changes: dict[str, Any], pointers: list[str]) -> None:
    answer = api.post(URL, samples.body(**changes), format="json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert Agent.objects.count() == 0


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        "null",
        "{",
        '{"name": "a", "name": "b"}',
        '{"name": NaN}',
        '{"limits": {"timeout": 1e999}}',
        '{"input_schema": ' + "[" * 200 + "]" * 200 + "}",
        '{"input_schema": ' + "9" * 5000 + "}",
        "\udcff",
    ],
)
def test_a_body_that_is_no_object_is_400(api: APIClient, raw: str) -> None:
    body: Any = raw.encode(errors="surrogateescape")  # The last one is not UTF-8.
    answer = api.generic("POST", URL, body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_too_much_is_413(api: APIClient) -> None:
    many = {f"f{number}.py": "" for number in range(10_000)}
    assert api.post(URL, samples.body(files={"main.py": "x", **many}), format="json").status_code == 413
    assert (
        api.post(URL, samples.body(files={"main.py": "x" * (11 * 1024 * 1024)}), format="json").status_code
        == 413
    )
    assert (
        api.post(URL, samples.body(files={"main.py": "x" * (50 * 1024 * 1024)}), format="json").status_code
        == 413
    )
    assert Agent.objects.count() == 0


@pytest.mark.parametrize("version", ["0", "-1", "x", "1e3", "99999999999999999999", "²", ""])
def test_a_version_that_is_none(api: APIClient, made: dict[str, Any], version: str) -> None:
    assert api.get(f"{URL}/greeter?version={version}").status_code == (404 if version == "0" else 400)
    assert api.get(f"{URL}/greeter/diff?from=1&to={version}").status_code == (404 if version == "0" else 400)


@pytest.mark.parametrize(
    "reference", ["absent", "00000000-0000-0000-0000-000000000000", "a%00b", "%F0%9F%98%80", "x" * 300]
)
def test_an_agent_that_is_none(api: APIClient, made: dict[str, Any], reference: str) -> None:
    assert api.get(f"{URL}/{reference}").status_code == 404


def test_a_bad_put_changes_nothing(api: APIClient, made: dict[str, Any]) -> None:
    for changes in ({"tags": ["a,b"]}, {"files": {"main.py": ""}}, {"entry": "x"}, {"changelog": "x" * 501}):
        answer = api.put(f"{URL}/greeter", samples.body(name="Other", **changes), format="json")
        assert answer.status_code == 400
    assert api.get(f"{URL}/greeter").json() == made
    assert (Version.objects.count(), drafts.of(Agent.objects.get()).revision) == (1, 1)
