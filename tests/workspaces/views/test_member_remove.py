"""Ending a membership."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import client_for, membership_of
from workspaces.models import User, Workspace


@pytest.fixture
def url(workspace: Workspace, editor: User) -> str:
    return f"/w/acme/settings/members/{membership_of(editor, workspace).pk}/remove/"


def test_the_owner_removes_a_member(as_owner: Client, url: str, editor: User) -> None:
    assert as_owner.post(url)["Location"] == "/w/acme/settings/members/"
    assert not editor.memberships.exists()
    assert client_for(editor).get("/w/acme/settings/members/").status_code == 404


def test_twice_is_404(as_owner: Client, url: str) -> None:
    assert [as_owner.post(url).status_code for _ in range(2)] == [302, 404]


def test_a_member_leaves(url: str, editor: User) -> None:
    answer = client_for(editor).post(url)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert not editor.memberships.exists()


def test_nobody_else_does(url: str, editor: User, as_viewer: Client, as_outsider: Client) -> None:
    assert [client.post(url).status_code for client in (as_viewer, as_outsider, Client())] == [403, 404, 302]
    assert editor.memberships.exists()


def test_the_last_owner_stays(as_owner: Client, owner: User, workspace: Workspace) -> None:
    url = f"/w/acme/settings/members/{membership_of(owner, workspace).pk}/remove/"
    assert as_owner.post(url).status_code == 409
    assert owner.memberships.exists()


def test_get_changes_nothing(as_owner: Client, url: str, editor: User) -> None:
    assert as_owner.get(url).status_code == 405
    assert editor.memberships.exists()
