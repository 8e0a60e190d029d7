"""Another first sign-in link for a new member."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import client_for, membership_of
from workspaces.models import SignInLink, User, Workspace


@pytest.fixture
def url(workspace: Workspace, editor: User) -> str:
    """Of a member who never signed in."""
    return f"/w/acme/settings/members/{membership_of(editor, workspace).pk}/invite/"


def test_the_owner_gets_a_link(as_owner: Client, url: str, editor: User) -> None:
    answer = as_owner.post(url)
    assert answer.status_code == 200
    assert answer.context["new_link"].startswith("http://127.0.0.1:8000/sign-in/link/?token=")
    assert SignInLink.objects.get().user == editor


def test_the_page_offers_it_for_new_members_alone(as_owner: Client, url: str, editor: User) -> None:
    assert url in as_owner.get("/w/acme/settings/members/").content.decode()
    User.objects.filter(pk=editor.pk).update(last_login=timezone.now())
    assert "/invite/" not in as_owner.get("/w/acme/settings/members/").content.decode()


def test_not_for_an_account_in_use(as_owner: Client, url: str, editor: User) -> None:
    User.objects.filter(pk=editor.pk).update(last_login=timezone.now())
    assert as_owner.post(url).status_code == 403
    assert not SignInLink.objects.exists()


def test_nobody_else_gets_one(url: str, as_viewer: Client, as_outsider: Client) -> None:
    assert [client.post(url).status_code for client in (as_viewer, as_outsider, Client())] == [403, 404, 302]
    assert not SignInLink.objects.exists()


def test_an_admin_gets_none_of_an_owner(workspace: Workspace, owner: User, admin: User) -> None:
    User.objects.filter(pk=owner.pk).update(last_login=None)
    url = f"/w/acme/settings/members/{membership_of(owner, workspace).pk}/invite/"
    assert client_for(admin).post(url).status_code == 403


def test_get_makes_none(as_owner: Client, url: str) -> None:
    assert as_owner.get(url).status_code == 405
