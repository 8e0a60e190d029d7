"""Room for callers who wait for runs: how much there is, and who gets it next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from agents.executions.slots import Slots
from tests.agents.executions.scripted import eventually
from workspaces.exceptions import Busy

OURS, THEIRS, OTHERS = 1, 2, 3


class Room:
    """Slots, and callers in threads who each hold one until they are told to leave."""

    def __init__(self, limit: int, *, most_waiting: int = 100, wait_seconds: float = 20) -> None:
        self.slots = Slots()
        self.limit = limit
        self._most_waiting = most_waiting
        self._wait_seconds = wait_seconds
        self.inside: list[int] = []
        """In the order in which they came in; those who left are taken out."""
        self.order: list[int] = []
        self.refused: list[int] = []

    def come(self, workspace: int, *, wait_seconds: float | None = None) -> bool:
        """Whether a slot was had; waits for it in this thread."""
        wait = self._wait_seconds if wait_seconds is None else wait_seconds
        try:
            self.slots.take(workspace, limit=self.limit, most_waiting=self._most_waiting, wait_seconds=wait)
        except Busy as refusal:
            assert refusal.retry_after_seconds >= 1
            self.refused.append(workspace)
            return False
        self.inside.append(workspace)
        self.order.append(workspace)
        return True

    def queue(self, workspace: int) -> threading.Thread:
        """Come in a thread; returns when that waits, or is in."""
        before = self.waiting() + len(self.order)
        thread = threading.Thread(target=lambda: self.come(workspace), daemon=True)
        thread.start()
        eventually(lambda: self.waiting() + len(self.order) > before)
        return thread

    def leave(self, workspace: int) -> None:
        before = len(self.order)
        waited = self.waiting()
        self.inside.remove(workspace)
        self.slots.give(workspace, limit=self.limit)
        given = waited - self.waiting()
        eventually(lambda: len(self.order) == before + given)

    def waiting(self) -> int:
        return sum(map(len, vars(self.slots)["_waiting"].values()))


def test_a_slot_is_had_at_once_while_there_are_some() -> None:
    room = Room(2)
    assert [room.come(OURS), room.come(OURS)] == [True, True]
    assert room.come(OURS, wait_seconds=0) is False
    room.leave(OURS)
    assert room.come(OURS, wait_seconds=0) is True


def test_who_waits_gets_the_slot_that_becomes_free() -> None:
    room = Room(1)
    room.come(OURS)
    thread = room.queue(OURS)
    assert room.inside == [OURS]
    room.leave(OURS)
    thread.join(20)
    assert (room.inside, room.refused) == ([OURS], [])


def test_the_wait_is_bounded_and_leaves_nothing_behind() -> None:
    room = Room(1)
    room.come(OURS)
    assert room.come(THEIRS, wait_seconds=0.05) is False
    assert room.waiting() == 0
    room.leave(OURS)
    assert room.come(OURS, wait_seconds=0) is True


def test_so_is_the_number_of_those_who_wait() -> None:
    room = Room(1, most_waiting=2)
    room.come(OURS)
    room.queue(OURS)
    room.queue(OURS)
    assert room.come(THEIRS) is False


def test_without_slots_nobody_waits() -> None:
    assert Room(0).come(OURS) is False


def test_slots_go_round_the_workspaces_that_wait() -> None:
    """Ten of ours wait before the first of the others comes: each of them is served in turn."""
    room = Room(1)
    room.come(OURS)
    for _ in range(10):
        room.queue(OURS)
    for workspace in (THEIRS, THEIRS, OTHERS):
        room.queue(workspace)
    for _ in range(13):
        room.leave(room.inside[0])
    assert room.order[1:7] == [OURS, THEIRS, OTHERS, OURS, THEIRS, OURS]
    assert sorted(room.order) == [OURS] * 11 + [THEIRS] * 2 + [OTHERS]


def test_the_last_slots_are_kept_from_who_holds_all_others() -> None:
    room = Room(16)
    assert [room.come(OURS, wait_seconds=0) for _ in range(15)] == [True] * 14 + [False]
    assert [room.come(THEIRS, wait_seconds=0) for _ in range(3)] == [True, True, False]


def test_who_may_have_no_more_holds_up_nobody() -> None:
    room = Room(8)
    for _ in range(7):
        room.come(OURS)
    room.queue(OURS)
    assert room.come(THEIRS, wait_seconds=0) is True
    room.leave(THEIRS)
    assert room.inside == [OURS] * 7
    assert room.come(THEIRS, wait_seconds=0) is True


@pytest.mark.parametrize("limit", [1, 3, 16])
def test_many_at_once_never_hold_more_than_there_are(limit: int) -> None:
    room = Room(limit)
    most, lock, inside = [0], threading.Lock(), [0]

    def work(workspace: int) -> None:
        for _ in range(20):
            room.slots.take(workspace, limit=limit, most_waiting=100, wait_seconds=20)
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            with lock:
                inside[0] -= 1
            room.slots.give(workspace, limit=limit)

    run_together([partial(work, number % 3) for number in range(24)])
    assert 1 <= most[0] <= limit
    assert (room.waiting(), vars(room.slots)["_held"].total()) == (0, 0)


def test_a_slot_given_as_the_wait_ends_is_not_lost() -> None:
    """Waits end all the time while slots are given: in the end all slots are free again."""
    slots = Slots()

    def work() -> None:
        for _ in range(200):
            try:
                slots.take(OURS, limit=1, most_waiting=100, wait_seconds=0.0005)
            except Busy:
                continue
            slots.give(OURS, limit=1)

    run_together([work] * 8)
    assert (vars(slots)["_held"].total(), len(vars(slots)["_waiting"])) == (0, 0)
    slots.take(OURS, limit=1, most_waiting=0, wait_seconds=0)


def run_together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
