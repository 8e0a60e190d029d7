"""Where every read of this package starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from workspaces.models import ApiToken, Membership, User, Workspace


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def visible_to(self, user: User) -> WorkspaceQuerySet:
        return self.filter(memberships__user=user)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_workspace(self, workspace: Workspace) -> MembershipQuerySet:
        return self.filter(workspace=workspace)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_workspace(self, workspace: Workspace) -> ApiTokenQuerySet:
        return self.filter(workspace=workspace)

    def usable(self) -> ApiTokenQuerySet:
        """Neither revoked nor expired, of a user who may still sign in."""
        now = timezone.now()
        alive = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        return self.filter(alive, revoked_at__isnull=True, user__is_active=True)
