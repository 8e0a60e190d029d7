"""Runs that nobody looks after any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from celery import current_app
from django.db.models import Q
from django.db.models.functions import Now

from agents.executions import log, queue, reaper, runner
from agents.executions.enums import State
from agents.executions.models import Execution
from agents.executions.reaper import Reaped
from tests.agents.executions.scripted import choosing, ok, yielding

Make = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tasks(db: None) -> Iterator[Callable[[], list[UUID]]]:
    """The runs handed to the broker since the last look."""

    def taken() -> list[UUID]:
        found: list[UUID] = []
        with current_app.connection_for_read() as connection:
            simple = connection.SimpleQueue(current_app.conf.task_default_queue)
            while True:
                try:
                    message = simple.get(block=False)
                except simple.Empty:
                    simple.close()
                    return found
                message.ack()
                if message.headers["task"] == queue.RUN_TASK:
                    found.append(UUID(message.payload[0][0]))

    taken()
    yield taken
    taken()


def expired(execution: Execution) -> Execution:
    Execution.objects.filter(pk=execution.pk).update(lease_until=Now() - timedelta(seconds=1))
    return execution


def test_a_running_run_whose_lease_is_over_is_lost_with_an_end(in_state: Make) -> None:
    execution = expired(in_state(State.RUNNING, lease_owner="a dead worker"))
    assert reaper.reap().lost == 1
    execution.refresh_from_db()
    assert (execution.state, execution.error["type"]) == (State.LOST, "WorkerLost")
    events = log.read(execution.id)
    assert [event.kind.value for event in events] == ["status", "error", "end"]
    assert events[-1].data["status"] == "lost"
    assert reaper.reap().lost == 0


def test_a_run_that_was_being_cancelled_is_cancelled(in_state: Make) -> None:
    execution = expired(in_state(State.CANCELLING, cancelled_by="owner@example.org"))
    assert reaper.reap().lost == 1
    execution.refresh_from_db()
    assert (execution.state, execution.error["message"]) == (
        State.CANCELLED,
        "Cancelled by owner@example.org.",
    )


@pytest.mark.parametrize("state", [State.RUNNING, State.CANCELLING])
def test_a_run_whose_lease_holds_is_left_alone(in_state: Make, state: State) -> None:
    execution = in_state(state)
    Execution.objects.filter(pk=execution.pk).update(lease_until=Now() + timedelta(seconds=5))
    assert reaper.reap().lost == 0
    execution.refresh_from_db()
    assert execution.state == state


def test_a_lease_renewed_between_the_look_and_the_end_saves_the_run(in_state: Make) -> None:
    execution = expired(in_state(State.RUNNING))
    abandoned = reaper._abandoned(Q(lease_until__lt=Now()))
    assert [row.pk for row, _ in abandoned] == [execution.pk]
    Execution.objects.filter(pk=execution.pk).update(lease_until=Now() + timedelta(seconds=20))
    assert reaper._end(abandoned) == 0
    execution.refresh_from_db()
    assert execution.state == State.RUNNING


def test_the_late_worker_of_a_lost_run_is_refused(queued: Make) -> None:
    execution = queued()

    def reaped_meanwhile(*_: object) -> object:
        expired(execution)
        reaper.reap()
        yield ok("late")

    assert runner.execute(execution.id, choose=choosing(reaped_meanwhile)) is None  # type: ignore[arg-type]  # a script
    execution.refresh_from_db()
    assert (execution.state, execution.has_result) == (State.LOST, False)


def test_a_queued_run_whose_task_vanished_is_handed_over_once_more(
    queued: Make, tasks: Callable[[], list[UUID]]
) -> None:
    execution = queued()
    assert tasks() == [execution.id]
    assert reaper.reap().requeued == 0
    now = Now()
    Execution.objects.filter(pk=execution.pk).update(
        queued_at=now - timedelta(seconds=60), enqueued_at=now - timedelta(seconds=60)
    )
    assert reaper.reap() == Reaped(lost=0, requeued=1)
    assert reaper.reap() == Reaped(lost=0, requeued=0)
    assert tasks() == [execution.id]
    assert runner.execute(execution.id, choose=yielding(ok())) is State.SUCCEEDED


@pytest.mark.parametrize(
    ("waited", "waits", "due"),
    [(0, 20, False), (0, 31, True), (60, 31, False), (60, 61, True), (600, 300, False), (600, 601, True)],
)
def test_under_a_backlog_a_run_is_handed_over_ever_more_seldom(
    queued: Make, waited: int, waits: int, due: bool
) -> None:
    """`waited` seconds before its last task, `waits` seconds since."""
    execution = queued()
    Execution.objects.filter(pk=execution.pk).update(
        queued_at=Now() - timedelta(seconds=waited + waits), enqueued_at=Now() - timedelta(seconds=waits)
    )
    assert reaper.reap().requeued == int(due)


def test_a_run_that_the_broker_did_not_take_is_handed_over_at_the_next_look(
    queued: Make, tasks: Callable[[], list[UUID]]
) -> None:
    execution = queued()
    tasks()
    Execution.objects.filter(pk=execution.pk).update(enqueued_at=None)
    assert reaper.reap() == Reaped(lost=0, requeued=1)
    assert tasks() == [execution.id]


def test_at_the_start_nothing_of_before_is_left_hanging(
    in_state: Make, tasks: Callable[[], list[UUID]]
) -> None:
    running, cancelling, waiting = (
        in_state(state, lease_until=Now() + timedelta(seconds=60))
        for state in (State.RUNNING, State.CANCELLING, State.QUEUED)
    )
    done = in_state(State.SUCCEEDED)
    tasks()
    assert reaper.reconcile() == Reaped(lost=2, requeued=1)
    states = {row.pk: row.state for row in Execution.objects.all()}
    assert states == {
        running.pk: State.LOST,
        cancelling.pk: State.CANCELLED,
        waiting.pk: State.QUEUED,
        done.pk: State.SUCCEEDED,
    }
    assert tasks() == [waiting.pk]
