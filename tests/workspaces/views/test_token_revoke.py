"""Revoking an API token."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import client_for, make_token
from workspaces import tokens
from workspaces.models import ApiToken, User, Workspace


@pytest.fixture
def secret(owner: User, workspace: Workspace) -> str:
    return make_token(owner, workspace)


@pytest.fixture
def url(secret: str) -> str:
    return f"/w/acme/settings/tokens/{ApiToken.objects.get().pk}/revoke/"


def test_the_owner_revokes_it_and_may_do_so_twice(as_owner: Client, url: str, secret: str) -> None:
    assert [as_owner.post(url)["Location"] for _ in range(2)] == ["/w/acme/settings/tokens/"] * 2
    assert tokens.authenticate(secret) is None


def test_an_editor_does_not_see_it(url: str, editor: User, secret: str) -> None:
    assert client_for(editor).post(url).status_code == 404
    assert tokens.authenticate(secret) is not None


def test_nobody_else_does(url: str, as_viewer: Client, as_outsider: Client, secret: str) -> None:
    assert [client.post(url).status_code for client in (as_viewer, as_outsider, Client())] == [403, 404, 302]
    assert tokens.authenticate(secret) is not None


def test_not_through_ones_own_workspace(url: str, as_outsider: Client, secret: str) -> None:
    assert as_outsider.post(url.replace("acme", "elsewhere")).status_code == 404
    assert tokens.authenticate(secret) is not None


def test_get_revokes_nothing(as_owner: Client, url: str, secret: str) -> None:
    assert as_owner.get(url).status_code == 405
    assert tokens.authenticate(secret) is not None
