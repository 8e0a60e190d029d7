"""The page that a sign-in link opens."""

from __future__ import annotations

import pytest
from django.test import Client

from workspaces import sign_in_links
from workspaces.models import AuditEntry, SignInLink, User, Workspace

URL = "/sign-in/link/"


@pytest.fixture
def secret(workspace: Workspace, owner: User) -> str:
    return sign_in_links.create(user=owner)


def test_looking_changes_nothing(secret: str) -> None:
    for _ in range(2):
        answer = Client().get(URL, {"token": secret})
        assert (answer.status_code, answer.context["valid"], answer.context["token"]) == (200, True, secret)
        assert answer.templates[0].name == "workspaces/sign_in_link.html"
        assert "no-store" in answer["Cache-Control"]
        assert "_auth_user_id" not in answer.wsgi_request.session
    assert SignInLink.objects.get().used_at is None


def test_posting_signs_in_once(secret: str, owner: User) -> None:
    client = Client()
    answer = client.post(URL, {"token": secret})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(owner.pk)
    assert [entry.after for entry in AuditEntry.objects.filter(action="user.signed_in")] == [{"with": "link"}]
    second = Client().post(URL, {"token": secret})
    assert (second.status_code, second.context["valid"]) == (410, False)
    assert "_auth_user_id" not in second.wsgi_request.session


def test_the_link_opens_one_persons_session_after_anothers(secret: str, owner: User, outsider: User) -> None:
    client = Client()
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    client.post(URL, {"token": secret})
    assert client.session["_auth_user_id"] == str(owner.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "wrong", "\0", "x" * 10_000, "<script>"])
def test_nonsense_is_a_page_that_says_so(token: str) -> None:
    for answer in (Client().get(URL, {"token": token}), Client().post(URL, {"token": token})):
        assert (answer.status_code, answer.context["valid"]) == (410, False)
        assert b"<script>" not in answer.content


def test_csrf_is_asked_for(secret: str) -> None:
    assert Client(enforce_csrf_checks=True).post(URL, {"token": secret}).status_code == 403
    assert sign_in_links.is_valid(secret)
