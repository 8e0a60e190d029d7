"""The pages of runs: the list with its filters in the address, one run, its buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from agents.executions import endings, executions, requests, runner
from agents.executions.enums import State
from agents.executions.models import Execution
from agents.executions.requests import Given
from agents.registry import versions
from agents.registry.types import AgentSpec
from runtimes.types import Outcome, RunError, Status, Timings
from tests.agents.executions import scripted
from tests.agents.executions.scripted import ok, out, yielding
from workspaces.access import Actor

Make = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/w/acme/executions/"
NASTY = "<script>alert(1)</script>\0\ud800"


def page_of(execution: Execution) -> str:
    return f"{LIST}{execution.id}/"


def shown(response: Any) -> list[Execution]:
    assert response.status_code == 200
    return list(response.context["page"])


def test_the_list_shows_what_the_address_asks_for(as_owner: Client, queued: Make) -> None:
    runs = [queued() for _ in range(3)]
    runner.execute(runs[0].id, choose=yielding(ok()))
    assert shown(as_owner.get(LIST)) == runs[::-1]
    answer = as_owner.get(LIST, {"state": "succeeded", "q": str(runs[0].id)[:8], "since": "24h"})
    assert shown(answer) == [runs[0]]
    filters = answer.context["filters"]
    assert (filters["state"], filters["q"], filters["since"]) == ("succeeded", str(runs[0].id)[:8], "24h")


@pytest.mark.parametrize("query", ["state=gone", "since=1y", "agent=%00", "q=%00", "language=x", "kind=%F0"])
def test_a_filter_that_cannot_be_is_no_error_page(as_owner: Client, queued: Make, query: str) -> None:
    queued()
    assert as_owner.get(f"{LIST}?{query}").status_code == 200


def test_the_list_is_paged_without_gaps(as_owner: Client, actor: Actor) -> None:
    request = scripted.request()
    runs = [executions.start(by=actor, request=request) for _ in range(45)]
    seen: list[Execution] = []
    url = LIST
    while url:
        answer = as_owner.get(url)
        seen += shown(answer)
        url = answer.context["next_url"]
    assert seen == runs[::-1]
    assert as_owner.get(f"{LIST}?cursor=garbage").status_code == 400


def test_a_fragment_is_part_of_the_page(as_owner: Client, queued: Make) -> None:
    queued()
    whole = as_owner.get(LIST).content.decode()
    rows = as_owner.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole and "<html" not in rows
    assert 'id="rows"' in whole and 'id="rows"' in rows


def test_a_run_has_its_page(as_owner: Client, queued: Make) -> None:
    execution = queued("print('the code')", input={"a": NASTY})
    timings = Timings(setup_ms=10, run_ms=80, collect_ms=10)
    outcome = Outcome(status=Status.SUCCEEDED, has_result=True, result={"r": NASTY}, timings=timings)
    runner.execute(execution.id, choose=yielding(out("x"), outcome))
    answer = as_owner.get(page_of(execution))
    assert answer.status_code == 200
    assert answer.context["files"] == [{"path": "main.py", "text": "print('the code')"}]
    assert [phase["name"] for phase in answer.context["phases"]] == ["waited", "started", "ran", "collected"]
    assert sum(phase["percent"] for phase in answer.context["phases"]) == pytest.approx(100)
    assert answer.context["rerunnable"] is True
    assert b"<script>alert(1)" not in answer.content


@pytest.mark.parametrize("state", State)
def test_a_run_in_any_state_has_its_page(as_owner: Client, in_state: Make, state: State) -> None:
    error = endings.error_as_json(
        RunError(type=NASTY, message=NASTY, traceback=NASTY, file="main.py", line=1)
    )
    execution = in_state(state, error=error, cancelled_by="x", cancel_reason="y")
    answer = as_owner.get(page_of(execution))
    assert answer.status_code == 200
    assert b"<script>alert(1)" not in answer.content
    assert as_owner.get(LIST).status_code == 200


def test_the_page_of_an_agents_run_links_to_it(as_owner: Client, actor: Actor) -> None:
    code = scripted.spec("def main():\n    return 1\n", entry_point="main")
    version = versions.create_agent(by=actor, spec=AgentSpec(details={"name": "Echo"}, code=code))
    execution = executions.start(by=actor, request=requests.of_version(version, Given()))
    runner.execute(
        execution.id, choose=yielding(Outcome(status=Status.FAILED, error=RunError("E", "message")))
    )
    answer = as_owner.get(page_of(execution))
    assert f"/w/acme/agents/{version.agent_id}/" in answer.content.decode()
    assert "Echo" in as_owner.get(LIST).content.decode()


def test_the_buttons_cancel_and_repeat(as_owner: Client, queued: Make) -> None:
    execution = queued()
    answer = as_owner.post(f"{page_of(execution)}cancel/", {"reason": "typo"})
    assert (answer.status_code, answer["Location"]) == (302, page_of(execution))
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.cancelled_by, row.cancel_reason) == (State.CANCELLED, "owner@example.org", "typo")
    again = as_owner.post(f"{page_of(execution)}rerun/", {"mode": "same"})
    newest = Execution.objects.get(rerun_of=execution)
    assert (again.status_code, again["Location"]) == (302, page_of(newest))
    assert as_owner.post(f"{page_of(execution)}rerun/", {"mode": "edit"}).status_code == 400
    assert as_owner.post(f"{page_of(execution)}rerun/", {"mode": "newest"}).status_code == 409


def test_reading_changes_nothing(as_owner: Client, queued: Make) -> None:
    execution = queued()
    assert as_owner.get(f"{page_of(execution)}cancel/").status_code == 405
    assert as_owner.get(f"{page_of(execution)}rerun/").status_code == 405
    assert Execution.objects.get().state == State.QUEUED


def test_who_may_see_and_change(
    as_owner: Client, as_viewer: Client, as_outsider: Client, as_anonymous: Client, queued: Make
) -> None:
    execution = queued()
    for url in (LIST, page_of(execution)):
        assert [client.get(url).status_code for client in (as_owner, as_viewer, as_outsider)] == [
            200,
            200,
            404,
        ]
        assert as_anonymous.get(url).status_code == 302
    for url in (f"{page_of(execution)}cancel/", f"{page_of(execution)}rerun/"):
        assert [client.post(url).status_code for client in (as_viewer, as_outsider)] == [403, 404]
        assert as_anonymous.post(url).status_code == 302
    assert (Execution.objects.get().state, Execution.objects.count()) == (State.QUEUED, 1)
    assert as_outsider.get(f"/w/elsewhere/executions/{execution.id}/").status_code == 404
