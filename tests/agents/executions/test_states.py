"""Moves between states: the table, attempts, and the numbers of the log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import product

import pytest
from django.db import connections

from agents.executions import log, states
from agents.executions.enums import FINISHED, MOVES, UNFINISHED, EventKind, State
from agents.executions.exceptions import Superseded
from agents.executions.models import Event, Execution
from agents.executions.types import Entry

InState = Callable[..., Execution]
ALLOWED = {(origin, to) for origin, following in MOVES.items() for to in following}


def line(text: str) -> Entry:
    return log.entry(EventKind.STDOUT, {"text": text})


def test_the_table_names_every_unfinished_state_and_leaves_no_finished_one() -> None:
    assert set(MOVES) == UNFINISHED
    assert all(FINISHED & following for following in MOVES.values())
    assert State.QUEUED not in {to for _, to in ALLOWED}


@pytest.mark.parametrize(("origin", "to"), list(product(State, State)))
def test_a_move_happens_only_if_the_table_allows_it(in_state: InState, origin: State, to: State) -> None:
    execution = in_state(origin)
    before = Event.objects.count()
    moved = states.move(execution.id, attempt=execution.attempt, to=to, entries=[line("x")])
    assert moved == ((origin, to) in ALLOWED)
    execution.refresh_from_db()
    assert execution.state == (to if moved else origin)
    assert Event.objects.count() - before == int(moved)


@pytest.mark.parametrize("state", sorted(UNFINISHED))
def test_a_late_attempt_moves_nothing(in_state: InState, state: State) -> None:
    execution = in_state(state, attempt=2)
    to = State.CANCELLED
    assert not states.move(execution.id, attempt=1, to=to, entries=[line("late")])
    assert not states.move(execution.id, attempt=3, to=to)
    execution.refresh_from_db()
    assert (execution.state, execution.last_seq) == (state, 1)
    assert states.move(execution.id, attempt=2, to=to)


@pytest.mark.parametrize("state", State)
def test_only_the_owner_of_a_running_attempt_adds_to_the_log(in_state: InState, state: State) -> None:
    execution = in_state(state)
    if state in states.WRITING:
        states.append(execution.id, attempt=1, entries=[line("a"), line("b")])
        assert [event.seq for event in log.read(execution.id)] == [1, 2, 3]
    else:
        with pytest.raises(Superseded):
            states.append(execution.id, attempt=execution.attempt, entries=[line("a")])
    with pytest.raises(Superseded):
        states.append(execution.id, attempt=execution.attempt + 1, entries=[line("late")])
    assert "late" not in [event.data.get("text") for event in log.read(execution.id)]


def test_a_claim_raises_the_attempt_and_takes_the_lease(in_state: InState) -> None:
    execution = in_state(State.QUEUED)
    claimed = states.claim(execution.id, owner="me")
    assert claimed is not None
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.attempt, row.lease_owner) == (State.RUNNING, 1, "me")
    assert (claimed.state, claimed.attempt, claimed.started_at) == (row.state, row.attempt, row.started_at)
    assert row.lease_until is not None and row.started_at is not None
    assert 15 < (row.lease_until - row.started_at).total_seconds() < 25
    assert states.claim(execution.id, owner="somebody else") is None


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_one_gets_it(in_state: InState) -> None:
    execution = in_state(State.QUEUED)
    start = threading.Barrier(6)
    claims: list[bool] = []

    def claim() -> None:
        start.wait()
        claims.append(states.claim(execution.id, owner=threading.current_thread().name) is not None)
        connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(claims) == [False] * 5 + [True]
    assert Execution.objects.get(pk=execution.pk).attempt == 1


@pytest.mark.django_db(transaction=True)
def test_numbers_are_given_once_whoever_writes_at_once(in_state: InState) -> None:
    execution = in_state(State.RUNNING)

    def write() -> None:
        for index in range(10):
            states.append(execution.id, attempt=1, entries=[line(f"{index}"), line(f"{index}")])
        connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [event.seq for event in log.read_all(execution.id)] == list(range(1, 82))
