"""Runs, the numbered log of each, and the files they left."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.executions.enums import EventKind, Kind, State
from agents.executions.querysets import ExecutionQuerySet
from agents.registry.models import Agent, Version
from agents.snapshots.models import Blob, Snapshot
from workspaces.enums import Source
from workspaces.fields import JsonTextField
from workspaces.models import ApiToken, Workspace

CACHE: Final = "cache"
"""What stands for the runtime in the row of a run that was answered from the result cache."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the log of a finished run says, for whoever ran it and need not read it again."""

    stdout: str
    stderr: str
    has_artifacts: bool


class Execution(models.Model):
    """One run: what was asked, where it ran, how it ended.

    `state`, `attempt` and the lease move only by compare-and-set in `agents.executions.states`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="executions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="executions")
    version = models.ForeignKey(Version, on_delete=models.SET_NULL, null=True, related_name="executions")
    """None for ad hoc code and for runs of a draft."""
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="executions")
    rerun_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="reruns")

    # What was asked.
    input = JsonTextField(null=True)
    context = JsonTextField(default=dict)
    stdin = JsonTextField(default=str)
    args = JsonTextField(default=list)
    env = JsonTextField(default=dict)
    limits = JsonTextField(default=dict)
    """`runtimes.types.Limits` as JSON."""
    requested_runtime = models.CharField(max_length=40, default="auto")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    token = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=8, choices=Source.choices)
    correlation_id = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001  # only NULLs may repeat
    idempotency_fingerprint = models.CharField(max_length=64, blank=True)
    cache_key = models.CharField(max_length=64, blank=True)
    """`agents.executions.cache.key_of` if the run was declared pure, else empty."""

    # Where it runs.
    runtime = models.CharField(max_length=40, blank=True)
    runtime_reason = models.CharField(max_length=300, blank=True)
    isolation = models.CharField(max_length=80, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    """Counts starts; writes of an attempt that is not the newest are refused."""
    last_seq = models.PositiveIntegerField(default=0)
    """The number of the newest event: raised in the same statement that checks who may write."""
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=254, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)

    # How it ended.
    queued_at = models.DateTimeField(auto_now_add=True)
    enqueued_at = models.DateTimeField(null=True)
    """When its task was last handed to the broker; None when the broker would not take it."""
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    exit_code = models.IntegerField(null=True)
    has_result = models.BooleanField(default=False)
    result = JsonTextField(null=True)
    error = JsonTextField(null=True)
    """`runtimes.types.RunError` as JSON, or None."""
    timings = JsonTextField(default=dict)
    """Milliseconds: queue_ms setup_ms run_ms collect_ms total_ms."""
    usage = JsonTextField(default=dict)
    """cpu_ms peak_memory_bytes output_bytes."""
    progress = models.FloatField(null=True)

    told: Told | None = None
    """No column: all that the run printed and left, where this process has seen it from start to end."""

    objects: ClassVar[models.Manager[Execution]] = ExecutionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="execution_state_known"),
            models.UniqueConstraint(
                fields=["workspace", "user", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="one_execution_per_idempotency_key",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-queued_at"], name="executions_by_time"),
            models.Index(fields=["agent", "-queued_at"], name="executions_by_agent"),
            models.Index(
                fields=["workspace", "correlation_id"],
                condition=~Q(correlation_id=""),
                name="executions_by_correlation",
            ),
            models.Index(
                fields=["state", "lease_until"],
                condition=Q(state__in=["queued", "running", "cancelling"]),
                name="executions_unfinished",
            ),
            models.Index(
                fields=["workspace", "queued_at", "id"],
                condition=Q(state="queued"),
                name="executions_waiting",
            ),
            models.Index(
                fields=["workspace", "runtime"], condition=~Q(cache_key=""), name="executions_declared_pure"
            ),
        ]

    def __str__(self) -> str:
        return f"Run {str(self.id)[:8]}"

    @property
    def cached(self) -> bool:
        """Whether an earlier run's answer was given and nothing ran."""
        return self.runtime == CACHE


class Event(models.Model):
    """One numbered line of a run's log. Only the runner adds them; nothing changes or removes them."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    ts = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    data = JsonTextField()

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["execution", "seq"], name="event_number_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class Artifact(models.Model):
    """A file that a run left in /agent/out/."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=255)
    """Path below out/."""
    media_type = models.CharField(max_length=120)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="artifacts")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["execution", "name"], name="artifact_name_once")]

    def __str__(self) -> str:
        return self.name


class CachedResult(models.Model):
    """What a run that was declared pure answered, for equal runs of the same workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="cached_results")
    key = models.CharField(max_length=64)
    """`agents.executions.cache.key_of`: a SHA-256 of the workspace and all that was asked."""
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="+")
    """The run that gave the answer."""
    has_result = models.BooleanField()
    result = JsonTextField(null=True)
    stdout = JsonTextField(default=str)
    stderr = JsonTextField(default=str)
    exit_code = models.IntegerField(null=True)
    run_ms = models.FloatField()
    """How long the program ran then."""
    size_bytes = models.PositiveBigIntegerField()
    hits = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="one_answer_per_question")]
        indexes = [
            models.Index(fields=["workspace", "used_at"], name="cached_results_by_use"),
            models.Index(fields=["created_at"], name="cached_results_by_age"),
        ]

    def __str__(self) -> str:
        return f"Answer of {self.execution_id}"
