"""A runtime whose runs do what a test says: a faithful backend without a sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connections

from agents.executions import log
from agents.executions.enums import Kind
from agents.executions.models import Execution
from agents.executions.types import RunRequest
from agents.snapshots import limits, snapshots
from agents.snapshots.types import SnapshotConfig, SnapshotSpec
from runtimes.types import (
    DEFAULT_ENTRIES,
    MIB,
    Cancellation,
    Capabilities,
    Command,
    Health,
    Language,
    Limits,
    NetworkPolicy,
    Outcome,
    Output,
    RunError,
    RunEvents,
    Started,
    Status,
    Stream,
)

HTML = b"<script>alert(document.domain)</script>"
Script = Callable[[Command, Limits, Cancellation], RunEvents]


@dataclass
class Scripted:
    """Yields what `script` yields."""

    script: Script
    name: str = "scripted"
    runs: int = 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            languages=frozenset(Language),
            isolation="none",
            networks=frozenset({NetworkPolicy.NONE}),
            max_memory_bytes=1024 * MIB,
            max_wall_seconds=600,
            dependencies=False,
            cold_start_ms=0,
        )

    def health(self) -> Health:
        return Health(ok=True)

    def run(self, command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        self.runs += 1
        yield from self.script(command, limits, cancellation)


@dataclass(frozen=True)
class Chosen:
    backend: Scripted
    reason: str = "a test said so"


def choosing(script: Script) -> Callable[..., Chosen]:
    backend = Scripted(script)
    return lambda *_, **__: Chosen(backend)


def yielding(*events: Any) -> Callable[..., Chosen]:
    """A choice of a backend that yields just these."""

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        yield Started(setup_ms=1.0)
        yield from events

    return choosing(script)


def out(text: str) -> Output:
    return Output(Stream.STDOUT, text)


def err(text: str) -> Output:
    return Output(Stream.STDERR, text)


def ok(result: Any = None) -> Outcome:
    return Outcome(status=Status.SUCCEEDED, has_result=True, result=result, exit_code=0, isolation="scripted")


def until_cancelled(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
    """Prints, and goes on until it is cancelled."""
    yield Started(setup_ms=1.0)
    yield out("started\n")
    deadline = time.monotonic() + 30
    while not cancellation.thrown and time.monotonic() < deadline:
        time.sleep(0.01)
    error = RunError(type="Cancelled", message="Cancelled.")
    yield Outcome(status=Status.CANCELLED, exit_code=137, error=error)


def spec(code: str = "print('hello')", *, language: str = "python", **more: Any) -> SnapshotSpec:
    entry = DEFAULT_ENTRIES[Language(language)]
    config = SnapshotConfig(limits=limits.normal({}))
    return SnapshotSpec(language=language, files={entry: code}, entry=entry, config=config, **more)


def request(code: str = "print('hello')", **more: Any) -> RunRequest:
    """An ad hoc run of one Python file."""
    return RunRequest(kind=Kind.ADHOC, snapshot=snapshots.take(spec(code)), **more)


def eventually(check: Callable[[], Any], *, seconds: float = 10) -> Any:
    """What `check` gives as soon as that is true; fails when it has not become so in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"It did not become true within {seconds} seconds.")


def in_thread(work: Callable[[], object]) -> threading.Thread:
    """`work` in a started thread that leaves no connection open."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def stored(execution: Execution, after: int = 0) -> list[Any]:
    return [event.as_json() for event in log.read_all(execution.id) if event.seq > after]


def problem(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["type"].removeprefix("/problems/")
