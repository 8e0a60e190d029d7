"""`/api/v1/executions` and its like: started, listed, read, cancelled, repeated, by those who may."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from agents.executions import executions, requests, runner
from agents.executions.enums import FINISHED, State
from agents.executions.models import Execution
from agents.executions.requests import Given
from agents.registry import agents, versions
from agents.registry.models import Agent
from agents.registry.types import AgentSpec
from studio.celery import app
from studio.embedded import EmbeddedWorker
from tests import factories
from tests.agents.executions import scripted
from tests.agents.executions.scripted import eventually, ok, out, problem, yielding
from workspaces.access import Actor
from workspaces.models import User, Workspace

Make = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/executions"
FIELDS = {
    *("id", "kind", "status", "agent", "version", "language", "runtime", "runtime_reason", "isolation"),
    *("input", "result", "has_result", "error", "exit_code", "timings", "usage", "progress", "user"),
    *("source", "attempt", "queued_at", "started_at", "finished_at", "cancelled_by", "cancel_reason"),
    *("rerun_of", "snapshot", "limits", "artifacts", "url", "events_url", "stream_url", "websocket_url"),
    *("correlation_id", "cached", "queue_position"),
}


@pytest.fixture
def worker() -> Iterator[EmbeddedWorker]:
    """Worker threads that run what is queued, in the real sandbox."""
    embedded = EmbeddedWorker(app, threads=2)
    embedded.start()
    yield embedded
    embedded.stop()


def start(api: APIClient, body: Any, **headers: str) -> Any:
    return api.post(URL, body, format="json", headers=headers)


# --- Starting -------------------------------------------------------------------------------------


def test_a_start_is_accepted_and_runs(api: APIClient, worker: EmbeddedWorker) -> None:
    answer = start(
        api, {"language": "python", "code": "print('hi')\nresult = input", "context": {"input": 5}}
    )
    body = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"{URL}/{body['id']}")
    assert set(body) == FIELDS
    assert (body["status"], body["kind"], body["agent"], body["version"]) == ("queued", "adhoc", None, None)
    ended = eventually(lambda: read(api, body) if read(api, body)["status"] in FINISHED else None, seconds=20)
    assert (ended["status"], ended["result"], ended["has_result"]) == ("succeeded", 5, True)
    log = api.get(body["events_url"]).json()
    assert log["finished"] is True
    assert [event["seq"] for event in log["events"]] == list(range(1, log["next_after"] + 1))


def read(api: APIClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.get(body["url"])
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_agents_are_started_by_version_and_by_draft(api: APIClient, agent: Agent) -> None:
    by_slug = start(api, {"agent": agent.slug, "input": 1}).json()
    by_id = start(api, {"agent": str(agent.id), "version": 1, "timeout": 5}).json()
    draft = start(api, {"agent": str(agent.id), "draft": True}).json()
    link = {"id": str(agent.id), "slug": agent.slug, "name": "Echo"}
    assert [(run["agent"], run["version"], run["kind"]) for run in (by_slug, by_id, draft)] == [
        (link, 1, "agent"),
        (link, 1, "agent"),
        (link, None, "agent"),
    ]
    assert by_id["limits"]["wall_seconds"] == 5


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"code": ""}, 400),
        ({"agent": "echo", "code": "1"}, 400),
        ({"agent": "echo", "files": {"main.py": "1"}}, 400),
        ({"code": "1", "version": 1}, 400),
        ({"code": "1", "draft": True}, 400),
        ({"agent": "echo", "version": 1, "draft": True}, 400),
        ({"agent": "echo", "version": 0}, 400),
        ({"agent": "echo", "version": 2**40}, 400),
        ({"agent": "echo", "version": 99}, 404),
        ({"agent": "nobody"}, 404),
        ({"agent": "\0"}, 400),
        ({"agent": 5}, 400),
        ({"code": "1", "limits": {"network": "open"}}, 403),
    ],
)
def test_bad_starts_are_refused_and_leave_nothing(
    api: APIClient, agent: Agent, body: Any, status: int
) -> None:
    assert problem(start(api, body))[0] == status
    assert Execution.objects.count() == 0


def test_a_start_is_repeated_by_its_key(api: APIClient) -> None:
    first, again = (start(api, {"code": "1"}, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.json()["id"], first.status_code) == (again.json()["id"], again.status_code)
    assert problem(start(api, {"code": "2"}, **{"Idempotency-Key": "k"})) == (422, "unprocessable")
    assert problem(start(api, {"code": "2"}, **{"Idempotency-Key": "a b"})) == (400, "invalid")
    assert Execution.objects.count() == 1


# --- An agent's own address -----------------------------------------------------------------------


def call(api: APIClient, agent: str, body: Any, query: str = "", **headers: str) -> Any:
    return api.post(f"/api/v1/code-agents/{agent}/execute{query}", body, format="json", headers=headers)


def test_who_waits_for_an_agent_gets_its_answer(api: APIClient, agent: Agent, worker: EmbeddedWorker) -> None:
    answer = call(api, agent.slug, {"input": {"x": 1}}, Prefer="wait=20")
    assert (answer.status_code, answer["Preference-Applied"]) == (200, "wait=20")
    body = answer.json()
    assert (body["success"], body["result"], body["stdout"]) == (True, {"x": 1}, "ran\n")


def test_who_does_not_wait_long_enough_is_told_where_to_look(api: APIClient, agent: Agent) -> None:
    for headers in ({}, {"Prefer": "respond-async"}, {"Prefer": "wait=0"}, {"Prefer": "wait=1"}):
        answer = call(api, str(agent.id), {"input": 1}, **headers)
        assert (answer.status_code, answer["Location"]) == (202, answer.json()["url"])
        assert answer.json()["status"] == "queued"


def test_who_finds_all_slots_for_waiting_taken_is_answered_at_once(
    api: APIClient, agent: Agent, settings: Any
) -> None:
    settings.RUN_INLINE_CONCURRENCY = 0
    began_at = time.monotonic()
    assert call(api, agent.slug, {}, Prefer="wait=30").status_code == 202
    assert time.monotonic() - began_at < 10
    assert problem(api.post("/api/v1/code/execute", {"code": "1"}, format="json")) == (429, "busy")


def test_a_version_is_named_in_the_body_or_the_address(api: APIClient, agent: Agent, actor: Actor) -> None:
    spec = AgentSpec(
        details={"name": "Echo"}, code=scripted.spec("def main():\n    return 2\n", entry_point="main")
    )
    versions.put(by=actor, agent=agent, spec=spec)
    asked: list[tuple[Any, str]] = [({}, ""), ({"version": 1}, ""), ({}, "?version=1")]
    assert [call(api, agent.slug, body, query).json()["version"] for body, query in asked] == [2, 1, 1]
    assert problem(call(api, agent.slug, {}, "?version=x"))[0] == 400
    assert problem(call(api, agent.slug, {"version": 9}))[0] == 404


@pytest.mark.parametrize("prefer", ["wait=x", "wait=-1", "wait=1e9", "wait"])
def test_a_wait_that_is_no_number_is_refused(api: APIClient, agent: Agent, prefer: str) -> None:
    assert problem(call(api, agent.slug, {}, Prefer=prefer))[0] == 400
    assert Execution.objects.count() == 0


# --- Reading --------------------------------------------------------------------------------------


def test_a_run_has_every_field(api: APIClient, finished: Execution) -> None:
    body = api.get(f"{URL}/{finished.id}").json()
    assert set(body) == FIELDS
    assert (body["status"], body["input"], body["result"], body["user"]) == (
        "succeeded",
        {"a": 1},
        [1],
        "owner@example.org",
    )
    assert body["websocket_url"] == f"/ws/v1/executions/{finished.id}/"
    assert [artifact["name"] for artifact in body["artifacts"]] == [
        *("a/plot.svg", "page.html", 'we"ird;\u00fc.csv', "x.exe")
    ]


def test_events_are_paged_by_number(api: APIClient, finished: Execution) -> None:
    url = f"{URL}/{finished.id}/events"
    whole = api.get(url).json()
    total = len(whole["events"])
    assert (whole["next_after"], whole["finished"]) == (total, True)
    collected: list[Any] = []
    while True:
        page = api.get(url, {"after": len(collected), "limit": 2}).json()
        collected += page["events"]
        assert page["finished"] == (len(collected) == total)
        if page["finished"]:
            break
    assert collected == whole["events"]
    past = api.get(url, {"after": 999}).json()
    assert past == {"events": [], "next_after": 999, "finished": True}
    for query in ({"after": "-1"}, {"after": "x"}, {"limit": "x"}, {"after": str(2**40)}):
        assert problem(api.get(url, query))[0] == 400


def test_the_list_is_newest_first_and_paged(api: APIClient, queued: Make) -> None:
    ids = [str(queued().id) for _ in range(5)]
    seen: list[str] = []
    url: str | None = f"{URL}?page_size=2"
    while url:
        page = api.get(url).json()
        seen += [run["id"] for run in page["results"]]
        url = page["next"]
    assert seen == ids[::-1]
    assert problem(api.get(URL, {"cursor": "garbage"}))[0] == 400


def test_a_list_leaves_out_what_is_long_and_says_so(api: APIClient, queued: Make) -> None:
    short, long = queued(input={"a": None}), queued(input="x" * 10_000)
    runner.execute(long.id, choose=yielding(ok("y" * 10_000)))
    rows = api.get(URL).json()["results"]
    assert set(rows[0]) == (FIELDS | {"omitted"}) - {"queue_position"}
    assert [(row["id"], row["input"], row["result"], row["omitted"]) for row in rows] == [
        (str(long.id), None, None, ["input", "result"]),
        (str(short.id), {"a": None}, None, []),
    ]
    whole = api.get(f"{URL}/{long.id}").json()
    assert (whole["input"], whole["result"]) == ("x" * 10_000, "y" * 10_000)


def test_the_list_is_filtered(
    api: APIClient, agent: Agent, actor: Actor, queued: Make, finished: Execution
) -> None:
    version = versions.get(by=actor, agent=agent, number=1)
    run = executions.start(
        by=actor, request=requests.of_version(version, Given(input={"customer": "Ürsula"}))
    )
    old = queued(correlation_id="flow-1")
    Execution.objects.filter(pk=old.pk).update(queued_at=timezone.now() - timedelta(days=3))
    failed = queued()
    runner.execute(failed.id, choose=yielding(out("no outcome")))

    def ids(**query: Any) -> set[str]:
        answer = api.get(URL, query)
        assert answer.status_code == 200, answer.json()
        return {each["id"] for each in answer.json()["results"]}

    every = {str(each.id) for each in (run, old, failed, finished)}
    assert ids() == every
    assert ids(status="failed") == ids(state="failed") == {str(failed.id)}
    assert ids(status=["failed", "succeeded"]) == {str(failed.id), str(finished.id)}
    assert ids(agent=agent.slug) == ids(agent=str(agent.id)) == ids(kind="agent") == {str(run.id)}
    assert ids(q="echo") == ids(q="Ürsula customer") == {str(run.id)}
    assert ids(q=str(old.id)[:8]) == {str(old.id)}
    assert ids(q="runtime stopped") == {str(failed.id)}
    assert ids(q="zzz") == ids(q="' OR 1=1") == set()
    assert ids(since="24h") == every - {str(old.id)}
    assert ids(correlation_id="flow-1") == {str(old.id)}
    assert ids(language="bash") == ids(user="nobody@example.org") == ids(agent="nobody") == set()
    assert ids(user="OWNER@example.org") == every
    for wrong in (
        {"status": "gone"},
        {"since": "1y"},
        {"kind": "x"},
        {"queued_after": "x"},
        {"queued_after": "0001-01-01T00:00:00+14:00"},
        {"queued_before": "9999-12-31T23:59:59-14:00"},
        {"version": "x"},
    ):
        assert problem(api.get(URL, wrong))[0] == 400


# --- Cancelling and repeating ---------------------------------------------------------------------


def test_cancelling_and_repeating_over_http(api: APIClient, queued: Make) -> None:
    execution = queued(input=1)
    url = f"{URL}/{execution.id}"
    cancelled = api.post(f"{url}/cancel", {"reason": "typo"}, format="json")
    assert (cancelled.status_code, cancelled.json()["status"], cancelled.json()["cancel_reason"]) == (
        200,
        "cancelled",
        "typo",
    )
    assert api.post(f"{url}/cancel", {}, format="json").json()["cancel_reason"] == "typo"
    again = api.post(f"{url}/rerun", {}, format="json")
    assert (again.status_code, again.json()["rerun_of"], again.json()["input"]) == (202, str(execution.id), 1)
    edited = api.post(f"{url}/rerun", {"mode": "edit", "input": None}, format="json")
    assert (edited.status_code, edited.json()["input"]) == (202, None)
    keyed = [
        api.post(f"{url}/rerun", {}, format="json", headers={"Idempotency-Key": "r"}).json()["id"]
        for _ in range(2)
    ]
    assert keyed[0] == keyed[1]
    for body in ({"mode": "edit"}, {"mode": "x"}, {"input": 1}, {"speed": 1}):
        assert problem(api.post(f"{url}/rerun", body, format="json"))[0] == 400
    assert problem(api.post(f"{url}/rerun", {"mode": "newest"}, format="json"))[0] == 409


def test_a_running_program_is_cancelled(api: APIClient, worker: EmbeddedWorker) -> None:
    body = start(api, {"code": "import time\nprint('up', flush=True)\ntime.sleep(60)"}).json()
    eventually(lambda: "up" in str(api.get(body["events_url"]).json()), seconds=20)
    api.post(f"{body['url']}/cancel", {"reason": "enough\0"}, format="json")
    ended = eventually(lambda: read(api, body) if read(api, body)["status"] in FINISHED else None, seconds=3)
    assert (ended["status"], ended["cancelled_by"], ended["cancel_reason"]) == (
        "cancelled",
        Execution.objects.get(pk=body["id"]).cancelled_by,
        "enough",
    )


# --- Who may --------------------------------------------------------------------------------------

READS = ["", "/events", "/stream", "/artifacts/page.html"]
WRITES = ["/cancel", "/rerun"]


def test_outsiders_learn_nothing_and_anonymous_people_are_asked_who_they_are(
    finished: Execution, queued: Make, outsider: User, other_workspace: Workspace, workspace: Workspace
) -> None:
    waiting = queued()
    secret = factories.make_token(outsider, other_workspace)
    foreign = factories.api_client(secret)
    named = factories.api_client(secret, HTTP_X_WORKSPACE=workspace.slug)
    session = factories.client_for(outsider)
    for path in READS:
        assert [each.get(f"{URL}/{finished.id}{path}").status_code for each in (foreign, named, session)] == [
            404
        ] * 3
        assert APIClient().get(f"{URL}/{finished.id}{path}").status_code == 401
    for path in WRITES:
        assert [each.post(f"{URL}/{waiting.id}{path}").status_code for each in (foreign, named)] == [404] * 2
        assert APIClient().post(f"{URL}/{waiting.id}{path}").status_code == 401
    assert foreign.get(URL).json()["results"] == []
    waiting.refresh_from_db()
    assert (waiting.state, Execution.objects.count()) == (State.QUEUED, 2)


def test_a_viewer_reads_and_changes_nothing(
    finished: Execution, viewer: User, api_for: Callable[..., APIClient]
) -> None:
    api = api_for(viewer)
    assert [api.get(f"{URL}/{finished.id}{path}").status_code for path in READS] == [200] * 4
    assert [api.post(f"{URL}/{finished.id}{path}").status_code for path in WRITES] == [403] * 2
    assert start(api, {"code": "1"}).status_code == 403


def test_runs_of_a_private_agent_are_its_makers_alone(
    agent: Agent, actor: Actor, editor: User, api: APIClient, api_for: Callable[..., APIClient]
) -> None:
    version = versions.get(by=actor, agent=agent, number=1)
    execution = executions.start(by=actor, request=requests.of_version(version, Given()))
    other = api_for(editor)
    assert other.get(f"{URL}/{execution.id}").status_code == 200
    agents.update_details(by=actor, agent=agent, visibility="private")
    assert other.get(f"{URL}/{execution.id}").status_code == 404
    assert other.get(URL).json()["results"] == []
    assert api.get(f"{URL}/{execution.id}").status_code == 200


def test_a_session_needs_its_csrf_token(owner: User, workspace: Workspace) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    refused = browser.post(URL, {"code": "1"}, content_type="application/json")
    assert (refused.status_code, Execution.objects.count()) == (403, 0)
