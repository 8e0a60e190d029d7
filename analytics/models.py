"""Append-only facts. They hold ids and labels, so they outlive what they describe."""

from __future__ import annotations

import uuid

from django.db import models


class RunFact(models.Model):
    """One finished run, counted once however often it is reported."""

    execution_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organization_id = models.BigIntegerField()
    workspace_id = models.BigIntegerField()
    user_id = models.BigIntegerField(null=True)
    agent_id = models.UUIDField(null=True)
    agent_label = models.CharField(max_length=120, blank=True)
    version_number = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=8)
    source = models.CharField(max_length=8)
    language = models.CharField(max_length=12)
    runtime = models.CharField(max_length=40, blank=True)
    isolation = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=16)
    error_type = models.CharField(max_length=120, blank=True)
    queue_ms = models.FloatField(default=0)
    setup_ms = models.FloatField(default=0)
    run_ms = models.FloatField(default=0)
    cpu_ms = models.FloatField(default=0)
    peak_memory_bytes = models.BigIntegerField(default=0)
    output_bytes = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "finished_at"], name="run_facts_by_time"),
            models.Index(fields=["agent_id", "finished_at"], name="run_facts_by_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.execution_id}"
