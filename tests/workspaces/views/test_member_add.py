"""Adding a member."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.factories import client_for
from workspaces import sign_in_links
from workspaces.models import Membership, User, Workspace

URL = "/w/acme/settings/members/add/"
NEW = {"email": "new@example.org", "role": "editor"}


def test_a_new_account_comes_with_a_link(as_owner: Client) -> None:
    answer = as_owner.post(URL, NEW)
    assert (answer.status_code, answer.templates[0].name) == (200, "workspaces/member_list.html")
    assert "no-store" in answer["Cache-Control"]
    link = answer.context["new_link"]
    assert link in answer.content.decode().replace("&amp;", "&")
    user = sign_in_links.redeem(parse_qs(urlsplit(link).query)["token"][0])
    assert user == User.objects.get(email="new@example.org")


def test_an_account_in_use_comes_with_none(as_owner: Client, outsider: User) -> None:
    answer = as_owner.post(URL, {"email": outsider.email, "role": "viewer"})
    assert (answer.status_code, answer["Location"]) == (302, "/w/acme/settings/members/")
    assert Membership.objects.filter(user=outsider).count() == 2


@pytest.mark.parametrize(
    ("data", "status", "field"),
    [
        ({}, 400, "email"),
        ({"email": "nonsense", "role": "editor"}, 400, "email"),
        ({"email": "new@example.org", "role": "emperor"}, 400, "role"),
        ({"email": "owner@example.org", "role": "viewer"}, 409, "__all__"),
    ],
)
def test_bad_input_is_said_next_to_the_field(
    as_owner: Client, data: dict[str, str], status: int, field: str
) -> None:
    answer = as_owner.post(URL, data)
    assert answer.status_code == status
    assert field in answer.context["form"].errors
    assert answer.context["form"]["email"].value() == data.get("email")
    assert Membership.objects.count() == 1


def test_twice_adds_once(as_owner: Client) -> None:
    assert [as_owner.post(URL, NEW).status_code for _ in range(2)] == [200, 409]
    assert Membership.objects.filter(user__email="new@example.org").count() == 1


def test_nobody_else_adds(
    workspace: Workspace, editor: User, as_viewer: Client, as_outsider: Client, as_anonymous: Client
) -> None:
    clients = (client_for(editor), as_viewer, as_outsider, as_anonymous)
    assert [client.post(URL, NEW).status_code for client in clients] == [403, 403, 404, 302]
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_admin_adds_no_owner(workspace: Workspace, admin: User) -> None:
    answer = client_for(admin).post(URL, {"email": "new@example.org", "role": "owner"})
    assert answer.status_code == 400
    assert not User.objects.filter(email="new@example.org").exists()


def test_get_changes_nothing(as_owner: Client) -> None:
    assert as_owner.get(URL, NEW).status_code == 405
    assert Membership.objects.count() == 1
