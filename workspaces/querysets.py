"""Where every read of this package starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import Q
from django.utils import timezone

from workspaces.enums import Role, Scope
from workspaces.exceptions import AppendOnly

if TYPE_CHECKING:
    from workspaces.access import Actor
    from workspaces.models import ApiToken, AuditEntry, Membership, User, Workspace


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def visible_to(self, user: User) -> WorkspaceQuerySet:
        return self.filter(memberships__user=user)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_workspace(self, workspace: Workspace) -> MembershipQuerySet:
        return self.filter(workspace=workspace)

    def fresh(self) -> MembershipQuerySet:
        """Of people who never signed in, have no password and are members nowhere else."""
        unused = self.filter(
            user__last_login__isnull=True,
            user__password__startswith=UNUSABLE_PASSWORD_PREFIX,
            user__is_staff=False,
            user__is_superuser=False,
        )
        return unused.annotate(homes=models.Count("user__memberships")).filter(homes=1)

    def owners(self) -> MembershipQuerySet:
        return self.filter(role=Role.OWNER)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_workspace(self, workspace: Workspace) -> ApiTokenQuerySet:
        return self.filter(workspace=workspace)

    def visible_to(self, actor: Actor) -> ApiTokenQuerySet:
        """One's own tokens; those of all members for whoever manages members."""
        tokens = self.filter(workspace=actor.workspace)
        return tokens if actor.may(Scope.MEMBERS_WRITE) else tokens.filter(user=actor.user)

    def usable(self) -> ApiTokenQuerySet:
        """Neither revoked nor expired, of a user who may still sign in."""
        now = timezone.now()
        alive = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        return self.filter(alive, revoked_at__isnull=True, user__is_active=True)


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Refuses what would rewrite history; `create` is all that is left."""

    def visible_to(self, actor: Actor) -> AuditEntryQuerySet:
        return self.filter(workspace=actor.workspace)

    def update(self, **values: Any) -> NoReturn:
        raise AppendOnly("The audit log is only ever added to.")

    def delete(self) -> NoReturn:
        raise AppendOnly("The audit log is only ever added to.")
