"""The first set-up, and further workspaces."""

from __future__ import annotations

import pytest

from tests.factories import make_user
from tests.workspaces.racing import at_once
from workspaces import access, organizations
from workspaces.enums import SCOPES_OF, Role, Source
from workspaces.exceptions import Conflict, Invalid
from workspaces.models import AuditEntry, Membership, Organization, User, Workspace


@pytest.mark.django_db
def test_found_makes_one_of_each() -> None:
    workspace = organizations.found()
    assert (workspace.slug, workspace.organization.slug, workspace.organization.name) == (
        "default",
        "default",
        "Sandloft",
    )
    owner = User.objects.get()
    assert (owner.email, owner.is_staff, owner.is_superuser) == ("owner@localhost", True, True)
    assert not owner.has_usable_password()
    assert access.scopes_of(user=owner, workspace=workspace) == SCOPES_OF[Role.OWNER]
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "workspace.created",
        "member.added",
    ]


@pytest.mark.django_db
def test_found_again_changes_nothing() -> None:
    first = organizations.found()
    entries = AuditEntry.objects.count()
    assert organizations.found() == first
    assert organizations.found(owner_email="somebody@example.org") == first
    assert (User.objects.count(), Workspace.objects.count(), AuditEntry.objects.count()) == (1, 1, entries)


@pytest.mark.django_db
def test_found_respects_a_renamed_workspace() -> None:
    workspace = organizations.found()
    Workspace.objects.update(slug="renamed")
    assert organizations.found() == workspace
    assert Workspace.objects.count() == 1


@pytest.mark.django_db
def test_found_brings_back_an_owner_and_does_not_promote_an_account_in_use() -> None:
    organizations.found()
    Membership.objects.all().delete()
    used = make_user("somebody@example.org", password="long and strange")
    workspace = organizations.found(owner_email=used.email)
    assert organizations.first_owner(workspace) == used
    used.refresh_from_db()
    assert not used.is_superuser


@pytest.mark.django_db(transaction=True)
def test_founders_at_once_found_one() -> None:
    got = at_once(organizations.found, times=4)
    assert got == [Workspace.objects.get()] * 4
    assert (Organization.objects.count(), User.objects.count(), Membership.objects.count()) == (1, 1, 1)
    assert AuditEntry.objects.count() == 2


def test_open_workspace_refuses_a_taken_slug(workspace: Workspace, outsider: User) -> None:
    with pytest.raises(Conflict):
        organizations.open_workspace(
            organization=workspace.organization, name="Acme", slug="acme", owner=outsider, source=Source.ADMIN
        )
    assert not Membership.objects.filter(workspace=workspace, user=outsider).exists()


def test_open_workspace_wants_a_name(workspace: Workspace, owner: User) -> None:
    with pytest.raises(Invalid):
        organizations.open_workspace(
            organization=workspace.organization, name=" ", slug="new", owner=owner, source=Source.ADMIN
        )
