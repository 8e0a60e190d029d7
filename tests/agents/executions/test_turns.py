"""Whose queued run is next, where it stands, and how many may wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from agents.executions import executions, leases, reaper, tasks, turns
from agents.executions.enums import State
from agents.executions.models import Event, Execution
from runtimes.types import Cancellation, Command, Limits, RunEvents
from tests.agents.executions import scripted
from tests.agents.executions.scripted import Scripted, choosing, eventually, in_thread, ok, problem, yielding
from workspaces.access import Actor
from workspaces.exceptions import Busy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nobody_was_served() -> Iterator[None]:
    vars(turns)["_served"].clear()
    yield


def queue(by: Actor, count: int = 1, **more: Any) -> list[Execution]:
    request = scripted.request(**more)
    return [executions.start(by=by, request=request) for _ in range(count)]


def serve(count: int) -> list[Any]:
    """Use so many tickets, one after the other; the workspaces of the runs, in the order they ran."""
    for _ in range(count):
        assert turns.use_ticket(choose=yielding(ok())) is State.SUCCEEDED
    rows = Execution.objects.exclude(state=State.QUEUED).order_by("started_at")
    return list(rows.values_list("workspace_id", flat=True))


def test_runs_of_one_workspace_go_in_their_order(actor: Actor) -> None:
    runs = queue(actor, 3)
    serve(3)
    rows = Execution.objects.order_by("started_at").values_list("pk", flat=True)
    assert list(rows) == [run.pk for run in runs]
    assert turns.use_ticket(choose=yielding(ok())) is None


def test_a_long_queue_delays_another_workspace_by_one_run(actor: Actor, outside_actor: Actor) -> None:
    """With a single worker, nobody runs anything when a ticket is used: then turns decide."""
    ours, theirs = actor.workspace.pk, outside_actor.workspace.pk
    queue(actor, 30)
    serve(2)
    queue(outside_actor, 2)
    assert serve(4)[2:] == [theirs, ours, theirs, ours]


def test_the_workspace_with_the_fewest_runs_under_way_is_next(actor: Actor, outside_actor: Actor) -> None:
    """Four workers are busy with ours when theirs comes: the first to be free takes it, and the next too."""
    ours, theirs = actor.workspace.pk, outside_actor.workspace.pk
    queue(actor, 10)
    go = [threading.Event() for _ in range(4)]
    busy = []
    for event in go:
        busy.append(in_thread(partial(turns.use_ticket, choose=choosing(waiting_for(event)))))
        eventually(lambda: Execution.objects.filter(state=State.RUNNING).count() == len(busy))
    queue(outside_actor, 2)
    go[0].set()
    busy[0].join(20)
    assert serve(2)[-2:] == [theirs, theirs]
    assert serve(1)[-1] == ours
    for event, thread in zip(go, busy, strict=True):
        event.set()
        thread.join(20)


def waiting_for(event: threading.Event) -> Callable[..., RunEvents]:
    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        event.wait(20)
        yield ok()

    return script


def test_many_tickets_at_once_run_each_run_once(actor: Actor, outside_actor: Actor) -> None:
    queue(actor, 20)
    queue(outside_actor, 4)
    backend = Scripted(lambda *_: iter([ok()]))

    def work() -> None:
        for _ in range(6):
            turns.use_ticket(choose=lambda *_, **__: scripted.Chosen(backend))

    threads = [in_thread(work) for _ in range(4)]
    for thread in threads:
        thread.join(60)
    assert backend.runs == 24
    assert set(Execution.objects.values_list("state", "attempt")) == {(State.SUCCEEDED, 1)}
    assert Event.objects.filter(kind="end").count() == 24


def test_a_ticket_too_many_does_nothing(actor: Actor) -> None:
    (run,) = queue(actor)
    tasks.run(str(run.pk))
    before = Event.objects.count()
    tasks.run(str(run.pk))
    assert (Execution.objects.get(pk=run.pk).attempt, Event.objects.count()) == (1, before)


def test_a_run_whose_ticket_was_lost_gets_another(actor: Actor) -> None:
    (run,) = queue(actor)
    long_ago = timezone.now() - timedelta(hours=1)
    Execution.objects.filter(pk=run.pk).update(queued_at=long_ago, enqueued_at=long_ago)
    assert reaper.reap().requeued == 1
    assert serve(1) == [actor.workspace.pk]


def test_a_cancelled_run_leaves_its_ticket_to_another(actor: Actor) -> None:
    first, second = queue(actor, 2)
    executions.cancel(by=actor, execution=first)
    tasks.run(str(first.pk))
    assert Execution.objects.get(pk=second.pk).state != State.QUEUED


def test_while_the_process_stops_no_ticket_is_used(actor: Actor) -> None:
    queue(actor)
    leases.stop.throw()
    assert turns.use_ticket(choose=yielding(ok())) is None
    assert Execution.objects.get().state == State.QUEUED


def test_waiting_takes_nothing_from_a_runs_time(actor: Actor) -> None:
    (run,) = queue(actor, limits=Limits(wall_seconds=1))
    Execution.objects.filter(pk=run.pk).update(queued_at=timezone.now() - timedelta(hours=5))
    serve(1)
    row = Execution.objects.get(pk=run.pk)
    assert (row.state, row.timings["queue_ms"] > 4 * 3600 * 1000) == (State.SUCCEEDED, True)


# --- Where a run stands ---------------------------------------------------------------------------


def test_the_position_is_among_the_runs_of_the_workspace(actor: Actor, outside_actor: Actor) -> None:
    queue(outside_actor, 5)
    runs = queue(actor, 3)
    assert [turns.position(run) for run in runs] == [1, 2, 3]
    executions.cancel(by=actor, execution=runs[0])
    fresh = [Execution.objects.get(pk=run.pk) for run in runs]
    assert [turns.position(run) for run in fresh] == [None, 1, 2]


def test_runs_of_one_moment_have_positions_of_their_own(actor: Actor) -> None:
    runs = queue(actor, 4)
    Execution.objects.update(queued_at=timezone.now())
    positions = [turns.position(Execution.objects.get(pk=run.pk)) for run in runs]
    assert sorted(position or 0 for position in positions) == [1, 2, 3, 4]


def test_the_position_is_in_the_answer(api: APIClient, actor: Actor) -> None:
    queue(actor, 2)
    started = api.post("/api/v1/executions", {"code": "1"}, format="json").json()
    assert started["queue_position"] == 3
    assert "queue_position" not in api.get("/api/v1/executions").json()["results"][0]
    serve(3)
    assert api.get(started["url"]).json()["queue_position"] is None


# --- How many may wait ----------------------------------------------------------------------------


def test_a_full_queue_refuses_more_and_keeps_nothing_of_it(
    actor: Actor, outside_actor: Actor, settings: Any
) -> None:
    settings.RUN_QUEUE_LIMIT = 3
    queue(actor, 3)
    with pytest.raises(Busy, match="3 runs of this workspace wait already") as refusal:
        queue(actor)
    assert refusal.value.retry_after_seconds >= 1
    assert (Execution.objects.count(), Event.objects.count()) == (3, 3)
    queue(outside_actor, 3)
    serve(1)
    serve(1)
    queue(actor)


def test_the_refusal_says_when_to_try_again(api: APIClient, actor: Actor, settings: Any) -> None:
    settings.RUN_QUEUE_LIMIT = 0
    answer = api.post("/api/v1/executions", {"code": "1"}, format="json")
    assert (problem(answer), answer["Retry-After"]) == ((429, "busy"), "5")


def test_a_key_of_a_run_that_waits_is_answered_by_a_full_queue_too(actor: Actor, settings: Any) -> None:
    settings.RUN_QUEUE_LIMIT = 1
    request = scripted.request(idempotency_key="k", fingerprint="f")
    first = executions.start(by=actor, request=request)
    assert executions.start(by=actor, request=request).pk == first.pk


def test_many_starts_at_once_stay_within_the_bound(actor: Actor, settings: Any) -> None:
    settings.RUN_QUEUE_LIMIT = 5
    request = scripted.request()
    refused: list[Busy] = []

    def start() -> None:
        try:
            executions.start(by=actor, request=request)
        except Busy as refusal:
            refused.append(refusal)

    threads = [in_thread(start) for _ in range(12)]
    for thread in threads:
        thread.join(60)
    assert (Execution.objects.count(), len(refused)) == (5, 7)


def came_to(items: list[str], count: int) -> bool:
    return len(items) == count


def test_callers_of_another_workspace_are_served_while_ours_wait(
    actor: Actor, outside_actor: Actor, settings: Any
) -> None:
    """Six of ours want the only slot; theirs waits for few of ours to end, not for all."""
    settings.RUN_INLINE_CONCURRENCY = 1
    request = scripted.request()
    go = threading.Semaphore(0)
    order: list[str] = []

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        go.acquire(timeout=20)
        yield ok()

    def call(by: Actor) -> None:
        executions.run_inline(by=by, request=request, choose=choosing(script))
        order.append(by.workspace.slug)

    threads = [in_thread(lambda: call(actor)) for _ in range(6)]
    eventually(lambda: Execution.objects.count() == 1)
    threads.append(in_thread(lambda: call(outside_actor)))
    for ended in range(1, 8):
        go.release()
        eventually(partial(came_to, order, ended))
    for thread in threads:
        thread.join(20)
    assert "elsewhere" in order[:4]
