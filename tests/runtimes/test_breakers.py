"""When a runtime is given no runs, and how it gets them again."""

from __future__ import annotations

import threading

import pytest

from runtimes.breakers import Admission, Breaker, BreakerState


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=5, cool_down_seconds=10.0, clock=clock)


def run(breaker: Breaker, *, well: bool | None) -> None:
    admission = breaker.enter()
    assert admission is not None
    breaker.leave(admission, well=well)


def opened(breaker: Breaker) -> Breaker:
    for _ in range(5):
        run(breaker, well=False)
    return breaker


def test_five_failures_in_a_row_open_it(breaker: Breaker) -> None:
    for _ in range(4):
        run(breaker, well=False)
    assert (breaker.state, breaker.refusal()) == (BreakerState.CLOSED, "")
    run(breaker, well=False)
    assert (breaker.state, breaker.enter()) == (BreakerState.OPEN, None)
    assert breaker.refusal() == "it failed 5 times in a row and is tried again in 10 s"


def test_a_success_between_failures_begins_the_count_again(breaker: Breaker) -> None:
    for _ in range(3):
        for _ in range(4):
            run(breaker, well=False)
        run(breaker, well=True)
    assert (breaker.state, breaker.failures) == (BreakerState.CLOSED, 0)


def test_what_says_nothing_counts_as_nothing(breaker: Breaker) -> None:
    for _ in range(4):
        run(breaker, well=False)
    run(breaker, well=None)
    assert (breaker.state, breaker.failures) == (BreakerState.CLOSED, 4)


def test_after_the_cool_down_one_run_may_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 9.9
    assert breaker.enter() is None
    clock.now += 0.1
    assert (breaker.state, breaker.refusal()) == (BreakerState.HALF_OPEN, "")
    assert [breaker.enter(), breaker.enter()] == [Admission.TRIAL, None]
    assert breaker.refusal() == "it failed 5 times in a row and is just being tried"
    breaker.leave(Admission.TRIAL, well=True)
    assert (breaker.state, breaker.failures, breaker.enter()) == (BreakerState.CLOSED, 0, Admission.USUAL)


def test_a_trial_that_fails_opens_it_again(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    run(breaker, well=False)
    assert (breaker.state, breaker.seconds_left()) == (BreakerState.OPEN, 10.0)


def test_a_trial_that_says_nothing_lets_another_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    run(breaker, well=None)
    assert (breaker.state, breaker.enter()) == (BreakerState.HALF_OPEN, Admission.TRIAL)


@pytest.mark.parametrize("well", [True, False])
def test_runs_from_before_it_opened_change_nothing(breaker: Breaker, clock: Clock, well: bool) -> None:
    early = breaker.enter()
    assert early is Admission.USUAL
    opened(breaker)
    clock.now += 4
    breaker.leave(early, well=well)
    assert (breaker.state, breaker.seconds_left()) == (BreakerState.OPEN, 6.0)


def test_one_of_many_at_once_gets_to_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    got: list[Admission | None] = []
    together = threading.Barrier(20)

    def enter() -> None:
        together.wait()
        got.append(breaker.enter())

    threads = [threading.Thread(target=enter) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, got)) == ["None"] * 19 + ["trial"]
