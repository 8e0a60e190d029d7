"""Where a run goes when runtimes fail, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from runtimes import dispatch, meters, registry
from runtimes.breakers import FAILURES, Breaker, BreakerState
from runtimes.dispatch import Placed
from runtimes.router import Choice, NoRuntime
from runtimes.types import Cancellation, Limits, Outcome, Output, RunError, Status, Stream
from tests.runtimes.engine import command
from tests.runtimes.scripted import BEGUN, FAULT, OK, Scripted, open_breaker

USER_FAILURE = Outcome(Status.FAILED, exit_code=1, error=RunError("RuntimeFault", "so named by the program"))
HELLO = Output(Stream.STDOUT, "hello")


@pytest.fixture
def first() -> Iterator[Scripted]:
    """Takes what the local sandbox refuses: the tests ask for a dependency."""
    yield from _registered("first")


@pytest.fixture
def second(first: Scripted) -> Iterator[Scripted]:
    yield from _registered("second")


def _registered(name: str) -> Iterator[Scripted]:
    backend = Scripted(name)
    registry.register(name, lambda: backend)
    yield backend
    registry.unregister(name)


def run(**options: Any) -> list[Any]:
    with Cancellation() as cancellation:
        asked = command("pass", dependencies=("anything",))
        return list(dispatch.run(asked, Limits(), cancellation, **options))


def places(events: list[Any]) -> list[str]:
    return [event.backend.name for event in events if isinstance(event, Placed)]


def test_a_run_is_placed_and_its_events_follow(first: Scripted) -> None:
    first.script = [BEGUN, HELLO, OK]
    placed, *events = run()
    assert (placed.backend, events) == (first, [BEGUN, HELLO, OK])
    reading = meters.of("first").read()
    assert (reading.runs, reading.failures, reading.decisions[0].reason) == (1, 0, placed.reason)


@pytest.mark.parametrize("failure", [FAULT, OSError("no descriptors")], ids=["fault", "exception"])
def test_what_fails_before_it_began_is_run_elsewhere(first: Scripted, second: Scripted, failure: Any) -> None:
    first.script = [failure]
    events = run()
    assert places(events) == ["first", "second"]
    assert events[-2:] == [BEGUN, OK]
    assert "first, because it failed before the program began" in events[1].reason
    assert (meters.of("first").read().failures, meters.of("second").read().failures) == (1, 0)


@pytest.mark.parametrize("begun", [BEGUN, HELLO], ids=["started", "printed"])
def test_what_has_begun_is_not_begun_again(first: Scripted, second: Scripted, begun: Any) -> None:
    first.script = [begun, FAULT]
    assert run()[1:] == [begun, FAULT]
    first.script = [begun, OSError("gone")]
    with pytest.raises(OSError, match="gone"):
        run()
    assert second.asked["run"] == 0
    assert meters.of("first").read().failures == 2


def test_when_all_fail_the_last_failure_is_the_answer(first: Scripted, second: Scripted) -> None:
    first.script = [OSError("no descriptors")]
    second.script = [FAULT]
    events = run()
    assert (places(events), events[-1]) == (["first", "second"], FAULT)
    second.script = [OSError("no memory")]
    with pytest.raises(OSError, match="no memory"):
        run()


def test_a_runtime_asked_for_by_name_is_not_replaced(first: Scripted, second: Scripted) -> None:
    first.script = [FAULT]
    events = run(runtime="first")
    assert (places(events), events[-1], second.asked["run"]) == (["first"], FAULT, 0)


def test_a_cancelled_run_is_not_begun_elsewhere(first: Scripted, second: Scripted) -> None:
    first.script = [FAULT]
    with Cancellation() as cancellation:
        first.during = cancellation.throw
        events = list(dispatch.run(command("pass", dependencies=("x",)), Limits(), cancellation))
    assert (places(events), second.asked["run"]) == (["first"], 0)


def test_a_runtime_that_keeps_failing_is_left_alone(first: Scripted, second: Scripted) -> None:
    first.script = [FAULT]
    for _ in range(FAILURES + 3):
        assert run()[-1] == OK
    assert (first.asked["run"], second.asked["run"]) == (FAILURES, FAILURES + 3)
    assert meters.of("first").read().breaker is BreakerState.OPEN


@pytest.mark.parametrize(
    "outcome",
    [
        USER_FAILURE,
        Outcome(Status.TIMED_OUT),
        Outcome(Status.MEMORY_EXCEEDED),
        Outcome(Status.CANCELLED),
        Outcome(Status.REJECTED, error=RunError("Rejected", "no")),
    ],
    ids=["failed", "timed out", "memory", "cancelled", "rejected"],
)
@pytest.mark.parametrize("begun", [[], [BEGUN]], ids=["at once", "begun"])
def test_no_program_opens_a_breaker(first: Scripted, outcome: Outcome, begun: list[Any]) -> None:
    first.script = [*begun, outcome]
    for _ in range(FAILURES + 1):
        assert run()[-1] == outcome
    reading = meters.of("first").read()
    assert (reading.breaker, reading.failures, reading.consecutive_failures) == (BreakerState.CLOSED, 0, 0)


def test_nor_one_that_brings_its_sandbox_down(first: Scripted) -> None:
    """It is counted as a failure, but other tenants keep the runtime."""
    first.script = [BEGUN, FAULT]
    for _ in range(FAILURES + 1):
        assert run()[-1] == FAULT
    reading = meters.of("first").read()
    assert (reading.breaker, reading.failures) == (BreakerState.CLOSED, FAILURES + 1)


def test_nothing_is_run_while_all_breakers_are_open(first: Scripted) -> None:
    open_breaker("first")
    with pytest.raises(NoRuntime, match="failed 5 times in a row"):
        run()
    assert first.asked["run"] == 0


def test_a_choice_that_names_what_has_failed_ends(first: Scripted) -> None:
    """Whoever chooses by other rules must not send a run round in circles."""
    first.script = [FAULT]
    assert run(choose=lambda *_, **__: Choice(first, "always"))[-1] == FAULT
    open_breaker("first")
    with pytest.raises(NoRuntime, match="tried again"):
        run(choose=lambda *_, **__: Choice(first, "always"))


def test_a_trial_holds_nobody_up_for_as_long_as_its_program_runs(first: Scripted) -> None:
    breaker = meters.of("first").breaker = Breaker(cool_down_seconds=0.0)
    open_breaker("first")
    assert (breaker.failures, breaker.refusal()) == (FAILURES, "")
    with Cancellation() as cancellation:
        events = dispatch.run(command("pass", dependencies=("x",)), Limits(), cancellation)
        assert [type(next(events)), next(events)] == [Placed, BEGUN]
        assert breaker.state is BreakerState.CLOSED
        events.close()
    assert first.asked["closed"] == 1


def test_a_runtime_that_stops_without_a_word_has_failed(first: Scripted) -> None:
    first.script = []
    for _ in range(FAILURES):
        assert places(run()) == ["first"]
    reading = meters.of("first").read()
    assert (reading.failures, reading.breaker) == (FAILURES, BreakerState.OPEN)


def test_closing_early_kills_the_run_and_says_nothing_of_the_runtime(first: Scripted) -> None:
    with Cancellation() as cancellation:
        events = dispatch.run(command("pass", dependencies=("x",)), Limits(), cancellation)
        next(events)
        next(events)
        events.close()
    reading = meters.of("first").read()
    assert (first.asked["closed"], reading.failures, reading.breaker) == (1, 0, BreakerState.CLOSED)


def test_faults_are_told_from_errors_of_that_name() -> None:
    assert dispatch.is_fault(FAULT) is True
    assert dispatch.is_fault(USER_FAILURE) is False
    assert dispatch.is_fault(replace(FAULT, error=RunError("ValueError", "x"))) is False
    assert dispatch.is_fault(OK) is False
