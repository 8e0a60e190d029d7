"""Changing one's password."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import api_client, client_for, make_token
from workspaces.models import AuditEntry, User, Workspace

URL = "/account/password/"
OLD, NEW = "long and strange", "longer and stranger"


@pytest.fixture
def person(workspace: Workspace, owner: User) -> User:
    owner.set_password(OLD)
    owner.save()
    return owner


def test_the_first_password_needs_no_old_one(as_owner: Client, owner: User) -> None:
    assert list(as_owner.get(URL).context["form"].fields) == ["password"]
    assert as_owner.post(URL, {"password": NEW})["Location"] == "/"
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert as_owner.get(URL).status_code == 200


def test_a_change_needs_it_and_ends_other_sessions(person: User) -> None:
    here, elsewhere = client_for(person), client_for(person)
    assert here.post(URL, {"current": OLD, "password": NEW}).status_code == 302
    assert (here.get(URL).status_code, elsewhere.get(URL).status_code) == (200, 302)
    entry = AuditEntry.objects.get(action="user.password_changed")
    assert (entry.actor, entry.before, entry.after) == (person.email, None, None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "current"),
        ({"current": "wrong", "password": NEW}, "current"),
        ({"current": OLD, "password": "short"}, "password"),
        ({"current": OLD, "password": "password"}, "password"),
        ({"current": OLD, "password": "owner@example.org"}, "password"),
    ],
)
def test_bad_input_is_said_next_to_the_field(person: User, data: dict[str, str], field: str) -> None:
    answer = client_for(person).post(URL, data)
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    person.refresh_from_db()
    assert person.check_password(OLD)


def test_a_token_changes_none(person: User, workspace: Workspace) -> None:
    client = api_client(make_token(person, workspace))
    assert client.get(URL).status_code == 403
    assert client.post(URL, {"current": OLD, "password": NEW}, format="multipart").status_code == 403


@pytest.mark.django_db
def test_the_anonymous_are_sent_to_sign_in() -> None:
    assert Client().get(URL)["Location"] == "/sign-in/?next=/account/password/"
