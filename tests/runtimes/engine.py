"""Running small programs in tests, and looking at what came out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from runtimes.backends.local import LocalSandbox
from runtimes.types import (
    DEFAULT_ENTRIES,
    JSON,
    Artifact,
    Backend,
    Cancellation,
    Command,
    Event,
    Language,
    Limits,
    Outcome,
    Output,
    RunError,
    Status,
    Stream,
)


@cache
def sandbox() -> LocalSandbox:
    """One for the whole test process, as a server has one."""
    return LocalSandbox(warm=True)


@cache
def cold_sandbox() -> LocalSandbox:
    """One in which nothing is started ahead."""
    return LocalSandbox(warm=False)


STARTS = {"ahead": sandbox, "from-nothing": cold_sandbox}


@dataclass(frozen=True)
class Ran:
    events: list[Event]
    outcome: Outcome

    def _text(self, stream: Stream) -> str:
        return "".join(one.text for one in self.events if isinstance(one, Output) and one.stream is stream)

    @property
    def stdout(self) -> str:
        return self._text(Stream.STDOUT)

    @property
    def stderr(self) -> str:
        return self._text(Stream.STDERR)

    @property
    def artifacts(self) -> dict[str, bytes]:
        return {one.name: one.content for one in self.events if isinstance(one, Artifact)}

    @property
    def status(self) -> Status:
        return self.outcome.status

    @property
    def result(self) -> JSON:
        return self.outcome.result

    @property
    def error(self) -> RunError:
        assert self.outcome.error is not None, (self.outcome, self.stderr)
        return self.outcome.error


def command(source: str | Mapping[str, str], language: str = "python", **fields: Any) -> Command:
    kind = Language(language)
    entry = fields.pop("entry", DEFAULT_ENTRIES[kind])
    files = {entry: textwrap.dedent(source)} if isinstance(source, str) else source
    return Command(language=kind, files=files, entry=entry, **fields)


def run_command(given: Command, limits: Limits | None = None, *, on: Backend | None = None) -> Ran:
    backend = on or sandbox()
    with Cancellation() as cancellation:
        seen = list(backend.run(given, limits or Limits(), cancellation))
    outcome = seen.pop()
    assert isinstance(outcome, Outcome)
    return Ran([one for one in seen if not isinstance(one, Outcome)], outcome)


def run(
    source: str | Mapping[str, str],
    language: str = "python",
    limits: Limits | None = None,
    *,
    on: Backend | None = None,
    **fields: Any,
) -> Ran:
    return run_command(command(source, language, **fields), limits, on=on)


def call(source: str | Mapping[str, str], value: JSON, language: str = "python", **fields: Any) -> Ran:
    """Function mode, with `main`."""
    return run(source, language, input=value, **{"entry_point": "main", **fields})
