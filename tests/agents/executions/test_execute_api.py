"""`POST /api/v1/code/execute` on the real sandbox: what it runs, what it refuses, and in which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from agents.executions.enums import State
from agents.executions.models import Execution
from workspaces.models import User

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/code/execute"
JSON_TYPE = "application/json"
PROBLEM = "application/problem+json"


def post(api: APIClient, body: Any, headers: dict[str, str] | None = None) -> Any:
    return api.post(URL, body, format="json", headers=headers)


def raw(api: APIClient, body: bytes) -> Any:
    return api.post(URL, body, content_type=JSON_TYPE)


def refused(response: Any, status: int = 400) -> dict[str, Any]:
    """The problem document of a refusal, which left no run."""
    assert (response.status_code, response["Content-Type"]) == (status, PROBLEM), response.content[:500]
    assert Execution.objects.count() == 0
    body: dict[str, Any] = response.json()
    return body


def pointers(response: Any, status: int = 400) -> set[str]:
    return {error["pointer"] for error in refused(response, status)["errors"]}


# --- What it runs ---------------------------------------------------------------------------------


def test_the_answer_has_what_was_promised(api: APIClient) -> None:
    code = "import sys\nprint('out')\nprint('err', file=sys.stderr)\nresult = {'a': [1, None, 'ü']}"
    answer = post(api, {"language": "python", "code": code})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {
        *("success", "status", "result", "stdout", "stderr", "exit_code", "error", "execution_time_ms"),
        *("timings", "usage", "cached", "runtime", "runtime_reason", "execution_id", "artifacts"),
    }
    assert (body["success"], body["status"], body["exit_code"], body["error"], body["cached"]) == (
        True,
        "succeeded",
        0,
        None,
        False,
    )
    assert (body["result"], body["stdout"], body["stderr"]) == ({"a": [1, None, "ü"]}, "out\n", "err\n")
    assert set(body["timings"]) == {"queue_ms", "setup_ms", "run_ms", "collect_ms", "total_ms"}
    assert body["execution_time_ms"] == body["timings"]["run_ms"] > 0
    assert body["usage"]["cpu_ms"] > 0 and body["usage"]["peak_memory_bytes"] > 0
    assert body["runtime"] == "local" and body["runtime_reason"]
    row = Execution.objects.get(pk=body["execution_id"])
    assert (row.state, row.source, row.kind) == (State.SUCCEEDED, "api", "adhoc")


def test_files_arguments_streams_and_variables_arrive(api: APIClient) -> None:
    body = {
        "files": {
            "main.py": "import os, sys\nfrom lib.more import double\n"
            "result = [double(n), sys.argv[1:], sys.stdin.read(), os.environ['K']]",
            "lib/more.py": "def double(x):\n    return 2 * x\n",
        },
        "context": {"n": 21},
        "args": ["a", "b c"],
        "stdin": "in\n",
        "env": {"K": "v"},
    }
    assert post(api, body).json()["result"] == [42, ["a", "b c"], "in\n", "v"]


def test_function_mode_calls_the_entry_point(api: APIClient) -> None:
    body = {"code": "def greet(input):\n    return 'hi ' + input\n", "entry_point": "greet", "input": "you"}
    assert post(api, body).json()["result"] == "hi you"


def test_bash_runs_too(api: APIClient) -> None:
    body = post(api, {"language": "bash", "code": "echo one; echo two >&2; exit 3"}).json()
    assert (body["stdout"], body["stderr"], body["exit_code"], body["success"]) == (
        "one\n",
        "two\n",
        3,
        False,
    )


def test_a_program_that_fails_is_an_answer(api: APIClient) -> None:
    answer = post(api, {"code": "print('before')\nraise ValueError('no')"})
    body = answer.json()
    assert (answer.status_code, body["success"], body["status"], body["stdout"]) == (
        200,
        False,
        "failed",
        "before\n",
    )
    assert (
        body["error"]["type"],
        body["error"]["message"],
        body["error"]["file"],
        body["error"]["line"],
    ) == (
        "ValueError",
        "no",
        "main.py",
        2,
    )


def test_strict_handling_makes_a_failure_a_problem(api: APIClient) -> None:
    failed = post(api, {"code": "raise ValueError('no')"}, headers={"Prefer": "handling=strict"})
    assert (failed.status_code, failed["Content-Type"]) == (422, PROBLEM)
    assert (failed.json()["type"], failed.json()["detail"]) == ("/problems/run-failed", "no")
    assert failed.json()["execution"]["status"] == "failed"
    fine = post(api, {"code": "1"}, headers={"Prefer": "handling=strict"})
    assert fine.status_code == 200


@pytest.mark.parametrize(
    ("code", "limits", "status"),
    [
        ("while True: pass", {"timeout": 1}, "timed_out"),
        ("import time; time.sleep(60)", {"timeout": 1}, "timed_out"),
        ("x = bytearray(10**9)", {"memory_mb": 64}, "memory_exceeded"),
        ("while True: print('x' * 1000)", {"limits": {"output_bytes": 50_000}}, "output_exceeded"),
        ("while True: print('x' * 1000)", {"timeout": 10}, "output_exceeded"),
        ("result = 'x' * 100_000_000", {"memory_mb": 512}, "failed"),
    ],
)
def test_what_goes_on_for_ever_or_grows_ends_clearly(
    api: APIClient, code: str, limits: dict[str, Any], status: str
) -> None:
    body = post(api, {"code": code, **limits}).json()
    assert (body["success"], body["status"]) == (False, status), body["error"]
    assert body["error"]["message"]
    assert len(body["stdout"]) < 2_000_000
    assert Execution.objects.get(pk=body["execution_id"]).state == status


def test_nuls_and_lone_surrogates_go_in_and_come_out(api: APIClient) -> None:
    text = '"a\\u0000b\\ud800c"'
    code = "import sys\nresult = [word, sys.stdin.read()]\nprint(word.encode('utf-8', 'replace'))"
    body = f'{{"code": {json.dumps(code)}, "context": {{"word": {text}}}, "stdin": "a\\u0000b"}}'
    answer = raw(api, body.encode())
    assert answer.status_code == 200, answer.content
    assert answer.json()["result"] == [json.loads(text), "a\0b"], answer.json()
    row = Execution.objects.get()
    assert (row.context, row.stdin) == ({"word": json.loads(text)}, "a\0b")


def test_cache_may_be_asked_for_and_is_not_there_yet(api: APIClient) -> None:
    assert post(api, {"code": "1", "cache": True}).json()["cached"] is False


def test_an_artifact_is_named_with_its_address(api: APIClient) -> None:
    code = "import os; os.makedirs('out', exist_ok=True); open('out/a b.txt', 'w').write('hello')"
    body = post(api, {"code": code}).json()
    url = f"/api/v1/executions/{body['execution_id']}/artifacts/a%20b.txt"
    assert body["artifacts"] == [
        {"name": "a b.txt", "media_type": "text/plain", "size_bytes": 5, "url": url}
    ], body
    assert api.get(url).content == b"hello"


def test_a_short_run_costs_few_queries(api: APIClient) -> None:
    body = {"code": "print('hello')"}
    post(api, body)
    with CaptureQueriesContext(connection) as queries:
        assert post(api, body).json()["success"]
    kinds = [query["sql"].split()[0] for query in queries]
    assert [kind for kind in kinds if kind not in ("BEGIN", "COMMIT")] == [
        *("SELECT", "SELECT", "SELECT"),  # the token, its rights, the snapshot
        *("INSERT", "UPDATE", "SELECT", "INSERT", "INSERT"),  # the run; its end, log and fact
    ]


# --- What it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/code"),
        ({"code": ""}, "/code"),
        ({"code": "  \n"}, "/code"),
        ({"code": "1", "files": {"main.py": "1"}}, "/code"),
        ({"code": 1}, "/code"),
        ({"code": None}, "/code"),
        ({"code": "1", "language": "cobol"}, "/language"),
        ({"code": "1", "language": ""}, "/language"),
        ({"code": "1", "langauge": "python"}, "/langauge"),
        ({"code": "1", "state": "succeeded"}, "/state"),
        ({"code": "1", "workspace": 1}, "/workspace"),
        ({"code": "\ud800"}, "/files/main.py"),
        ({"files": {}}, "/files"),
        ({"files": []}, "/files"),
        ({"files": {"main.py": 1}}, "/files/main.py"),
        ({"files": {"a.py": "1", "b.py": "1"}}, "/entry"),
        ({"files": {"a.py": "1"}, "entry": "b.py"}, "/entry"),
        ({"code": "1", "entry": "../x.py"}, "/files/..~1x.py"),
        ({"files": {"main.py": "1", "../x": "1"}}, "/files/..~1x"),
        ({"files": {"main.py": "1", "/etc/x": "1"}}, "/files/~1etc~1x"),
        ({"files": {"main.py": "1", "a/../../x": "1"}}, "/files/a~1..~1..~1x"),
        ({"files": {"main.py": "1", "a\\x": "1"}}, None),
        ({"files": {"main.py": "1", "a\0b": "1"}}, None),
        ({"files": {"main.py": "1", "": "1"}}, "/files"),
        ({"files": {"main.py": "1", "a": "1", "a/b": "1"}}, "/files/a~1b"),
        ({"files": {"main.py": "1", "x" * 5000: "1"}}, None),
        ({"files": {"main.py": "1", **{f"f{n}": "" for n in range(10_000)}}}, "/files"),
        ({"code": "1", "entry_point": "no such name"}, "/entry_point"),
        ({"code": "1", "args": "x"}, "/args"),
        ({"code": "1", "args": [1]}, "/args/0"),
        ({"code": "1", "args": ["a\0b"]}, "/args/0"),
        ({"code": "1", "env": {"A B": "1"}}, "/env"),
        ({"code": "1", "env": {"K": 1}}, "/env/K"),
        ({"code": "1", "env": {"LD_PRELOAD": "x"}}, "/env/LD_PRELOAD"),
        ({"code": "1", "context": []}, "/context"),
        ({"code": "1", "context": {"a b": 1}}, "/context"),
        ({"code": "1", "stdin": 5}, "/stdin"),
        ({"code": "1", "timeout": 0}, "/timeout"),
        ({"code": "1", "timeout": -1}, "/timeout"),
        ({"code": "1", "timeout": "5"}, "/timeout"),
        ({"code": "1", "timeout": True}, "/timeout"),
        ({"code": "1", "timeout": 10**9}, "/timeout"),
        ({"code": "1", "memory_mb": 10**9}, "/memory_mb"),
        ({"code": "1", "memory_mb": 64.5}, "/memory_mb"),
        ({"code": "1", "limits": {"processes": 10**6}}, "/limits/processes"),
        ({"code": "1", "limits": {"fork_bombs": 1}}, "/limits/fork_bombs"),
        ({"code": "1", "limits": 5}, "/limits"),
        ({"code": "1", "timeout": 1, "limits": {"timeout": 2}}, "/limits/timeout"),
        ({"code": "1", "runtime": "moon"}, "/runtime"),
        ({"code": "1", "runtime": 5}, "/runtime"),
        ({"code": "1", "cache": "yes"}, "/cache"),
        ({"code": "1", "dependencies": ["requests"]}, "/dependencies"),
        ([], "/"),
        ("x", "/"),
        (None, None),
    ],
)
def test_bad_fields_are_named_and_nothing_runs(api: APIClient, body: Any, pointer: str | None) -> None:
    response = raw(api, json.dumps(body).encode())
    found = pointers(response)
    if pointer is not None:
        assert found == {pointer}, response.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff{}", 400),
        (b'{"code": NaN}', 400),
        (b'{"code": "1", "input": Infinity}', 400),
        (b'{"code": "1", "code": "2"}', 400),
        (b'{"code": "1", "input": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"code": "1", "input": ' + b"9" * 5_000 + b"}", 400),
        (b'{"code": "' + b"x" * 50_000_000 + b'"}', 413),
    ],
)
def test_bad_bodies_are_refused(api: APIClient, body: bytes, status: int) -> None:
    refused(raw(api, body), status)


def test_code_larger_than_a_snapshot_is_refused(api: APIClient) -> None:
    response = post(api, {"code": "#" * 11 * 1024 * 1024})
    assert response.status_code in (400, 413)
    assert response["Content-Type"] == PROBLEM


def test_a_network_is_refused_by_policy(api: APIClient) -> None:
    body = refused(post(api, {"code": "1", "limits": {"network": "internet"}}), 403)
    assert body["errors"] == [{"pointer": "/limits/network", "message": "must be none"}]
    assert post(api, {"code": "1", "limits": {"network": "none"}}).status_code == 200


def test_who_may_run_code(
    api: APIClient, viewer: User, reviewer: User, editor: User, api_for: Callable[..., APIClient]
) -> None:
    for user in (viewer, reviewer):
        refused(post(api_for(user), {"code": "1"}), 403)
    refused(post(APIClient(), {"code": "1"}), 401)
    assert post(api_for(editor), {"code": "1"}).status_code == 200


def test_only_post_and_only_json(api: APIClient) -> None:
    assert refused(api.get(URL), 405)["status"] == 405
    assert refused(api.post(URL, "code=1", content_type="application/x-www-form-urlencoded"), 415)


# --- Twice ----------------------------------------------------------------------------------------


def test_an_idempotency_key_gives_the_first_answer_again(api: APIClient) -> None:
    body = {"code": "import random\nprint(random.random())"}
    first, again = (post(api, body, headers={"Idempotency-Key": "k-1"}).json() for _ in range(2))
    assert first == again
    assert Execution.objects.count() == 1
    other = post(api, {"code": "2"}, headers={"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/unprocessable")


def test_while_the_first_goes_on_its_key_is_a_conflict(api: APIClient) -> None:
    body = {"code": "1"}
    first = post(api, body, headers={"Idempotency-Key": "k"}).json()
    Execution.objects.filter(pk=first["execution_id"]).update(state=State.RUNNING)
    again = post(api, body, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/still-running")
