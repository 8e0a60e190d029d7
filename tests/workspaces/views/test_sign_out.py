"""Going out."""

from __future__ import annotations

import pytest
from django.test import Client

from workspaces.models import User

URL = "/sign-out/"


def test_post_ends_the_session(as_owner: Client) -> None:
    answer = as_owner.post(URL)
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert "_auth_user_id" not in as_owner.session


def test_get_does_not(as_owner: Client, owner: User) -> None:
    assert as_owner.get(URL).status_code == 405
    assert as_owner.session["_auth_user_id"] == str(owner.pk)


@pytest.mark.django_db
def test_the_anonymous_are_sent_to_the_form() -> None:
    assert Client().post(URL)["Location"] == "/sign-in/"
