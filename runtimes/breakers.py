"""Circuit breakers: a runtime that keeps failing is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

FAILURES: Final = 5
"""How many failures in a row open a breaker."""
COOL_DOWN_SECONDS: Final = 10.0


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """The cool-down is over: one run at a time may try."""


class Admission(StrEnum):
    USUAL = "usual"
    TRIAL = "trial"
    """The one run that shows whether a half-open breaker may close."""


class Breaker:
    """Whether a runtime is given runs. Thread-safe.

    Every `enter` that admits is followed by one `leave` that says how it went. While the breaker is
    open, only its trial counts: runs that began before say nothing about starting new ones.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        cool_down_seconds: float = COOL_DOWN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._cool_down = cool_down_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    @property
    def state(self) -> BreakerState:
        if self._opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self.seconds_left() else BreakerState.HALF_OPEN

    def seconds_left(self) -> float:
        """Of the cool-down; 0 when it is over or there is none."""
        opened_at = self._opened_at
        return 0.0 if opened_at is None else max(0.0, opened_at + self._cool_down - self._clock())

    def refusal(self) -> str:
        """Why a run would not be let in now; empty if it would."""
        if self._opened_at is None:
            return ""
        left = self.seconds_left()
        if left:
            return f"it failed {self._failures} times in a row and is tried again in {left:.0f} s"
        return f"it failed {self._failures} times in a row and is just being tried" if self._trying else ""

    def enter(self) -> Admission | None:
        """Let a run in; None while that is refused."""
        with self._lock:
            if self._opened_at is None:
                return Admission.USUAL
            if self._trying or self.seconds_left():
                return None
            self._trying = True
            return Admission.TRIAL

    def leave(self, admission: Admission, *, well: bool | None) -> None:
        """How it went; None if that says nothing about the runtime."""
        with self._lock:
            if admission is Admission.TRIAL:
                self._trying = False
            elif self._opened_at is not None:
                return
            if well:
                self._failures, self._opened_at = 0, None
            elif well is not None:
                self._failures += 1
                if self._failures >= self._limit:
                    self._opened_at = self._clock()
