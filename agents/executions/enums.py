"""The states of a run and the moves between them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices


class Kind(TextChoices):
    """Why something ran."""

    ADHOC = "adhoc", "Ad hoc"
    AGENT = "agent", "Agent"
    TEST = "test", "Test"
    DRY_RUN = "dry_run", "Dry run"
    SMOKE = "smoke", "Smoke run"
    STEP = "step", "Step"
    HOOK = "hook", "Hook"


class State(TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    CANCELLING = "cancelling", "Cancelling"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    TIMED_OUT = "timed_out", "Timed out"
    MEMORY_EXCEEDED = "memory_exceeded", "Out of memory"
    OUTPUT_EXCEEDED = "output_exceeded", "Too much output"
    CANCELLED = "cancelled", "Cancelled"
    REJECTED = "rejected", "Rejected"
    LOST = "lost", "Lost"
    """The worker that ran it died and nobody may say how it ended."""


UNFINISHED = frozenset({State.QUEUED, State.RUNNING, State.CANCELLING})
FINISHED = frozenset(State) - UNFINISHED

MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.REJECTED, State.LOST}),
    State.RUNNING: FINISHED | {State.CANCELLING},
    State.CANCELLING: FINISHED,
}
"""From each unfinished state to those that may follow. A finished state is never left."""


class EventKind(TextChoices):
    """What one line of the log says; `data` of each in docs/architecture.md."""

    STATUS = "status", "Status"
    STDOUT = "stdout", "Standard output"
    STDERR = "stderr", "Standard error"
    RESULT = "result", "Result"
    PROGRESS = "progress", "Progress"
    ARTIFACT = "artifact", "Artifact"
    ERROR = "error", "Error"
    END = "end", "End"
