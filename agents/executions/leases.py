"""Keeping the runs of this process alive, and noticing that they shall end.

One thread per process renews the leases of all its runs, and in one query looks whether any of them
shall stop: because somebody cancelled it, because it was taken for lost, or because its row is gone.
It starts with the first run and ends when there is none.
"""

from __future__ import annotations

import logging
import os
import secrets
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from agents.executions import states
from agents.executions.enums import State
from agents.executions.models import Execution
from runtimes.types import Cancellation

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Held:
    """One run that this process holds a lease on."""

    execution_id: UUID
    attempt: int
    cancellation: Cancellation = field(default_factory=Cancellation)


class Keeper:
    """The leases of one process."""

    def __init__(self) -> None:
        self.owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._held: dict[tuple[UUID, int], Held] = {}
        self._thread: threading.Thread | None = None
        self._beat_at = 0.0

    @contextmanager
    def hold(self, execution_id: UUID, *, attempt: int) -> Iterator[Held]:
        """Keep the lease of a run that this process has claimed; `cancellation` is thrown to end it."""
        held = Held(execution_id, attempt)
        with held.cancellation:
            with self._lock:
                self._held[execution_id, attempt] = held
                if self._thread is None:
                    self._beat_at = time.monotonic() + settings.RUN_HEARTBEAT_SECONDS
                    self._thread = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)
                    self._thread.start()
            try:
                yield held
            finally:
                with self._lock:
                    del self._held[execution_id, attempt]

    def throw(self, execution_id: UUID) -> None:
        """End a run of this process without waiting for the next look."""
        for held in self._now():
            if held.execution_id == execution_id:
                held.cancellation.throw()

    def throw_all(self) -> None:
        for held in self._now():
            held.cancellation.throw()

    def _now(self) -> list[Held]:
        with self._lock:
            return list(self._held.values())

    def _keep(self) -> None:
        try:
            while self._wait():
                try:
                    self._look()
                except DatabaseError as error:
                    logger.warning("Leases could not be kept, trying again: %s", error)
                    close_old_connections()
        finally:
            connections.close_all()

    def _wait(self) -> bool:
        """Sleep until the next look; False when there is nothing to look after any more."""
        if stop.wait(settings.RUN_CANCEL_POLL_SECONDS):
            self.throw_all()
            time.sleep(settings.RUN_CANCEL_POLL_SECONDS)
        with self._lock:
            if not self._held:
                self._thread = None
                return False
        return True

    def _look(self) -> None:
        held = self._now()
        self._throw_unwanted(held)
        if time.monotonic() >= self._beat_at:
            self._renew(held)
            self._beat_at = time.monotonic() + settings.RUN_HEARTBEAT_SECONDS

    def _throw_unwanted(self, held: list[Held]) -> None:
        rows = Execution.objects.filter(pk__in={run.execution_id for run in held}, state=State.RUNNING)
        wanted = set(rows.values_list("pk", "attempt"))
        for run in held:
            if (run.execution_id, run.attempt) not in wanted:
                run.cancellation.throw()

    def _renew(self, held: list[Held]) -> None:
        Execution.objects.filter(
            pk__in={run.execution_id for run in held}, lease_owner=self.owner, state__in=states.WRITING
        ).update(lease_until=states.lease_end())


class Stop:
    """Whether this process, and those forked from it, shall end their runs and take no more.

    A descriptor rather than a flag: the processes of a worker's pool inherit it, so that telling
    their parent tells them.
    """

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    @property
    def thrown(self) -> bool:
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def throw(self) -> None:
        os.eventfd_write(self._fd, 1)

    def reset(self) -> None:
        """Take runs again: for a process that stops its worker and starts another."""
        if self.thrown:
            os.eventfd_read(self._fd)


stop = Stop()
keeper = Keeper()


def interrupt() -> None:
    """End all runs of this process as interrupted and take no more until `stop.reset()`."""
    stop.throw()
    keeper.throw_all()


def _forget() -> None:
    """Threads and leases do not survive a fork."""
    global keeper  # noqa: PLW0603  # one keeper per process
    keeper = Keeper()


os.register_at_fork(after_in_child=_forget)
