"""What the commands about people share: whom they act as, and how they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from workspaces import access, organizations
from workspaces.access import Actor
from workspaces.exceptions import DomainError
from workspaces.models import User, Workspace


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what a verb refuses into a clear error and exit code 1."""
    try:
        yield
    except DomainError as error:
        more = [item.message for item in error.errors if item.message not in error.detail]
        raise CommandError(" ".join([error.detail, *more])) from None


def workspace_of(slug: str) -> Workspace:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no workspace {slug!r}. There is: {known or 'none yet'}.")
    return workspace


def user_of(workspace: Workspace, email: str) -> User:
    """The user with this address, or the first owner of the workspace if it is empty."""
    if not email:
        owner = organizations.first_owner(workspace)
        if owner is None:
            raise CommandError(f"The workspace {workspace.slug!r} has no owner.")
        return owner
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None or not workspace.memberships.filter(user=user).exists():
        raise CommandError(f"{email} is not a member of the workspace {workspace.slug!r}.")
    if not user.is_active:
        raise CommandError(f"The account of {email} is switched off.")
    return user


def actor_of(workspace: Workspace, user: User) -> Actor:
    return access.operator(user=user, workspace=workspace)
