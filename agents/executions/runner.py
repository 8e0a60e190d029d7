"""Running one run from claim to end: the same for callers that wait and for the queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, close_old_connections

from agents.executions import artifacts, cache, endings, leases, states
from agents.executions.enums import EventKind, State
from agents.executions.models import Execution, Told
from agents.executions.types import Ending, Entry, JsonObject, limits_of
from agents.executions.writer import CALM_SECONDS, LIVE_SECONDS, Writer
from agents.snapshots import snapshots
from runtimes import dispatch, registry, router
from runtimes.dispatch import Choose
from runtimes.types import (
    Artifact,
    Cancellation,
    Command,
    Event,
    Language,
    Outcome,
    Output,
    Progress,
    RunError,
    Status,
)
from workspaces.exceptions import DomainError

logger = logging.getLogger(__name__)

STORE_SECONDS: Final = 60.0
"""How long the end of a run waits for a database that does not answer."""


def execute(execution_id: UUID, *, choose: Choose = router.choose) -> State | None:
    """Claim a queued run and run it; its final state, or None if it was not ours to run.

    May be called any number of times for one run: it runs once.
    """
    if leases.stop.thrown:
        return None  # It stays queued, and is handed over again.
    execution = states.claim(execution_id, owner=leases.keeper.owner)
    return None if execution is None else run(execution, choose=choose)


def run(execution: Execution, *, waited_for: bool = False, choose: Choose = router.choose) -> State | None:
    """Run what this process has claimed, and write down how it ended; the final state.

    None if the run was taken from us meanwhile. `execution` is then out of date, else it is as the
    row. `waited_for` says that a caller waits for the end, so that output is written less often. No
    transaction is open while user code runs.
    """
    with leases.keeper.hold(execution.id, attempt=execution.attempt) as held:
        writer = Writer(
            execution.id,
            attempt=execution.attempt,
            gap_seconds=CALM_SECONDS if waited_for else LIVE_SECONDS,
            patient=waited_for,
            on_superseded=held.cancellation.throw,
        )
        attempt = _Attempt(execution, writer, held.cancellation)
        try:
            outcome = attempt.outcome(choose)
        except BaseException:
            # The process is told to end. Closing the backend's iterator has killed the run.
            attempt.end(_interrupted())
            raise
        state = attempt.end(outcome)
    if state is State.SUCCEEDED and execution.cache_key:
        cache.keep(execution)
    return state


class _Attempt:
    """One start of one run."""

    def __init__(self, execution: Execution, writer: Writer, cancellation: Cancellation) -> None:
        self.execution = execution
        self.writer = writer
        self.cancellation = cancellation
        self.files: list[Artifact] = []

    def outcome(self, choose: Choose) -> Outcome:
        """Run the command; whatever goes wrong with it or with us becomes an outcome."""
        try:
            return self._run(choose)
        except (DomainError, router.NoRuntime, registry.UnknownRuntime) as error:
            return endings.unstarted(Status.REJECTED, type="Rejected", message=str(error))
        except Exception as error:
            logger.exception("Run %s failed in the runtime", self.execution.id)
            return endings.unstarted(
                Status.FAILED, type="RuntimeFault", message=f"The runtime failed: {type(error).__name__}."
            )

    def end(self, outcome: Outcome) -> State | None:
        """Write down how it ended, whatever that takes; None if this attempt was superseded."""
        entries, values = self.writer.close()

        def store() -> State | None:
            ending = Ending(State(outcome.status.value), outcome, artifacts.keep(self.files))
            return self._finish(ending, entries, values)

        try:
            return _persist(store)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("The end of run %s cannot be stored as it is", self.execution.id)
            ending = Ending(State.FAILED, _unstorable(outcome, error))
            return _persist(lambda: self._finish(ending, entries, values))

    def _run(self, choose: Choose) -> Outcome:
        command = command_of(self.execution)
        limits = limits_of(self.execution.limits)
        runtime = self.execution.requested_runtime
        events = dispatch.run(command, limits, self.cancellation, runtime=runtime, choose=choose)
        with closing(events):
            for event in events:
                if isinstance(event, Outcome):
                    return event
                if isinstance(event, dispatch.Placed):
                    self._begin(event)
                else:
                    self._take(event)
        return endings.unstarted(
            Status.FAILED,
            type="RuntimeFault",
            message="The runtime stopped without saying how the run ended.",
        )

    def _begin(self, choice: dispatch.Placed) -> None:
        execution = self.execution
        execution.runtime, execution.runtime_reason = choice.backend.name[:40], choice.reason[:300]
        execution.isolation = choice.backend.capabilities.isolation[:80]
        columns = {name: getattr(execution, name) for name in ("runtime", "runtime_reason", "isolation")}
        data: JsonObject = {"status": State.RUNNING.value, "attempt": execution.attempt, **columns}
        self.writer.add(EventKind.STATUS, data, **columns)

    def _take(self, event: Event) -> None:
        if isinstance(event, Output):
            self.writer.output(event.stream, event.text)
        elif isinstance(event, Progress):
            self.writer.progress(event.percent, event.message)
        elif isinstance(event, Artifact):
            self.files.append(event)

    def _finish(self, ending: Ending, entries: Sequence[Entry], values: Mapping[str, object]) -> State | None:
        """End the run; as cancelled or interrupted where that, and not the program, is what ended it."""
        if ending.outcome.status is Status.CANCELLED:
            ending = Ending(State.LOST, _interrupted(ending.outcome), ending.artifacts)
        for origin, candidate in ((State.RUNNING, ending), (State.CANCELLING, None)):
            given = candidate or self._cancelled(ending)
            if endings.finish(
                self.execution, given, entries=entries, values=values, only_from=frozenset({origin})
            ):
                if not self.writer.wrote:
                    self.execution.told = _told(entries, given)
                return given.state
        return None

    def _cancelled(self, ending: Ending) -> Ending:
        """The end of a run that somebody cancelled: a result that came too late does not count."""
        who = Execution.objects.only("cancelled_by", "cancel_reason").filter(pk=self.execution.pk).first()
        message = cancelled_message(who) if who else "Cancelled."
        error = RunError(type="Cancelled", message=message)
        outcome = replace(ending.outcome, status=Status.CANCELLED, has_result=False, result=None, error=error)
        return Ending(State.CANCELLED, outcome, ending.artifacts)


def command_of(execution: Execution) -> Command:
    """What the run was asked to run, with the text of its files."""
    code = snapshots.spec(execution.snapshot)
    return Command(
        language=Language(code.language),
        files=code.files,
        entry=code.entry,
        entry_point=code.entry_point,
        input=execution.input,
        context=execution.context,
        stdin=execution.stdin,
        args=tuple(execution.args),
        env=execution.env,
        dependencies=code.config.dependencies,
    )


def cancelled_message(execution: Execution) -> str:
    reason = f": {execution.cancel_reason}" if execution.cancel_reason else "."
    return f"Cancelled by {execution.cancelled_by}{reason}"


def _told(entries: Sequence[Entry], ending: Ending) -> Told:
    """Of a run all of whose lines are in its last transaction."""

    def text(kind: EventKind) -> str:
        return "".join(str(entry.data["text"]) for entry in entries if entry.kind is kind)

    return Told(text(EventKind.STDOUT), text(EventKind.STDERR), bool(ending.artifacts))


def _interrupted(outcome: Outcome | None = None) -> Outcome:
    message = "Interrupted: the process that ran it was stopped. Its output so far was kept; run it again."
    known = outcome or Outcome(status=Status.CANCELLED)
    return replace(known, error=RunError(type="Interrupted", message=message))


def _unstorable(outcome: Outcome, error: Exception) -> Outcome:
    message = f"How it ended ({outcome.status}) could not be stored: {type(error).__name__}."
    return replace(
        outcome,
        status=Status.FAILED,
        has_result=False,
        result=None,
        error=RunError(type="RuntimeFault", message=message),
    )


def _persist(store: Callable[[], State | None]) -> State | None:
    """Store, again and again while the database is away; its error if that lasts too long."""
    give_up_at = time.monotonic() + STORE_SECONDS
    pause = 0.1
    while True:
        try:
            return store()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + pause > give_up_at:
                raise
            logger.warning("The end of a run waits for the database: %s", error)
        close_old_connections()
        time.sleep(pause)
        pause = min(2.0, pause * 2)
