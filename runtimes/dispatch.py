"""Giving a command to a runtime and watching how that goes.

A runtime that fails before the program began is passed over for the next one that is able, unless
it was asked for by name. Once a program has begun, it is never begun again elsewhere: it may have
had effects.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from runtimes import meters, router
from runtimes.breakers import Admission
from runtimes.types import Backend, Cancellation, Command, Event, Limits, Outcome, Status

logger = logging.getLogger(__name__)


class Choice(Protocol):
    """Where a run goes, and why there."""

    @property
    def backend(self) -> Backend: ...

    @property
    def reason(self) -> str: ...


Choose: TypeAlias = Callable[..., Choice]
"""As `router.choose`."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The command now goes to this backend. Comes again if that one fails before it began."""

    backend: Backend
    reason: str


Dispatched: TypeAlias = Generator["Placed | Event | Outcome", None, None]


def run(
    command: Command,
    limits: Limits,
    cancellation: Cancellation,
    *,
    runtime: str = router.AUTO,
    choose: Choose = router.choose,
) -> Dispatched:
    """Run `command` where `choose` says: what the backend yields, after where it was placed.

    Raises what `choose` raises when there is no runtime for it, and what the last backend raised.
    Closing the generator early kills the run.
    """
    passed: dict[str, str] = {}
    while True:
        choice = choose(command, limits, runtime=runtime, passed=passed)
        name = choice.backend.name
        watch = _Watch.begin(choice, command) if name not in passed else None
        if watch is None:
            if name in passed:
                raise router.NoRuntime(passed)
            passed[name] = meters.of(name).breaker.refusal() or "it is just being tried"
            continue
        yield Placed(choice.backend, choice.reason)
        ended = yield from _attempt(watch, command, limits, cancellation)
        if ended is None:
            return
        passed[name] = "it failed before the program began"
        if cancellation.thrown or not _others(choose, command, limits, runtime, passed):
            if isinstance(ended, Outcome):
                yield ended
                return
            raise ended


def _attempt(
    watch: _Watch, command: Command, limits: Limits, cancellation: Cancellation
) -> Generator[Event | Outcome, None, Outcome | Exception | None]:
    """Run on one backend; how it failed if that was before anything began, else None."""
    events = cast(
        "Generator[Event | Outcome, None, None]", watch.choice.backend.run(command, limits, cancellation)
    )
    try:
        with closing(events):
            for event in events:
                if not isinstance(event, Outcome):
                    watch.began()
                elif watch.ended(event) and not watch.has_begun:
                    return event
                yield event
                if isinstance(event, Outcome):
                    return None
        watch.failed()  # It stopped without a word.
    except Exception as error:
        watch.failed()
        if watch.has_begun:
            raise
        logger.exception("The runtime %s failed before a program began", watch.choice.backend.name)
        return error
    finally:
        watch.over()
    return None


def _others(
    choose: Choose, command: Command, limits: Limits, runtime: str, passed: Mapping[str, str]
) -> bool:
    """Whether a backend is left that has not failed this run."""
    if runtime != router.AUTO:
        return False
    try:
        return choose(command, limits, runtime=runtime, passed=passed).backend.name not in passed
    except router.NoRuntime:
        return False


class _Watch:
    """One run on one backend, as its meter and its breaker see it."""

    def __init__(self, choice: Choice, meter: meters.Meter, admission: Admission) -> None:
        self.choice = choice
        self.has_begun = False
        self._meter = meter
        self._admission: Admission | None = admission
        self._since = time.perf_counter()
        self._counted = False

    @classmethod
    def begin(cls, choice: Choice, command: Command) -> _Watch | None:
        """None if the breaker has opened since the choice was made."""
        meter = meters.of(choice.backend.name)
        admission = meter.breaker.enter()
        if admission is None:
            return None
        meter.decided(language=command.language.value, reason=choice.reason)
        return cls(choice, meter, admission)

    def began(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self._meter.began(self._milliseconds())
            # What comes later says nothing about the runtime: it may be the program that brings it
            # down, and one tenant's programs must not take it from all others. And the trial of a
            # half-open breaker holds nobody up for as long as its program runs.
            self._leave(well=True)

    def ended(self, outcome: Outcome) -> bool:
        """Whether the runtime, and not the program or the caller, is what ended it."""
        failed = is_fault(outcome)
        self._count(failed=failed)
        if outcome.status is not Status.CANCELLED and outcome.status is not Status.REJECTED:
            self._leave(well=not failed)
        return failed

    def failed(self) -> None:
        self._count(failed=True)
        self._leave(well=False)

    def over(self) -> None:
        """Whatever happened: nothing is left open."""
        self._leave(well=None)

    def _count(self, *, failed: bool) -> None:
        if not self._counted:
            self._counted = True
            self._meter.ended(self._milliseconds(), failed=failed)

    def _leave(self, *, well: bool | None) -> None:
        admission, self._admission = self._admission, None
        if admission is not None:
            self._meter.breaker.leave(admission, well=well)

    def _milliseconds(self) -> float:
        return (time.perf_counter() - self._since) * 1000


def is_fault(outcome: Outcome) -> bool:
    """Whether the engine failed. A program may name an exception of its own so, but has an exit code."""
    error = outcome.error
    return error is not None and error.type == "RuntimeFault" and outcome.exit_code is None
