"""Gathering a run's output into few rows of its log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from agents.executions import log, states
from agents.executions.enums import EventKind
from agents.executions.exceptions import Superseded
from agents.executions.types import Entry, JsonObject
from runtimes.types import Stream

logger = logging.getLogger(__name__)

LIVE_SECONDS: Final = 0.05
"""The least time between two writes of a run that may be watched: 20 a second."""
CALM_SECONDS: Final = 0.25
"""The same for a run whose caller waits for its end."""


class Writer:
    """Adds to the log of one attempt, from the thread that runs it and one helper thread.

    What is written goes out at once if nothing went out for `gap_seconds`, or if it is the first
    output; else together with what follows when that time is over. The helper is started when
    something first has to wait. When the database fails, lines are kept and tried again; when the
    attempt no longer owns the run, `on_superseded` is called once and lines are dropped.
    """

    def __init__(
        self,
        execution_id: UUID,
        *,
        attempt: int,
        gap_seconds: float = LIVE_SECONDS,
        patient: bool = False,
        on_superseded: Callable[[], None] = lambda: None,
    ) -> None:
        """`patient`: even the first output may wait for `gap_seconds`."""
        self._execution_id = execution_id
        self._attempt = attempt
        self._gap = gap_seconds
        self._on_superseded = on_superseded
        self._flushing = threading.Lock()  # Held while lines are on their way, so that they keep their order.
        self._changed = threading.Condition()  # Guards all below.
        self._pending: list[_Line] = []
        self._open: dict[EventKind, _Line] = {}
        self._values: dict[str, object] = {}
        self._due_at = time.monotonic() + gap_seconds
        self._at_once = not patient
        self._closed = False
        self._helper: threading.Thread | None = None
        self.superseded = False
        self.wrote = False
        """Whether lines went out before `close`."""

    def add(self, kind: EventKind, data: JsonObject, **values: object) -> None:
        """One event; `values` are columns of the run to set with it."""
        with self._changed:
            self._pending.append(_Line(kind, data))
            self._values.update(values)
        self._flush_or_wait()

    def output(self, stream: Stream, text: str) -> None:
        kind = EventKind(stream.value)
        with self._changed:
            line = self._open.get(kind)
            if line is None:
                line = self._open[kind] = _Line(kind, {})
                self._pending.append(line)
            line.texts.append(text)
            at_once, self._at_once = self._at_once, False
        self._flush_or_wait(at_once=at_once)

    def progress(self, percent: float, message: str) -> None:
        """Only the newest progress of a moment is worth a line."""
        data: JsonObject = {"percent": percent, "message": message}
        with self._changed:
            line = self._open.get(EventKind.PROGRESS)
            if line is None:
                line = self._open[EventKind.PROGRESS] = _Line(EventKind.PROGRESS, {})
                self._pending.append(line)
            line.data = data
            self._values["progress"] = percent
        self._flush_or_wait()

    def close(self) -> tuple[list[Entry], dict[str, object]]:
        """Stop, and give back what was not written, lines and columns: they belong into the run's
        last transaction."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._helper is not None:
            self._helper.join()
        with self._flushing:
            return self._take()

    def _flush_or_wait(self, *, at_once: bool = False) -> None:
        with self._changed:
            wait = not at_once and self._due_at > time.monotonic()
            if wait and self._helper is None and not self._closed:
                self._helper = threading.Thread(target=self._help, name="log-writer", daemon=True)
                self._helper.start()
            elif wait:
                self._changed.notify()
        if not wait:
            self._flush()

    def _help(self) -> None:
        try:
            while self._until_due():
                self._flush()
        finally:
            connections.close_all()

    def _until_due(self) -> bool:
        """Wait until there is something to write and its time has come; False once closed."""
        with self._changed:
            while not self._closed:
                wait = self._due_at - time.monotonic()
                if self._pending and wait <= 0:
                    return True
                self._changed.wait(wait if self._pending else None)
            return False

    def _flush(self) -> None:
        with self._flushing:
            entries, values = self._take()
            if not entries:
                return
            self.wrote = True
            try:
                states.append(self._execution_id, attempt=self._attempt, entries=entries, values=values)
            except Superseded:
                self._give_up()
            except DatabaseError as error:
                logger.warning("The log of run %s waits for the database: %s", self._execution_id, error)
                self._put_back(entries, values)

    def _take(self) -> tuple[list[Entry], dict[str, object]]:
        with self._changed:
            lines, values = self._pending, self._values
            self._pending, self._open, self._values = [], {}, {}
            self._due_at = time.monotonic() + self._gap
            if self.superseded:
                return [], {}
        return [entry for line in lines for entry in line.entries()], values

    def _put_back(self, entries: list[Entry], values: dict[str, object]) -> None:
        with self._changed:
            self._pending[:0] = [_Line(entry.kind, entry.data, ts=entry.ts) for entry in entries]
            self._values = {**values, **self._values}
            self._due_at = time.monotonic() + 1

    def _give_up(self) -> None:
        self.superseded = True
        self._on_superseded()


class _Line:
    """One event to be, or output of one stream that becomes one event or more."""

    def __init__(self, kind: EventKind, data: JsonObject, *, ts: datetime | None = None) -> None:
        self.kind = kind
        self.data = data
        self.texts: list[str] = []
        self.ts = ts or timezone.now()

    def entries(self) -> list[Entry]:
        if not self.texts:
            return [Entry(self.kind, self.data, self.ts)]
        return [Entry(self.kind, {"text": piece}, self.ts) for piece in log.pieces("".join(self.texts))]
