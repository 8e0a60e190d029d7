"""Heartbeats: one thread per process, while there are runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from agents.executions import leases, states
from agents.executions.enums import State
from agents.executions.leases import Keeper
from agents.executions.models import Execution
from tests.agents.executions.scripted import eventually

InState = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> Iterator[None]:
    settings.RUN_HEARTBEAT_SECONDS = 0.05
    settings.RUN_CANCEL_POLL_SECONDS = 0.02
    yield


def keepers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "lease-keeper"]


def is_alive(execution: Execution) -> bool:
    return Execution.objects.filter(pk=execution.pk, lease_until__gt=Now() + timedelta(seconds=10)).exists()


def test_a_held_lease_is_renewed_and_the_thread_ends_with_the_last_run(in_state: InState) -> None:
    eventually(lambda: not keepers())
    keeper = Keeper()
    held = [in_state(State.RUNNING, lease_owner=keeper.owner) for _ in range(3)]
    with keeper.hold(held[0].id, attempt=1), keeper.hold(held[1].id, attempt=1):
        eventually(lambda: is_alive(held[0]) and is_alive(held[1]))
        assert len(keepers()) == 1
        assert not is_alive(held[2])
    eventually(lambda: not keepers())


def test_the_lease_of_a_run_that_is_not_ours_any_more_is_not_renewed(in_state: InState) -> None:
    keeper = Keeper()
    lost = in_state(State.LOST, lease_owner=keeper.owner)
    other = in_state(State.RUNNING, lease_owner="another process")
    with keeper.hold(lost.id, attempt=1) as first, keeper.hold(other.id, attempt=2) as second:
        eventually(lambda: first.cancellation.thrown and second.cancellation.thrown)
        assert not is_alive(lost) and not is_alive(other)


@pytest.mark.parametrize("state", [state for state in State if state is not State.RUNNING])
def test_a_run_is_thrown_as_soon_as_it_is_not_running(in_state: InState, state: State) -> None:
    execution = in_state(State.RUNNING)
    keeper = Keeper()
    with keeper.hold(execution.id, attempt=1) as held:
        Execution.objects.filter(pk=execution.pk).update(state=state)
        eventually(lambda: held.cancellation.thrown)


def test_a_run_whose_row_is_gone_is_thrown(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    keeper = Keeper()
    with keeper.hold(execution.id, attempt=1) as held:
        execution.delete()
        eventually(lambda: held.cancellation.thrown)


def test_all_runs_are_looked_after_in_one_query(in_state: InState) -> None:
    keeper = Keeper()
    held = [leases.Held(in_state(State.RUNNING).id, 1) for _ in range(5)]
    with CaptureQueriesContext(connection) as queries:
        keeper._throw_unwanted(held)
        keeper._renew(held)
    assert len(queries) == 2
    assert [run.cancellation.thrown for run in held] == [False] * 5
    for run in held:
        run.cancellation.close()


def test_lease_end_is_by_the_clock_of_the_database(in_state: InState, settings: Any) -> None:
    settings.RUN_LEASE_SECONDS = 20
    execution = in_state(State.RUNNING)
    rows = Execution.objects.filter(pk=execution.pk)
    rows.update(lease_until=states.lease_end())
    assert rows.filter(lease_until__gt=Now() + timedelta(seconds=15)).exists()
    assert not rows.filter(lease_until__gt=Now() + timedelta(seconds=25)).exists()


def test_stop_reaches_processes_forked_before_it_was_thrown() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"1" if leases.stop.wait(10) else b"0")
        os._exit(0)
    leases.stop.throw()
    os.waitpid(child, 0)
    assert os.read(reader, 1) == b"1"
    os.close(reader)
    os.close(writer)
    leases.stop.reset()
    assert not leases.stop.thrown
