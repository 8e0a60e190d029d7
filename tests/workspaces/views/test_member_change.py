"""Giving a member another role."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import client_for, membership_of
from workspaces.models import User, Workspace


@pytest.fixture
def url(workspace: Workspace, editor: User) -> str:
    return f"/w/acme/settings/members/{membership_of(editor, workspace).pk}/change/"


def _role(user: User, workspace: Workspace) -> str:
    return membership_of(user, workspace).role


def test_the_owner_changes_a_role(as_owner: Client, url: str, editor: User, workspace: Workspace) -> None:
    answer = as_owner.post(url, {"role": "viewer"})
    assert (answer.status_code, answer["Location"]) == (302, "/w/acme/settings/members/")
    assert _role(editor, workspace) == "viewer"


def test_an_admin_makes_no_owner(url: str, admin: User, editor: User, workspace: Workspace) -> None:
    assert client_for(admin).post(url, {"role": "owner"}).status_code == 403
    assert _role(editor, workspace) == "editor"


def test_nobody_else_does(url: str, editor: User, as_viewer: Client, as_outsider: Client) -> None:
    clients = (client_for(editor), as_viewer, as_outsider, Client())
    assert [client.post(url, {"role": "owner"}).status_code for client in clients] == [403, 403, 404, 302]
    assert editor.memberships.get().role == "editor"


@pytest.mark.parametrize("role", ["", "emperor", "OWNER", "\0"])
def test_unknown_roles_are_400(as_owner: Client, url: str, editor: User, role: str) -> None:
    assert as_owner.post(url, {"role": role}).status_code == 400
    assert editor.memberships.get().role == "editor"


def test_the_last_owner_stays(as_owner: Client, owner: User, workspace: Workspace) -> None:
    url = f"/w/acme/settings/members/{membership_of(owner, workspace).pk}/change/"
    assert as_owner.post(url, {"role": "viewer"}).status_code == 409
    assert _role(owner, workspace) == "owner"


def test_a_member_of_elsewhere_is_404(as_owner: Client, outsider: User) -> None:
    url = f"/w/acme/settings/members/{outsider.memberships.get().pk}/change/"
    assert as_owner.post(url, {"role": "viewer"}).status_code == 404
    assert as_owner.post("/w/acme/settings/members/999999/change/", {"role": "viewer"}).status_code == 404
    assert outsider.memberships.get().role == "owner"


def test_get_changes_nothing(as_owner: Client, url: str) -> None:
    assert as_owner.get(url, {"role": "viewer"}).status_code == 405
