"""What an installation needs before it can serve, safe to repeat at every start."""

from __future__ import annotations

from django.core.management import call_command

from workspaces import organizations, sign_in_links
from workspaces.models import Workspace


def prepare() -> Workspace:
    """Bring the database up to date; the first time, found a workspace with an owner."""
    call_command("migrate", verbosity=0, interactive=False)
    return organizations.found()


def sign_in_link(workspace: Workspace) -> str:
    """A new one-time link for the owner of `workspace`."""
    owner = organizations.first_owner(workspace)
    if owner is None:
        raise LookupError(f"The workspace {workspace.slug!r} has no owner who may sign in.")
    return sign_in_links.address_of(sign_in_links.create(user=owner))
