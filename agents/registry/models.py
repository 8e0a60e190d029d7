"""Agents, their immutable versions, and the draft in the editor."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from agents.registry.enums import AgentStatus, AgentType, Stage, Visibility
from agents.registry.querysets import AgentQuerySet, VersionQuerySet
from agents.snapshots.models import Snapshot
from workspaces.exceptions import AppendOnly
from workspaces.models import Workspace


class Agent(models.Model):
    """A named program of a workspace: what people call, whichever version answers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="agents")
    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    type = models.CharField(max_length=12, choices=AgentType.choices, default=AgentType.FUNCTION)
    template = models.CharField(max_length=40, default="custom")
    visibility = models.CharField(max_length=12, choices=Visibility.choices, default=Visibility.WORKSPACE)
    status = models.CharField(max_length=10, choices=AgentStatus.choices, default=AgentStatus.DRAFT)
    tags = models.JSONField(default=list, blank=True)
    deprecated = models.BooleanField(default=False)
    active_version = models.ForeignKey(
        "Version", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sample_input = models.TextField(blank=True)
    """JSON text the run panel opens with, as the author typed it."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Agent]] = AgentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "slug"],
                condition=Q(deleted_at__isnull=True),
                name="agent_slug_in_use_once",
            ),
            models.CheckConstraint(condition=Q(status__in=AgentStatus.values), name="agent_status_known"),
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="agent_visibility_known"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-updated_at"], name="agents_by_update")]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """What was saved, under a number that never means anything else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="versions")
    changelog = models.CharField(max_length=500, blank=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Version]] = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["agent", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["agent"], condition=Q(stage=Stage.ACTIVE), name="one_active_version_per_agent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent.slug}@{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Adds the row, or moves its stage: everything else was settled when it was saved."""
        if not self._state.adding and set(kwargs.get("update_fields") or {"all"}) != {"stage"}:
            raise AppendOnly("A saved version is never changed.")
        super().save(*args, **kwargs)


class Draft(models.Model):
    """The editor's work that is not a version yet: one per agent, saved as it is typed."""

    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, primary_key=True, related_name="draft")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="drafts")
    based_on = models.ForeignKey(Version, on_delete=models.SET_NULL, null=True, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    """Counts saves; a save that names an older revision is a conflict."""
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Draft {self.revision} of {self.agent.slug}"
