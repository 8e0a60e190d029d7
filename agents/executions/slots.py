"""Room for callers that wait for runs: bounded in each process, and shared fairly by workspaces.

Who finds no slot free waits a moment for one. Slots that become free go round the workspaces that
wait, one each; and the last few are kept from a workspace that has taken all the others. Whoever
waits too long, or finds too many waiting, is refused and told so.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings

from workspaces.exceptions import Busy

KEPT_SHARE: Final = 8
"""One slot in so many is kept from a workspace that holds all others."""
MORE: Final = "Try again in a moment, or start the run with POST /api/v1/executions and read it later."


class Slots:
    """The slots of one process. Thread-safe.

    `limit` counts slots; 0 is none. Limits are given with each call, as they are settings.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Counter[int] = Counter()
        self._waiting: OrderedDict[int, deque[_Waiter]] = OrderedDict()
        """By workspace, in the order in which their turns come."""

    def take(self, workspace: int, *, limit: int, most_waiting: int, wait_seconds: float) -> None:
        """Hold one slot when it is this workspace's turn; `Busy` if that does not come in time."""
        waiter = self._ask(workspace, limit, most_waiting if wait_seconds > 0 else 0)
        if waiter is None or waiter.given.wait(wait_seconds):
            return
        with self._lock:
            if waiter.given.is_set():
                return  # It came between the end of the wait and the lock.
            self._forget(workspace, waiter)
            taken = self._held.total()
        raise Busy(f"{taken} synchronous runs are under way and none ended in time. {MORE}")

    def give(self, workspace: int, *, limit: int) -> None:
        """Give a slot back, and on to those whose turn it is."""
        with self._lock:
            self._held[workspace] -= 1
            if not self._held[workspace]:
                del self._held[workspace]
            self._hand_on(limit)

    def _ask(self, workspace: int, limit: int, most_waiting: int) -> _Waiter | None:
        """None if a slot is held now; else the place in the queue."""
        with self._lock:
            if workspace not in self._waiting and self._free_for(workspace, limit):
                self._held[workspace] += 1
                return None
            if limit <= 0 or sum(map(len, self._waiting.values())) >= most_waiting:
                taken = self._held.total()
                raise Busy(
                    f"{taken} synchronous runs are under way, as many as this server takes at once. {MORE}"
                )
            waiter = _Waiter()
            self._waiting.setdefault(workspace, deque()).append(waiter)
            return waiter

    def _free_for(self, workspace: int, limit: int) -> bool:
        return self._held.total() < limit and self._held[workspace] < limit - limit // KEPT_SHARE

    def _hand_on(self, limit: int) -> None:
        """Give what is free to the workspaces that wait, to each one before any gets a second."""
        for workspace in self._turns(limit):
            queue = self._waiting[workspace]
            self._held[workspace] += 1
            queue.popleft().given.set()
            if queue:
                self._waiting.move_to_end(workspace)
            else:
                del self._waiting[workspace]

    def _turns(self, limit: int) -> Iterator[int]:
        """The next workspace that may have a slot, again and again until there is none."""
        while (turn := next((one for one in self._waiting if self._free_for(one, limit)), None)) is not None:
            yield turn

    def _forget(self, workspace: int, waiter: _Waiter) -> None:
        queue = self._waiting[workspace]
        queue.remove(waiter)
        if not queue:
            del self._waiting[workspace]


class _Waiter:
    """One caller in the queue."""

    def __init__(self) -> None:
        self.given = threading.Event()


_slots = Slots()


@contextmanager
def take(workspace: int, *, wait_seconds: float | None = None) -> Iterator[None]:
    """Hold one of `RUN_INLINE_CONCURRENCY` slots; `Busy` if none comes in time.

    `wait_seconds` is `RUN_INLINE_WAIT_SECONDS` unless given; 0 does not wait.
    """
    _slots.take(
        workspace,
        limit=settings.RUN_INLINE_CONCURRENCY,
        most_waiting=settings.RUN_INLINE_WAITING,
        wait_seconds=settings.RUN_INLINE_WAIT_SECONDS if wait_seconds is None else wait_seconds,
    )
    try:
        yield
    finally:
        _slots.give(workspace, limit=settings.RUN_INLINE_CONCURRENCY)
