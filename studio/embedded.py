"""A Celery worker and the housekeeping as threads of the web process, for a start without servers.

`celery.worker.WorkController` (unlike the class behind the `celery worker` command) installs no
signal handlers and so may run outside the main thread. A thread cannot be killed and Celery's time
limits do not apply to it: tasks must end by themselves when `worker_shutting_down` is sent.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.worker import state
from django.db import close_old_connections

log = logging.getLogger(__name__)

STOPPING = threading.Event()
"""Set while this process shuts down."""

LOCK_NAME = "studio.lock"


class AlreadyServed(Exception):
    """Another process serves this data directory."""


class DataDirLock:
    """Held by the one process that may run embedded workers on a data directory.

    The queue is in that process's memory: a second one would take the first one's unfinished runs
    for lost. The lock is the kernel's, so a killed process leaves none behind.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / LOCK_NAME
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock, or raise `AlreadyServed` with words for the person who started us."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyServed(
                f"Another Sandloft (process {holder}) already serves the data directory {self.path.parent}.\n"
                "Stop it first, or set STUDIO_DATA_DIR and PORT to start one beside it."
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class EmbeddedWorker:
    """Worker threads on the in-memory queue. Starts again by itself if Celery gives up."""

    def __init__(self, app: Celery, *, threads: int) -> None:
        self._app = app
        self._threads = threads
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="worker", daemon=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and self._ready.is_set()

    def start(self, *, timeout_seconds: float = 15) -> None:
        """Return when tasks are being taken."""
        STOPPING.clear()
        self._controller = self._new_controller()
        signals.task_prerun.connect(_fresh_connections)
        signals.task_postrun.connect(_fresh_connections)
        self._thread.start()
        if not self._ready.wait(timeout_seconds):
            raise RuntimeError(f"The embedded worker did not start within {timeout_seconds:g} seconds.")
        _workers.append(self)

    def stop(self, *, timeout_seconds: float = 15) -> bool:
        """Ask running tasks to end and wait for them; False if some would not."""
        STOPPING.set()
        _workers[:] = [worker for worker in _workers if worker is not self]
        signals.worker_shutting_down.send(sender="embedded", sig="SIGTERM", how="Warm", exitcode=0)
        # The consumer's loop looks at it and leaves, in its own thread: a number is an exit status.
        vars(state)["should_stop"] = 0
        self._thread.join(timeout_seconds)
        state.should_stop = None
        return not self._thread.is_alive()

    def _serve(self) -> None:
        while not STOPPING.is_set():
            self._controller.start()
            self._ready.clear()
            if not STOPPING.is_set():
                log.error("The embedded worker ended by itself and is started again.")
                STOPPING.wait(1)
                self._controller = self._new_controller()

    def _new_controller(self) -> Any:
        return self._app.WorkController(
            app=self._app,
            hostname="embedded@localhost",
            pool_cls="threads",
            concurrency=self._threads,
            prefetch_multiplier=1,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            logfile=None,
            loglevel="WARNING",
            optimization=None,
            ready_callback=lambda consumer: self._ready.set(),
        )


_workers: list[EmbeddedWorker] = []


def alive() -> bool:
    """Whether the worker threads of this process take tasks."""
    return any(worker.alive for worker in _workers)


class Timer:
    """Calls `work` every `seconds` in a thread of its own until the process stops.

    A failure is logged and the next call comes all the same.
    """

    def __init__(self, work: Callable[[], object], *, seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._thread = threading.Thread(target=self._loop, name="timer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 5) -> None:
        STOPPING.set()
        self._thread.join(timeout_seconds)

    def _loop(self) -> None:
        while not STOPPING.wait(self._seconds):
            close_old_connections()
            try:
                self._work()
            except Exception:
                log.exception("Periodic work failed")
            finally:
                close_old_connections()


def _fresh_connections(**_: object) -> None:
    close_old_connections()
