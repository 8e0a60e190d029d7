"""A backend without a sandbox, whose runs do what a test says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runtimes import meters
from runtimes.breakers import FAILURES, Admission
from runtimes.types import (
    MIB,
    Cancellation,
    Capabilities,
    Command,
    Health,
    Language,
    Limits,
    NetworkPolicy,
    Outcome,
    RunError,
    RunEvents,
    Started,
    Status,
)

FAULT = Outcome(Status.FAILED, error=RunError("RuntimeFault", "The sandbox was lost."))
OK = Outcome(Status.SUCCEEDED, exit_code=0)
BEGUN = Started(setup_ms=1.0)


@dataclass
class Scripted:
    """Yields what `script` holds, and raises what is an exception in it."""

    name: str
    script: list[Any] = field(default_factory=lambda: [BEGUN, OK])
    isolation: str = "namespaces"
    asked: Counter[str] = field(default_factory=Counter)
    during: Callable[[], object] = lambda: None

    @property
    def capabilities(self) -> Capabilities:
        self.asked["capabilities"] += 1
        return Capabilities(
            languages=frozenset(Language),
            isolation=self.isolation,
            networks=frozenset({NetworkPolicy.NONE}),
            max_memory_bytes=8192 * MIB,
            max_wall_seconds=3600,
            dependencies=True,
            cold_start_ms=1,
        )

    def health(self) -> Health:
        self.asked["health"] += 1
        return Health(ok=True)

    def run(self, command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        self.asked["run"] += 1
        try:
            for event in self.script:
                if isinstance(event, BaseException):
                    raise event
                self.during()
                yield event
        finally:
            self.asked["closed"] += 1


def open_breaker(name: str) -> None:
    for _ in range(FAILURES):
        meters.of(name).breaker.leave(Admission.USUAL, well=False)
