"""Agents and their versions in the administration site: to look at, not to write.

What changes an agent goes through its workspace, where rights and drafts are known.
"""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from agents.registry.models import Agent, Version
from workspaces.admin import SuperuserOnly


class ReadOnly(SuperuserOnly):
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Agent)
class AgentAdmin(ReadOnly):
    list_display = (
        "name",
        "slug",
        "workspace",
        "status",
        "visibility",
        "created_by",
        "updated_at",
        "deleted_at",
    )
    list_filter = ("status", "visibility", "type", "deprecated", "workspace")
    search_fields = ("name", "slug", "description")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        return Agent.objects.select_related("workspace", "created_by")


@admin.register(Version)
class VersionAdmin(ReadOnly):
    list_display = ("agent", "number", "stage", "changelog", "snapshot", "created_by", "created_at")
    list_filter = ("stage", "agent__workspace")
    search_fields = ("agent__name", "agent__slug", "changelog", "snapshot__hash")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Version]:
        return Version.objects.select_related("agent", "snapshot", "created_by")
