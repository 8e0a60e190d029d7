"""Organizations and their workspaces."""

from __future__ import annotations

from django.db import transaction

from workspaces import audit, memberships
from workspaces.enums import Role, Source
from workspaces.exceptions import Conflict, FieldError, Invalid
from workspaces.models import Membership, Organization, User, Workspace

OWNER_EMAIL = "owner@localhost"


@transaction.atomic
def found(*, owner_email: str = OWNER_EMAIL) -> Workspace:
    """The workspace of a new installation, with its owner; the oldest one if there is one already.

    May run at every start and in several processes at once: whoever creates the workspace row
    also names its owner, everybody else finds both.
    """
    oldest = Workspace.objects.order_by("pk").first()
    if oldest is not None:
        _ensure_owner(oldest, owner_email)
        return oldest
    organization, _ = Organization.objects.get_or_create(slug="default", defaults={"name": "Sandloft"})
    workspace, created = Workspace.objects.get_or_create(
        slug="default", defaults={"organization": organization, "name": "Default"}
    )
    if created:
        audit.record_system(action="workspace.created", target=workspace, workspace=workspace)
    _ensure_owner(workspace, owner_email)
    return workspace


@transaction.atomic
def open_workspace(
    *, organization: Organization, name: str, slug: str, owner: User, source: Source, request_id: str = ""
) -> Workspace:
    """A further workspace with `owner` as its first member. `Conflict` if the slug is taken."""
    if not name.strip():
        raise Invalid("A workspace needs a name.", errors=[FieldError("/name", "Give it a name.")])
    workspace, created = Workspace.objects.get_or_create(
        slug=slug, defaults={"organization": organization, "name": name.strip()}
    )
    if not created:
        raise Conflict(f"There is a workspace {slug!r} already.")
    memberships.enrol(user=owner, workspace=workspace, role=Role.OWNER)
    audit.record_system(
        action="workspace.created",
        target=workspace,
        workspace=workspace,
        user=owner,
        source=source,
        request_id=request_id,
        after={"name": workspace.name, "slug": slug, "owner": owner.email},
    )
    return workspace


def first_owner(workspace: Workspace) -> User | None:
    """Who stands for a workspace where nobody in particular is meant: its longest-serving owner."""
    owners = Membership.objects.in_workspace(workspace).owners().filter(user__is_active=True)
    owner = owners.select_related("user").order_by("pk").first()
    return owner.user if owner else None


def _ensure_owner(workspace: Workspace, email: str) -> None:
    if first_owner(workspace):
        return
    memberships.lock(workspace)
    if first_owner(workspace):
        return
    owner = memberships.user_with(email)
    if not owner.has_usable_password() and owner.last_login is None:
        # The first person on a new installation administers it.
        owner.is_staff = owner.is_superuser = True
        owner.save(update_fields=["is_staff", "is_superuser"])
    membership, _ = Membership.objects.update_or_create(
        workspace=workspace, user=owner, defaults={"role": Role.OWNER}
    )
    memberships.align(membership)
    audit.record_system(
        action="member.added",
        target=membership,
        workspace=workspace,
        label=owner.email,
        after={"role": Role.OWNER},
    )
