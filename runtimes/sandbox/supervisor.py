"""One run, seen from the server: start it, pass its events on, stop it in time, judge it.

`run` is a generator and blocks the calling thread in `poll`. Nothing is shared between runs
but the client, so any number may go on in any number of threads.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from runtimes.sandbox import channel, verdicts
from runtimes.sandbox.birth import WRITING_FILES
from runtimes.sandbox.cells import Cell
from runtimes.sandbox.channel import Kind
from runtimes.sandbox.client import Unavailable
from runtimes.sandbox.languages.recipes import Recipe
from runtimes.sandbox.output import Reader
from runtimes.sandbox.results import Frame, parse_file, parse_frame
from runtimes.types import (
    Artifact,
    Cancellation,
    Command,
    Event,
    Limits,
    Outcome,
    Output,
    RunEvents,
    Started,
    Stream,
    Timings,
)

_READ = 65536
_GRACE_SECONDS = 0.5
"""The sandbox keeps the wall limit itself, and then still reports; this much later we kill it."""
_SETUP_SECONDS = 20.0
_STDERR_TAIL = 8192
_KEPT_INSIDE = (
    "wall_seconds",
    "cpu_seconds",
    "memory_bytes",
    "disk_bytes",
    "result_bytes",
    "artifact_bytes",
    "artifact_count",
)


@dataclass(slots=True)
class _Incoming:
    """An artifact on its way: chunks follow its header."""

    name: str
    left: int
    chunks: list[bytes] = field(default_factory=list)


class Supervisor:
    """One run in the sandbox that `source` gives."""

    def __init__(self, source: Callable[[], Cell], command: Command, limits: Limits, recipe: Recipe) -> None:
        self.source = source
        self.command = command
        self.limits = limits
        self.recipe = recipe
        self.seen = verdicts.Observation()
        self.readers: dict[int, Reader] = {}
        self.poller = select.poll()
        self.open = contextlib.ExitStack()
        self.cell: Cell | None = None
        self.refused: dict[str, Any] | None = None
        self.gone = False
        self.started_at: float | None = None
        self.killed_at: float | None = None
        self.begun_at = time.monotonic()
        self.result = bytearray()
        self.artifact: _Incoming | None = None
        self.stderr_tail = ""

    def run(self, cancellation: Cancellation) -> RunEvents:
        with self.open:
            try:
                self._start(cancellation)
                yield from self._events(cancellation)
            except Unavailable as error:
                yield verdicts.rejected(str(error))
                return
            except OSError as error:
                self._kill()
                yield verdicts.fault(f"The sandbox could not be driven: {error}.", self._timings())
                return
            finally:
                self._kill()
            if not self.stillborn:
                yield self._outcome()

    @property
    def stillborn(self) -> bool:
        """A sandbox that was started ahead failed before the program began: another one can be tried."""
        early = self.gone and not self.seen.started and not self.seen.cancelled
        wrote = self.refused is not None and self.refused["step"] == WRITING_FILES
        return early and self.cell is not None and self.cell.ahead and not wrote

    # -- starting

    def _start(self, cancellation: Cancellation) -> None:
        self.cell = self.source()
        self.open.callback(self.cell.close)
        self.control = self.cell.control
        self.poller.register(self.control, select.POLLIN)  # first, so that the start is told first
        for descriptor, stream in self.cell.ends.items():
            self.readers[descriptor] = Reader(stream)
            self.poller.register(descriptor, select.POLLIN)
        self.poller.register(cancellation, select.POLLIN)
        self.control.settimeout(_SETUP_SECONDS)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            channel.send_job(self.control, json.dumps(self._job()).encode("ascii"))

    def _handed(self) -> str | None:
        if self.cell is not None and self.cell.ahead:
            return self.recipe.handed
        return json.dumps(self.recipe.harness) if self.recipe.harness else None

    def _job(self) -> dict[str, Any]:
        recipe = self.recipe
        return {
            "argv": recipe.argv,
            "env": recipe.env,
            "files": dict(recipe.files),
            "stdin": recipe.stdin,
            "stages": [{"name": one.name, "argv": one.argv, "env": one.env} for one in recipe.stages],
            "rlimits": recipe.rlimits,
            "handed": self._handed(),
            "result_path": recipe.result_path,
            "limits": {name: getattr(self.limits, name) for name in _KEPT_INSIDE},
        }

    # -- the loop

    def _events(self, cancellation: Cancellation) -> Iterator[Event]:
        while not self.gone:
            ready = self.poller.poll(self._patience_ms())
            if not ready:
                self._run_out()
            for descriptor, _ in ready:
                if descriptor in self.readers:
                    yield from self._read(descriptor)
                elif descriptor == self.control.fileno():
                    yield from self._receive()
                elif descriptor == cancellation.fileno():
                    self.seen.cancelled = self.seen.ended is None
                    self.poller.unregister(cancellation)
                    self._kill()
        for descriptor in list(self.readers):
            yield from self._read_rest(descriptor)

    def _patience_ms(self) -> float:
        """Until we stop waiting for what the sandbox should have done by itself."""
        if self.killed_at is not None:
            until = self.killed_at + _SETUP_SECONDS
        elif self.started_at is None:
            until = self.begun_at + _SETUP_SECONDS + self.limits.wall_seconds
        else:
            until = self.started_at + self.limits.wall_seconds + _GRACE_SECONDS
        return max(0.0, until - time.monotonic()) * 1000 + 1

    def _run_out(self) -> None:
        if self.killed_at is not None:
            self.gone = True  # killed, and even then no report: do not wait for ever
        elif self.seen.ended is None:
            self.seen.limit = self.seen.limit or "wall_seconds"
        self._kill()

    def _kill(self) -> None:
        self.killed_at = self.killed_at or time.monotonic()
        if self.cell is not None:
            self.cell.kill()

    # -- output

    def _read(self, descriptor: int) -> Iterator[Event]:
        try:
            data = os.read(descriptor, _READ)
        except BlockingIOError:
            return
        if not data:
            self.poller.unregister(descriptor)
            yield from self.readers.pop(descriptor).feed(b"", final=True)
            return
        yield from self._pass_on(self.readers[descriptor], data)

    def _pass_on(self, reader: Reader, data: bytes) -> Iterator[Event]:
        room = self.limits.output_bytes - self.seen.output_bytes
        self.seen.output_bytes += min(len(data), room)
        if len(data) > room:
            data = data[:room]
            self.seen.limit = self.seen.limit or "output_bytes"
            self._kill()
        if data:
            yield from self._begin()
            for event in reader.feed(data):
                if isinstance(event, Output) and event.stream is Stream.STDERR:
                    self.stderr_tail = (self.stderr_tail + event.text)[-_STDERR_TAIL:]
                yield event

    def _read_written(self) -> Iterator[Event]:
        """What the program wrote before it ended."""
        for descriptor in list(self.readers):
            before = -1
            while descriptor in self.readers and self.seen.output_bytes > before:
                before = self.seen.output_bytes
                yield from self._read(descriptor)

    def _read_rest(self, descriptor: int) -> Iterator[Event]:
        while descriptor in self.readers:
            before = self.seen.output_bytes
            yield from self._read(descriptor)
            if self.seen.output_bytes == before and descriptor in self.readers:
                yield from self.readers.pop(descriptor).feed(b"", final=True)

    # -- the sandbox's reports

    def _receive(self) -> Iterator[Event]:
        try:
            message = self._next_message()
        except ConnectionResetError:
            return  # told once when the other side closed with something unread; its messages follow
        kind, payload = channel.split(message)
        if kind == b"":
            self.gone = True
        elif kind == Kind.STARTED.value:
            yield from self._begin()
        elif kind == Kind.NOTE.value:
            yield Output(Stream.STDERR, payload.decode("utf-8", "replace"))
        elif kind in (Kind.ARTIFACT.value, Kind.CONTENT.value):
            yield from self._take_artifact(kind, payload)
        else:
            yield from self._take_report(kind, payload)

    def _begin(self) -> Iterator[Event]:
        """Told once: by the sandbox, or by the program's first output, which may come before."""
        if not self.seen.started:
            self.started_at = time.monotonic()
            self.seen.started = True
            yield Started(setup_ms=(self.started_at - self.begun_at) * 1000)

    def _next_message(self) -> bytes:
        if self.cell is None:
            return b""
        message = self.cell.receive()
        if self.killed_at is not None and message[:1] == Kind.PIDFD.value:
            self._kill()  # stopped before there was anything to kill
        return message

    def _take_report(self, kind: bytes, payload: bytes) -> Iterator[Event]:
        if kind == Kind.RESULT.value:
            self.result += payload
        elif kind == Kind.ENDED.value:
            self.seen.ended = json.loads(payload)
            if self.seen.ended and self.seen.ended["stage_output"]:
                yield Output(Stream.STDERR, self.seen.ended["stage_output"])
            self.gone = True  # every process of the program is dead; burying the sandbox can wait
        elif kind == Kind.REAPED.value:
            self.seen.reaped = json.loads(payload)
            self.gone = True
        elif kind == Kind.REFUSED.value:
            self.refused = json.loads(payload)

    def _take_artifact(self, kind: bytes, payload: bytes) -> Iterator[Event]:
        if kind == Kind.ARTIFACT.value:
            yield from self._read_written()
            header = json.loads(payload)
            self.artifact = _Incoming(header["name"], header["size"])
        elif self.artifact is not None:
            self.artifact.chunks.append(payload)
            self.artifact.left -= len(payload)
        if self.artifact is not None and self.artifact.left <= 0:
            done, self.artifact = self.artifact, None
            yield Artifact(done.name, b"".join(done.chunks))

    # -- the verdict

    def _timings(self) -> Timings:
        now = time.monotonic()
        if self.started_at is None:
            return Timings(setup_ms=(now - self.begun_at) * 1000)
        collect = float(self.seen.ended["collect_ms"]) if self.seen.ended else 0.0
        return Timings(
            setup_ms=(self.started_at - self.begun_at) * 1000,
            run_ms=(now - self.started_at) * 1000 - collect,
            collect_ms=collect,
        )

    def _outcome(self) -> Outcome:
        self.seen.timings = self._timings()
        if self.refused is not None:
            return verdicts.rejected(str(Unavailable.of(self.refused)))
        self.seen.frame = self._frame()
        self.seen.stderr_tail = self.stderr_tail
        return verdicts.judge(self.command, self.limits, self.seen)

    def _frame(self) -> Frame:
        if self.recipe.result_path is not None:
            return parse_file(bytes(self.result), self.limits.result_bytes)
        return parse_frame(bytes(self.result))
