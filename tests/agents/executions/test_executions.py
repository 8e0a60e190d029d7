"""The verbs: start, run and wait, cancel, run again, once per idempotency key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connections

from agents.executions import executions, log, requests, runner
from agents.executions.enums import FINISHED, Kind, State
from agents.executions.exceptions import NothingToRun, StillRunning
from agents.executions.models import Execution
from agents.executions.requests import Given
from agents.registry import agents, versions
from agents.registry.models import Agent
from agents.registry.types import AgentSpec
from runtimes.types import Cancellation, Command, Limits, RunEvents
from tests import factories
from tests.agents.executions import scripted
from tests.agents.executions.scripted import choosing, eventually, ok, out, yielding
from workspaces.access import Actor
from workspaces.exceptions import Busy, Conflict, Forbidden, Invalid, Unprocessable
from workspaces.models import AuditEntry

Make = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)


def save(actor: Actor, agent: Agent, code: str) -> None:
    spec = AgentSpec(details={"name": agent.name}, code=scripted.spec(code, entry_point="main"))
    versions.put(by=actor, agent=agent, spec=spec)


def at_once(work: Callable[[], Any], times: int) -> list[Any]:
    return together(*[work] * times)


def together(*works: Callable[[], Any]) -> list[Any]:
    """What threads got that began all these at the same moment; exceptions are answers too."""
    start = threading.Barrier(len(works))
    answers: list[Any] = []

    def call(work: Callable[[], Any]) -> None:
        start.wait()
        try:
            answers.append(work())
        except Exception as error:
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


# --- Who may --------------------------------------------------------------------------------------


def test_a_viewer_starts_cancels_and_repeats_nothing(viewer_actor: Actor, queued: Make) -> None:
    execution = queued()
    verbs: list[Callable[[], object]] = [
        lambda: executions.start(by=viewer_actor, request=scripted.request()),
        lambda: executions.run_inline(by=viewer_actor, request=scripted.request(), choose=yielding(ok())),
        lambda: executions.cancel(by=viewer_actor, execution=execution),
        lambda: executions.rerun(by=viewer_actor, execution=execution),
    ]
    for verb in verbs:
        with pytest.raises(Forbidden):
            verb()
    execution.refresh_from_db()
    assert (execution.state, Execution.objects.count()) == (State.QUEUED, 1)


def test_runs_of_other_workspaces_are_not_seen(outside_actor: Actor, actor: Actor, queued: Make) -> None:
    execution = queued()
    assert list(executions.visible(outside_actor)) == []
    assert list(executions.visible(actor)) == [execution]


# --- Inline ---------------------------------------------------------------------------------------


def test_an_inline_run_is_ended_when_it_is_returned(actor: Actor) -> None:
    execution = executions.run_inline(
        by=actor, request=scripted.request(), choose=yielding(out("hi\n"), ok({"a": 1}))
    )
    row = executions.visible(actor).get(pk=execution.pk)
    assert (execution.state, execution.result) == (row.state, row.result) == (State.SUCCEEDED, {"a": 1})
    assert (row.attempt, row.user, row.source, row.lease_until) == (1, actor.user, actor.source, None)
    assert log.output(row.id) == ("hi\n", "")
    assert execution.timings == row.timings


def test_no_more_callers_wait_than_there_are_slots(actor: Actor, settings: Any) -> None:
    settings.RUN_INLINE_CONCURRENCY = 2
    settings.RUN_INLINE_WAIT_SECONDS = 0.05
    request = scripted.request()
    go = threading.Event()

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        go.wait(20)
        yield ok()

    answers: list[list[Any]] = []
    pair = threading.Thread(
        target=lambda: answers.append(
            at_once(lambda: executions.run_inline(by=actor, request=request, choose=choosing(script)), 2)
        )
    )
    pair.start()
    eventually(lambda: Execution.objects.filter(state=State.RUNNING).count() == 2)
    with pytest.raises(Busy) as refusal:
        executions.run_inline(by=actor, request=request, choose=yielding(ok()))
    assert refusal.value.retry_after_seconds >= 1
    go.set()
    pair.join(30)
    assert [run.state for run in answers[0]] == [State.SUCCEEDED] * 2
    assert executions.run_inline(by=actor, request=request, choose=yielding(ok())).state == State.SUCCEEDED
    assert Execution.objects.count() == 3


def test_a_slot_is_free_again_after_a_failure(actor: Actor, settings: Any) -> None:
    settings.RUN_INLINE_CONCURRENCY = 1

    def broken(*_: Any, **__: Any) -> Any:
        raise SystemExit(1)

    for _ in range(2):
        with pytest.raises(SystemExit):
            executions.run_inline(by=actor, request=scripted.request(), choose=broken)
    assert {row.state for row in Execution.objects.all()} == {State.LOST}


# --- Cancelling -----------------------------------------------------------------------------------


def test_a_queued_run_is_cancelled_at_once_and_never_runs(queued: Make, actor: Actor) -> None:
    execution = queued()
    cancelled = executions.cancel(by=actor, execution=execution, reason="a typo")
    assert (cancelled.state, cancelled.cancelled_by, cancelled.cancel_reason) == (
        State.CANCELLED,
        "owner@example.org",
        "a typo",
    )
    assert [event.kind.value for event in log.read(execution.id)] == ["status", "error", "end"]
    assert runner.execute(execution.id, choose=yielding(ok())) is None
    assert AuditEntry.objects.filter(action="execution.cancelled", object_id=str(execution.id)).count() == 1


@pytest.mark.parametrize("state", sorted(FINISHED))
def test_a_run_that_has_ended_stays_as_it_is(in_state: Make, actor: Actor, state: State) -> None:
    execution = in_state(state)
    assert executions.cancel(by=actor, execution=execution).state == state
    row = Execution.objects.get(pk=execution.pk)
    assert (row.cancelled_by, row.last_seq) == ("", 1)
    assert not AuditEntry.objects.filter(action="execution.cancelled").exists()


def test_of_two_who_cancel_the_first_is_named(in_state: Make, actor: Actor, admin: Any) -> None:
    execution = in_state(State.RUNNING)
    executions.cancel(by=actor, execution=execution, reason="first")
    second = factories.actor_for(admin, actor.workspace)
    again = executions.cancel(by=second, execution=execution, reason="second")
    assert (again.state, again.cancelled_by, again.cancel_reason) == (
        State.CANCELLING,
        "owner@example.org",
        "first",
    )


def test_many_cancels_at_once_are_one(queued: Make, actor: Actor) -> None:
    execution = queued()
    answers = at_once(lambda: executions.cancel(by=actor, execution=execution).state, 5)
    assert answers == [State.CANCELLED] * 5
    assert [event.kind.value for event in log.read(execution.id)].count("end") == 1
    assert AuditEntry.objects.filter(action="execution.cancelled").count() == 1


def test_cancel_and_claim_at_once_end_cancelled(queued: Make, actor: Actor) -> None:
    for execution in [queued() for _ in range(8)]:
        cancel = partial(executions.cancel, by=actor, execution=execution)
        claim = partial(runner.execute, execution.id, choose=choosing(scripted.until_cancelled))
        answers = together(cancel, claim)
        assert not [answer for answer in answers if isinstance(answer, Exception)]
        row = Execution.objects.get(pk=execution.pk)
        assert (row.state, row.cancelled_by) == (State.CANCELLED, "owner@example.org")
        assert [event.kind.value for event in log.read(row.id)].count("end") == 1


# --- Idempotency ----------------------------------------------------------------------------------


def test_the_same_key_is_the_same_run(actor: Actor) -> None:
    request = scripted.request(idempotency_key="k", fingerprint="f")
    first = executions.start(by=actor, request=request)
    assert executions.start(by=actor, request=request) == first
    assert Execution.objects.count() == 1


def test_the_same_key_for_another_request_is_refused(actor: Actor) -> None:
    executions.start(by=actor, request=scripted.request(idempotency_key="k", fingerprint="f"))
    with pytest.raises(Unprocessable):
        executions.start(by=actor, request=scripted.request(idempotency_key="k", fingerprint="g"))


def test_the_same_key_of_somebody_else_is_another_run(actor: Actor, outside_actor: Actor) -> None:
    request = scripted.request(idempotency_key="k", fingerprint="f")
    runs = {executions.start(by=by, request=request).pk for by in (actor, outside_actor)}
    assert len(runs) == 2


def test_many_with_one_key_at_once_are_one_run(actor: Actor) -> None:
    request = scripted.request(idempotency_key="k", fingerprint="f")
    answers = at_once(lambda: executions.start(by=actor, request=request).pk, 8)
    assert len(set(answers)) == 1
    assert Execution.objects.count() == 1
    assert [event.seq for event in log.read(answers[0])] == [1]


def test_an_inline_run_is_repeated_from_its_record(actor: Actor) -> None:
    request = scripted.request(idempotency_key="k", fingerprint="f")
    first = executions.run_inline(by=actor, request=request, choose=yielding(ok(1)))
    again = executions.run_inline(by=actor, request=request, choose=yielding(ok(2)))
    assert (again.pk, again.result) == (first.pk, 1)


def test_a_key_whose_run_goes_on_is_a_conflict_for_those_who_wait(in_state: Make, actor: Actor) -> None:
    request = scripted.request(idempotency_key="k", fingerprint="f")
    in_state(State.RUNNING, idempotency_key="k", idempotency_fingerprint="f")
    with pytest.raises(StillRunning):
        executions.run_inline(by=actor, request=request, choose=yielding(ok()))


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, "a\n", "\0"])
def test_a_key_is_visible_ascii(key: str) -> None:
    with pytest.raises(Invalid):
        requests.idempotency_key(key)


# --- Again ----------------------------------------------------------------------------------------


def test_the_same_again_has_everything_of_the_first(queued: Make, actor: Actor) -> None:
    first = queued(input=[1], context={"a": 1}, stdin="in", args=("x",), env={"K": "v"})
    Execution.objects.filter(pk=first.pk).update(limits={**first.limits, "wall_seconds": 7.0})
    again = executions.rerun(by=actor, execution=executions.visible(actor).get(pk=first.pk))
    row, old = (executions.visible(actor).get(pk=pk) for pk in (again.pk, first.pk))
    names = ("kind", "snapshot_id", "input", "context", "stdin", "args", "env", "limits", "requested_runtime")
    assert {name: getattr(row, name) for name in names} == {name: getattr(old, name) for name in names}
    assert (row.rerun_of_id, row.state, row.limits["wall_seconds"]) == (first.pk, State.QUEUED, 7.0)


def test_again_with_another_input(queued: Make, actor: Actor) -> None:
    first = queued(input=[1])
    assert executions.rerun(by=actor, execution=first, mode="edit", input=None).input is None
    assert executions.rerun(by=actor, execution=first, mode="edit", input=[2]).input == [2]
    with pytest.raises(Invalid):
        executions.rerun(by=actor, execution=first, mode="edit")
    with pytest.raises(Invalid):
        executions.rerun(by=actor, execution=first, input=[2])


def test_again_with_the_newest_version(agent: Agent, actor: Actor) -> None:
    version = versions.get(by=actor, agent=agent, number=1)
    first = executions.start(by=actor, request=requests.of_version(version, Given(input=5)))
    save(actor, agent, "def main(input):\n    return -input\n")
    first = executions.visible(actor).get(pk=first.pk)
    same = executions.rerun(by=actor, execution=first)
    newest = executions.rerun(by=actor, execution=first, mode="newest")
    assert [run.version.number for run in (first, same, newest) if run.version] == [1, 1, 2]
    assert (newest.input, newest.kind, newest.agent) == (5, Kind.AGENT, agent)
    assert newest.snapshot_id != first.snapshot_id


def test_ad_hoc_code_has_no_newest_version(queued: Make, actor: Actor) -> None:
    with pytest.raises(Conflict):
        executions.rerun(by=actor, execution=queued(), mode="newest")


def test_runs_of_an_agent_in_the_trash_are_not_repeated(agent: Agent, actor: Actor) -> None:
    version = versions.get(by=actor, agent=agent, number=1)
    first = executions.start(by=actor, request=requests.of_version(version, Given()))
    agents.delete(by=actor, agent=agent)
    with pytest.raises(Conflict):
        executions.rerun(by=actor, execution=executions.visible(actor).get(pk=first.pk))


# --- Which code -----------------------------------------------------------------------------------


def test_an_agent_without_a_version_has_nothing_to_run(actor: Actor) -> None:
    code = scripted.spec("def main(input):\n    return input\n", entry_point="main")
    agent = agents.create(by=actor, spec=AgentSpec(details={"name": "Draft"}, code=code))
    with pytest.raises(NothingToRun):
        requests.version_to_run(by=actor, agent=agent, number=None)
    draft = requests.of_draft(agent, Given(input=3))
    assert (draft.kind, draft.agent, draft.version, draft.input) == (Kind.AGENT, agent, None, 3)


def test_the_limits_of_the_code_hold_unless_the_caller_names_others(agent: Agent, actor: Actor) -> None:
    version = versions.get(by=actor, agent=agent, number=1)
    usual = requests.of_version(version, Given()).limits
    own = requests.of_version(version, Given(limits={"timeout": 3})).limits
    assert (usual.wall_seconds, own.wall_seconds, own.memory_bytes) == (30, 3, usual.memory_bytes)
