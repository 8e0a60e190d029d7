"""What the editor loads and saves."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.registry import drafts
from agents.registry.models import Agent, Version
from agents.snapshots import snapshots
from tests import factories
from tests.agents.registry import samples
from workspaces.access import Actor
from workspaces.models import AuditEntry, User


def url(agent: Agent) -> str:
    return f"/w/acme/agents/{agent.pk}/draft/"


def put(client: Client, agent: Agent, body: Any) -> Any:
    return client.put(url(agent), body, content_type="application/json")


@pytest.fixture
def loaded(as_owner: Client, agent: Agent) -> dict[str, Any]:
    return dict(as_owner.get(url(agent)).json())


def test_get_gives_the_whole_draft(loaded: dict[str, Any], agent: Agent) -> None:
    draft = drafts.of(agent)
    assert loaded == {
        "agent": str(agent.pk),
        "revision": 1,
        "saved_at": loaded["saved_at"],
        "saved_by": "owner@example.org",
        "based_on": None,
        "hash": draft.snapshot_id,
        "language": "python",
        "files": samples.code().files,
        "entry": "main.py",
        "entry_point": "main",
        "config": {
            "limits": {},
            "runtime": "auto",
            "env": [],
            "secrets": [],
            "dependencies": [],
            "input_schema": None,
            "output_schema": None,
        },
        "sample_input": "",
    }


def test_put_saves_and_answers_the_next_revision(
    as_owner: Client, agent: Agent, loaded: dict[str, Any]
) -> None:
    config = {"limits": {"timeout": 5}, "env": ["MODE"]}
    body = {
        **loaded,
        "files": {"main.py": "a = '\0é'\n", "b.txt": ""},
        "config": config,
        "sample_input": "[1,",
    }
    answer = put(as_owner, agent, body)
    again = as_owner.get(url(agent)).json()
    assert answer.json() == {"revision": 2, "saved_at": again["saved_at"], "hash": again["hash"]}
    assert (again["files"], again["sample_input"]) == (body["files"], "[1,")
    assert again["config"]["limits"] == {"timeout": 5, "memory_mb": 256, "network": "none"}
    assert AuditEntry.objects.get(action="draft.saved").source == "page"


def test_an_old_revision_is_409_with_the_newer_draft(
    as_owner: Client, agent: Agent, loaded: dict[str, Any]
) -> None:
    put(as_owner, agent, {**loaded, "files": {"main.py": "first"}})
    answer = put(as_owner, agent, {**loaded, "files": {"main.py": "second"}})
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    problem = answer.json()
    assert (problem["type"], problem["current"]) == ("/problems/draft-moved", as_owner.get(url(agent)).json())
    forced = put(as_owner, agent, {**loaded, "files": {"main.py": "second"}, "force": True})
    assert (forced.status_code, as_owner.get(url(agent)).json()["files"]) == (200, {"main.py": "second"})


@pytest.mark.parametrize(
    ("change", "status", "pointers"),
    [
        ({"files": {"../x": "", "main.py": ""}}, 400, ["/files/..~1x"]),
        ({"files": {"main.py": "\ud800"}}, 400, ["/files/main.py"]),
        ({"files": {}}, 400, ["/files"]),
        ({"files": "x"}, 400, ["/files"]),
        ({"language": "cobol"}, 400, ["/language"]),
        ({"entry": "gone.py"}, 400, ["/entry"]),
        ({"revision": "1"}, 400, ["/revision"]),
        ({"config": {"limits": {"timeout": 0}}}, 400, ["/config/limits/timeout"]),
        ({"config": {"speed": 1}}, 400, ["/config/speed"]),
        ({"config": {"env": ["A B"]}}, 400, ["/config/env/0"]),
        ({"colour": "red"}, 400, ["/colour"]),
        ({"sample_input": "a\0b"}, 400, ["/sample_input"]),
        ({"files": {f"f{n}.py": "" for n in range(1001)}, "entry": "f0.py"}, 413, ["/files"]),
    ],
)
def test_what_cannot_be_kept_is_named_and_changes_nothing(
    as_owner: Client, loaded: dict[str, Any], change: dict[str, Any], status: int, pointers: list[str]
) -> None:
    agent = Agent.objects.get(pk=loaded["agent"])
    answer = put(as_owner, agent, {**loaded, **change})
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (status, pointers)
    assert as_owner.get(url(agent)).json() == loaded


@pytest.mark.parametrize("body", [" ", "[]", "{", '{"revision": NaN}', "\udcff"])
def test_a_body_that_is_no_draft_is_400(as_owner: Client, agent: Agent, body: str) -> None:
    assert put(as_owner, agent, body.encode(errors="surrogateescape")).status_code == 400


def test_a_body_that_is_too_large_is_413(as_owner: Client, agent: Agent, loaded: dict[str, Any]) -> None:
    answer = put(as_owner, agent, {**loaded, "files": {"main.py": "x" * (50 * 1024 * 1024)}})
    assert answer.status_code == 413


def test_viewers_read_and_do_not_save(as_viewer: Client, agent: Agent, loaded: dict[str, Any]) -> None:
    assert as_viewer.get(url(agent)).json() == loaded
    assert put(as_viewer, agent, {**loaded, "files": {"main.py": "mine"}}).status_code == 403
    assert snapshots.spec(drafts.of(agent).snapshot) == samples.code()


@pytest.mark.parametrize(("who", "status"), [("outsider", 404), (None, 401)])
def test_others_see_nothing(
    who: str | None, status: int, outsider: User, agent: Agent, loaded: dict[str, Any]
) -> None:
    client = factories.client_for(outsider if who else None)
    assert client.get(url(agent)).status_code == status
    assert put(client, agent, loaded).status_code == status


# --- Saving a version from the editor -------------------------------------------------------------


def save(client: Client, agent: Agent, **body: Any) -> Any:
    return client.post(f"/w/acme/agents/{agent.pk}/versions/", body, content_type="application/json")


def test_save_answers_the_new_version(as_owner: Client, agent: Agent) -> None:
    answer = save(as_owner, agent, revision=1, changelog="First")
    version = Version.objects.get(agent=agent)
    body = answer.json()
    assert (answer.status_code, version.changelog) == (201, "First")
    assert (body["id"], body["number"], body["hash"]) == (str(version.pk), 1, version.snapshot_id)
    assert as_owner.get(url(agent)).json()["based_on"] == 1


def test_what_is_not_new_is_409_with_the_reason(as_owner: Client, agent: Agent, actor: Actor) -> None:
    save(as_owner, agent, revision=1)
    unchanged = save(as_owner, agent, revision=1)
    stale = save(as_owner, agent, revision=7)
    assert [(answer.status_code, answer.json()["type"]) for answer in (unchanged, stale)] == [
        (409, "/problems/nothing-to-save"),
        (409, "/problems/draft-moved"),
    ]


def test_a_bad_save_is_400(as_owner: Client, agent: Agent) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"revision": 0},
        {"revision": 1, "changelog": "x" * 501},
        {"revision": 1, "x": 1},
    ]
    assert [save(as_owner, agent, **body).status_code for body in bodies] == [400] * 4
    assert Version.objects.count() == 0


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("outsider", 404), (None, 401)])
def test_others_save_nothing(
    who: str | None, status: int, viewer: User, outsider: User, agent: Agent
) -> None:
    client = factories.client_for({"viewer": viewer, "outsider": outsider}.get(who or ""))
    assert save(client, agent, revision=1).status_code == status
    assert Version.objects.count() == 0
