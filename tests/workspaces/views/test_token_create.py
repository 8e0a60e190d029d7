"""Making an API token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.factories import api_client, client_for, make_token
from workspaces import tokens
from workspaces.models import ApiToken, User, Workspace

URL = "/w/acme/settings/tokens/create/"


def test_the_secret_is_shown_once(as_owner: Client) -> None:
    answer = as_owner.post(URL, {"name": "ci", "days": "30"})
    assert (answer.status_code, answer.templates[0].name) == (200, "workspaces/token_list.html")
    assert "no-store" in answer["Cache-Control"]
    secret = answer.context["new_secret"]
    assert answer.content.decode().count(secret) == 1
    token = tokens.authenticate(secret)
    assert token is not None
    assert token.expires_at is not None
    assert token.expires_at - token.created_at == pytest.approx(timedelta(days=30), abs=timedelta(seconds=5))
    assert secret not in as_owner.get("/w/acme/settings/tokens/").content.decode()


def test_chosen_scopes_and_no_end(as_owner: Client) -> None:
    as_owner.post(URL, {"name": "ci", "days": "", "scopes": ["agents:read", "executions:read"]})
    token = ApiToken.objects.get()
    assert (token.scopes, token.expires_at) == (["agents:read", "executions:read"], None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"name": "", "days": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x1bb"}, "name"),
        ({"name": "ci", "days": "-1"}, "days"),
        ({"name": "ci", "days": "x"}, "days"),
        ({"name": "ci", "scopes": ["everything"]}, "scopes"),
    ],
)
def test_bad_input_is_said_next_to_the_field(as_owner: Client, data: dict[str, Any], field: str) -> None:
    answer = as_owner.post(URL, data)
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert not ApiToken.objects.exists()


def test_no_scope_beyond_ones_own(editor: User) -> None:
    answer = client_for(editor).post(URL, {"name": "ci", "scopes": ["audit:read"]})
    assert answer.status_code == 400
    assert not ApiToken.objects.exists()


def test_nobody_else_makes_one(as_viewer: Client, as_outsider: Client, workspace: Workspace) -> None:
    data = {"name": "ci"}
    clients = (as_viewer, as_outsider, Client())
    assert [client.post(URL, data).status_code for client in clients] == [403, 404, 302]
    assert not ApiToken.objects.exists()


def test_a_token_makes_none(owner: User, workspace: Workspace) -> None:
    client = api_client(make_token(owner, workspace))
    assert client.post(URL, {"name": "heir"}, format="multipart").status_code == 403
    assert ApiToken.objects.count() == 1


def test_get_makes_none(as_owner: Client) -> None:
    assert as_owner.get(URL, {"name": "ci"}).status_code == 405
