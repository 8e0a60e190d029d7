"""The members page."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from tests.factories import api_client, client_for, make_member, make_token
from workspaces.enums import Role
from workspaces.models import User, Workspace

URL = "/w/acme/settings/members/"


def test_the_owner_sees_members_and_the_form(as_owner: Client, viewer: User) -> None:
    answer = as_owner.get(URL)
    assert (answer.status_code, answer.templates[0].name) == (200, "workspaces/member_list.html")
    assert [member.user.email for member in answer.context["memberships"]] == [
        "owner@example.org",
        "viewer@example.org",
    ]
    assert [value for value, _ in answer.context["roles"]] == list(Role.values)
    assert b"/settings/members/add/" in answer.content


def test_an_admin_may_change_all_but_owners(workspace: Workspace, admin: User) -> None:
    answer = client_for(admin).get(URL)
    assert answer.context["changeable"] == ["admin", "editor", "reviewer", "viewer"]
    assert answer.content.count(b"/change/") == 1


def test_a_viewer_sees_members_and_no_form(as_viewer: Client) -> None:
    answer = as_viewer.get(URL)
    assert answer.status_code == 200
    assert b"/settings/members/add/" not in answer.content
    assert b"/change/" not in answer.content


def test_an_outsider_sees_nothing(as_outsider: Client, workspace: Workspace) -> None:
    answer = as_outsider.get(URL)
    assert answer.status_code == 404
    assert b"owner@example.org" not in answer.content
    assert answer.content.count(b"Acme") == 0


def test_there_is_something_to_see(as_owner: Client) -> None:
    assert b"owner@example.org" in as_owner.get(URL).content


def test_the_anonymous_are_sent_to_sign_in(as_anonymous: Client, workspace: Workspace) -> None:
    answer = as_anonymous.get(URL + "?x=1")
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/sign-in/?next=/w/acme/settings/members/%3Fx%3D1",
    )


def test_a_fragments_page_goes_to_sign_in(as_anonymous: Client, workspace: Workspace) -> None:
    answer = as_anonymous.get(URL, HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/w/acme/")
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/sign-in/?next=/w/acme/")


def test_a_token_sees_what_its_user_sees(owner: User, workspace: Workspace, outsider: User) -> None:
    assert api_client(make_token(owner, workspace)).get(URL).status_code == 200
    assert api_client("slt_wrong").get(URL).status_code == 401
    foreign = Workspace.objects.get(slug="elsewhere")
    assert api_client(make_token(outsider, foreign)).get(URL).status_code == 404


def test_many_members_cost_no_more_queries(
    as_owner: Client, workspace: Workspace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_member(workspace, Role.VIEWER)
    as_owner.get(URL)
    with django_assert_max_num_queries(8):
        as_owner.get(URL)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7 }}"])
def test_names_are_shown_as_text(as_owner: Client, owner: User, name: str) -> None:
    User.objects.filter(pk=owner.pk).update(name=name)
    content = as_owner.get(URL).content.decode()
    assert "<script>alert" not in content
    assert ("{{ 7 }}" in content) is (name == "{{ 7 }}")
