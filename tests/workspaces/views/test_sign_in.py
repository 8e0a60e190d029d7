"""The sign-in page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tests.factories import make_user
from tests.workspaces.hashers import CountingHasher
from workspaces.models import AuditEntry, User, Workspace

URL = "/sign-in/"
PASSWORD = "long and strange"


@pytest.fixture
def person(workspace: Workspace, owner: User) -> User:
    owner.set_password(PASSWORD)
    owner.save()
    return owner


def _post(client: Client, email: str, password: str, **more: str) -> object:
    return client.post(URL, {"email": email, "password": password, **more})


@pytest.mark.django_db
def test_anybody_sees_the_form() -> None:
    answer = Client().get(URL)
    assert (answer.status_code, answer.templates[0].name) == (200, "workspaces/sign_in.html")
    assert "no-store" in answer["Cache-Control"]


def test_the_right_password_opens(person: User) -> None:
    client = Client()
    answer = client.post(URL, {"email": "OWNER@example.org", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(person.pk)
    entry = AuditEntry.objects.get(action="user.signed_in")
    assert (entry.actor, entry.source, entry.after) == (person.email, "page", {"with": "password"})


def test_the_session_gets_a_new_key(person: User) -> None:
    client = Client()
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    client.cookies["sandloft_session"] = str(before)
    client.post(URL, {"email": person.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_whoever_is_signed_in_goes_on(person: User) -> None:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(URL, {"next": "/w/acme/agents/"})["Location"] == "/w/acme/agents/"


def test_refusals_look_alike(person: User) -> None:
    """Wrong password, unknown address, switched off, without password: nothing tells them apart."""
    User.objects.create_user("off@example.org", PASSWORD, is_active=False)
    make_user("link-only@example.org")
    pages = set()
    for email in (person.email, "nobody@example.org", "off@example.org", "link-only@example.org"):
        password = PASSWORD if email.startswith("off") else "wrong"
        answer = Client().post(URL, {"email": email, "password": password})
        assert answer.status_code == 400
        assert "_auth_user_id" not in answer.wsgi_request.session
        errors = str(answer.context["form"].errors)
        pages.add(errors)
    assert len(pages) == 1


def test_refusals_take_the_same_work(person: User, settings: Settings) -> None:
    """The slow part is one password hash; it is done for unknown people too."""
    settings.PASSWORD_HASHERS = ["tests.workspaces.hashers.CountingHasher"]
    person.set_password(PASSWORD)
    person.save()
    User.objects.create_user("off@example.org", PASSWORD, is_active=False)
    make_user("link-only@example.org")

    def hashes(email: str) -> int:
        before = CountingHasher.count
        Client().post(URL, {"email": email, "password": "wrong"})
        return CountingHasher.count - before

    people = (person.email, "nobody@example.org", "off@example.org", "link-only@example.org")
    assert [hashes(email) for email in people] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("", ""),
        ("nonsense", "x"),
        ("owner@example.org", ""),
        ("a\0@example.org", "x"),
        ("x" * 300 + "@e.org", "x"),
    ],
)
def test_bad_input_is_a_clear_400(person: User, email: str, password: str) -> None:
    answer = Client().post(URL, {"email": email, "password": password})
    assert answer.status_code == 400
    assert answer.context["form"].errors


def test_guessing_stops_even_with_the_right_password(person: User) -> None:
    for _ in range(10):
        assert Client().post(URL, {"email": person.email, "password": "wrong"}).status_code == 400
    answer = Client().post(URL, {"email": person.email, "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (429, "300")
    assert "_auth_user_id" not in answer.wsgi_request.session


@pytest.mark.parametrize(
    ("goal", "location"),
    [
        ("/w/acme/agents/?q=x", "/w/acme/agents/?q=x"),
        ("http://testserver/w/acme/agents/", "http://testserver/w/acme/agents/"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("\thttps://evil.example", "/"),
        ("https:evil.example", "/"),
        ("/\nSet-Cookie: x=1", "/%0ASet-Cookie:%20x=1"),
    ],
)
def test_next_stays_on_this_host(person: User, goal: str, location: str) -> None:
    answer = Client().post(URL, {"email": person.email, "password": PASSWORD, "next": goal})
    assert (answer.status_code, answer["Location"]) == (302, location)


def test_the_password_is_in_no_query(person: User) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        Client().post(URL, {"email": person.email, "password": PASSWORD})
    assert not [query for query in queries if PASSWORD in query["sql"]]


def test_csrf_is_asked_for(person: User) -> None:
    answer = Client(enforce_csrf_checks=True).post(URL, {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 403
