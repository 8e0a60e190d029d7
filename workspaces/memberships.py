"""Members of a workspace. Here alone are roles turned into guardian's permissions."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.utils import timezone

from workspaces import audit, sign_in_links
from workspaces.access import Actor
from workspaces.enums import SCOPES_OF, Role, Scope
from workspaces.exceptions import Conflict, FieldError, Forbidden, Invalid, NotFound
from workspaces.models import ApiToken, Membership, User, Workspace, WorkspacePermission


@transaction.atomic
def add(*, by: Actor, email: str, role: str) -> Membership:
    """Make the person with this address a member; an unknown address gets an account without a password.

    Raises `Invalid` for a bad address or role, `Forbidden` for a role above one's own, `Conflict`
    for somebody who is a member already.
    """
    by.require(Scope.MEMBERS_WRITE)
    wanted = role_named(role)
    _check_grant(by, wanted)
    lock(by.workspace)
    user = user_with(email)
    if Membership.objects.in_workspace(by.workspace).filter(user=user).exists():
        raise Conflict(f"{user.email} is a member already.")
    membership = enrol(user=user, workspace=by.workspace, role=wanted)
    audit.record(by=by, action="member.added", target=membership, label=user.email, after={"role": wanted})
    return membership


@transaction.atomic
def change(*, by: Actor, membership: Membership, role: str) -> Membership:
    """Give a member another role. The last owner stays one (`Conflict`)."""
    by.require(Scope.MEMBERS_WRITE)
    wanted = role_named(role)
    current = _locked(by, membership)
    before = Role(current.role)
    if before == wanted:
        return current
    _check_grant(by, before)
    _check_grant(by, wanted)
    _check_not_last_owner(current)
    current.role = wanted
    current.save(update_fields=["role"])
    align(current)
    audit.record(
        by=by,
        action="member.changed",
        target=current,
        label=current.user.email,
        before={"role": before},
        after={"role": wanted},
    )
    return current


@transaction.atomic
def remove(*, by: Actor, membership: Membership) -> None:
    """End a membership and revoke the member's tokens here. Anybody may leave but the last owner."""
    current = _locked(by, membership)
    leaving = current.user_id == by.user.pk and by.token is None
    if not leaving:
        by.require(Scope.MEMBERS_WRITE)
        _check_grant(by, Role(current.role))
    _check_not_last_owner(current)
    audit.record(
        by=by,
        action="member.removed",
        target=current,
        label=current.user.email,
        before={"role": current.role},
    )
    _disenrol(current)


@transaction.atomic
def invite(*, by: Actor, membership: Membership) -> str:
    """The secret of a sign-in link to hand to a new member.

    Only for accounts that this workspace alone knows and that never signed in: a link for anybody
    else's account would let whoever manages members here act as them elsewhere.
    """
    by.require(Scope.MEMBERS_WRITE)
    current = _locked(by, membership)
    _check_grant(by, Role(current.role))
    if not is_fresh(current):
        raise Forbidden(f"{current.user.email} has an account of their own and signs in with it.")
    secret = sign_in_links.create(user=current.user)
    audit.record(by=by, action="member.invited", target=current, label=current.user.email)
    return secret


def is_fresh(membership: Membership) -> bool:
    """Whether the member never signed in, has no password and is a member nowhere else."""
    return Membership.objects.fresh().filter(pk=membership.pk).exists()


def enrol(*, user: User, workspace: Workspace, role: Role) -> Membership:
    """The rows of a new membership, without questions: for verbs that have asked them."""
    membership = Membership.objects.create(user=user, workspace=workspace, role=role)
    align(membership)
    return membership


def lock(workspace: Workspace) -> None:
    """Let only one change of members at a time through, until the end of the transaction."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)


def role_named(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        known = ", ".join(Role.values)
        raise Invalid(
            f"There is no role {role!r}.", errors=[FieldError("/role", f"One of {known}.")]
        ) from None


def user_with(email: str) -> User:
    """The user with this address, made if need be; `Invalid` if it is no address."""
    address = email.strip().lower()
    try:
        validate_email(address)
        MaxLengthValidator(254)(address)
    except ValidationError:
        problem = FieldError("/email", "This is not an email address.")
        raise Invalid("This is not an email address.", errors=[problem]) from None
    found = User.objects.filter(email=address).first()
    return found or User.objects.create_user(address)


# --- Guardian's rows ------------------------------------------------------------------------------


def align(membership: Membership) -> int:
    """Make the member's permissions equal `SCOPES_OF[role]`; the number of rows that had to change."""
    wanted = {scope.codename for scope in SCOPES_OF[Role(membership.role)]}
    rows = WorkspacePermission.objects.filter(
        user_id=membership.user_id, content_object_id=membership.workspace_id
    )
    removed, _ = rows.exclude(permission__codename__in=wanted).delete()
    missing = wanted - set(rows.values_list("permission__codename", flat=True))
    permissions = Permission.objects.filter(
        content_type__app_label="workspaces", content_type__model="workspace", codename__in=missing
    )
    added = WorkspacePermission.objects.bulk_create(
        WorkspacePermission(
            user_id=membership.user_id, content_object_id=membership.workspace_id, permission=permission
        )
        for permission in permissions
    )
    return int(removed) + len(added)


@transaction.atomic
def sync() -> int:
    """Bring every permission row in line with the roles; the number of rows that had to change."""
    strays = list(_strays())
    WorkspacePermission.objects.filter(pk__in=[row.pk for row in strays]).delete()
    return len(strays) + sum(align(membership) for membership in Membership.objects.all())


def _strays() -> Iterator[WorkspacePermission]:
    members = set(Membership.objects.values_list("user_id", "workspace_id"))
    for row in WorkspacePermission.objects.all():
        if (row.user_id, row.content_object_id) not in members:
            yield row


def _disenrol(membership: Membership) -> None:
    tokens = ApiToken.objects.in_workspace(membership.workspace).filter(user_id=membership.user_id)
    tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
    WorkspacePermission.objects.filter(
        user_id=membership.user_id, content_object_id=membership.workspace_id
    ).delete()
    membership.delete()


# --- Questions ------------------------------------------------------------------------------------


def _locked(by: Actor, membership: Membership) -> Membership:
    """The membership as it is now, if it still is one of the actor's workspace."""
    lock(by.workspace)
    members = Membership.objects.in_workspace(by.workspace).select_related("user", "workspace")
    current = members.filter(pk=membership.pk).first()
    if current is None:
        raise NotFound("There is no such member.")
    return current


def _check_grant(by: Actor, role: Role) -> None:
    if not SCOPES_OF[role] <= by.scopes:
        raise Forbidden(f"You may not decide about the role {role.label}: it may do more than you.")


def _check_not_last_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    owners = Membership.objects.in_workspace(membership.workspace).owners().filter(user__is_active=True)
    if not owners.exclude(pk=membership.pk).exists():
        raise Conflict("A workspace keeps at least one owner. Make somebody else an owner first.")
