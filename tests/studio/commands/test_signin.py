"""`manage.py signin link`."""

from __future__ import annotations

from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from workspaces import sign_in_links
from workspaces.models import User, Workspace


def run(*words: str) -> str:
    out = StringIO()
    call_command("signin", "link", *words, stdout=out)
    return out.getvalue().strip()


def _redeem(link: str) -> User | None:
    return sign_in_links.redeem(parse_qs(urlsplit(link).query)["token"][0])


def test_the_link_is_the_first_owners(workspace: Workspace, owner: User) -> None:
    assert _redeem(run()) == owner


def test_or_somebody_elses(workspace: Workspace, viewer: User) -> None:
    assert _redeem(run("--email", viewer.email.upper())) == viewer


def test_not_for_the_unknown_and_the_switched_off(viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    for email in ("nobody@example.org", viewer.email):
        with pytest.raises(CommandError, match="no active account"):
            run("--email", email)


@pytest.mark.django_db
def test_without_set_up_it_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="start the server once"):
        run()
