"""What this process has seen of each runtime: kept in memory, for the router and for those who watch.

Holds nothing of what ran: no code, no output, no name of who asked.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from runtimes.breakers import Breaker, BreakerState
from runtimes.types import Health

SAMPLES: Final = 200
"""Latencies are of this many runs, the last."""
DECISIONS: Final = 50
ENOUGH: Final = 20
"""Runs that a median is made of, at least."""
HEALTH_SECONDS: Final = 60.0
"""How long an answer about its health counts."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One run that was given to this runtime, and why."""

    at: datetime
    language: str
    reason: str


@dataclass(frozen=True, slots=True)
class Spread:
    p50_ms: float
    p95_ms: float
    samples: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one runtime, since this process began."""

    runs: int
    failures: int
    """Runs that the runtime failed, not those that failed in it."""
    consecutive_failures: int
    breaker: BreakerState
    retry_in_seconds: float
    start: Spread | None
    """From the decision until the program began; None before the first."""
    total: Spread | None
    decisions: tuple[Decision, ...]
    """The last, newest first."""


@dataclass(slots=True)
class Meter:
    """Of one runtime. Thread-safe."""

    breaker: Breaker = field(default_factory=Breaker)
    median_start_ms: float | None = None
    """Of the last runs: kept ready for the router. None before there are enough of them."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _unwell: tuple[str, float] = ("", 0.0)
    _runs: int = 0
    _failures: int = 0
    _starts: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    _totals: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    _decisions: deque[Decision] = field(default_factory=lambda: deque(maxlen=DECISIONS))

    @property
    def unwell(self) -> str:
        """What was wrong with it when its health was lately asked; empty if nothing, or that is long ago."""
        reason, until = self._unwell
        return reason if reason and time.monotonic() < until else ""

    def asked(self, health: Health) -> None:
        """Its health was asked."""
        reason = "" if health.ok else health.reason or "it is not well"
        self._unwell = (reason, time.monotonic() + HEALTH_SECONDS)

    def decided(self, *, language: str, reason: str) -> None:
        with self._lock:
            self._decisions.appendleft(Decision(datetime.now(UTC), language, reason))

    def began(self, milliseconds: float) -> None:
        """A program began so long after the decision."""
        with self._lock:
            self._starts.append(milliseconds)
            if len(self._starts) >= ENOUGH:
                self.median_start_ms = _quantile(sorted(self._starts), 0.5)

    def ended(self, milliseconds: float, *, failed: bool) -> None:
        """A run ended so long after the decision; `failed` if the runtime is to blame."""
        with self._lock:
            self._runs += 1
            self._failures += failed
            if not failed:
                self._totals.append(milliseconds)

    def read(self) -> Reading:
        with self._lock:
            return Reading(
                runs=self._runs,
                failures=self._failures,
                consecutive_failures=self.breaker.failures,
                breaker=self.breaker.state,
                retry_in_seconds=round(self.breaker.seconds_left(), 1),
                start=_spread(self._starts),
                total=_spread(self._totals),
                decisions=tuple(self._decisions),
            )


_lock = threading.Lock()
_meters: Mapping[str, Meter] = MappingProxyType({})


def of(name: str) -> Meter:
    """The meter of the runtime with this name, for as long as the process lives."""
    known = _meters.get(name)
    return known if known is not None else _add(name)


def reset(name: str | None = None) -> None:
    """Begin again: with one runtime, because another has taken its name, or with all."""
    global _meters  # noqa: PLW0603  # replaced as a whole, so that readers need no lock
    with _lock:
        kept = {} if name is None else {other: meter for other, meter in _meters.items() if other != name}
        _meters = MappingProxyType(kept)


def _add(name: str) -> Meter:
    global _meters  # noqa: PLW0603  # replaced as a whole, so that readers need no lock
    with _lock:
        if name not in _meters:
            _meters = MappingProxyType({**_meters, name: Meter()})
        return _meters[name]


def _spread(samples: deque[float]) -> Spread | None:
    if not samples:
        return None
    ordered = sorted(samples)
    return Spread(
        p50_ms=round(_quantile(ordered, 0.5), 3),
        p95_ms=round(_quantile(ordered, 0.95), 3),
        samples=len(ordered),
    )


def _quantile(ordered: list[float], share: float) -> float:
    """The nearest rank."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
