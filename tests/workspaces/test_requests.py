"""Who acts, on pages and on sockets."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from tests.factories import make_token
from workspaces import memberships, requests
from workspaces.access import Actor
from workspaces.enums import Role, Scope, Source
from workspaces.models import User, Workspace


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        (None, None),
        ("", None),
        ("Basic dTpw", None),
        ("Bearer", ""),
        ("Bearer  slt_x ", "slt_x"),
        ("bearer slt_x", "slt_x"),
        ("Bearerslt_x", None),
        ("Bearer a b", "a b"),
    ],
)
def test_bearer_secret(header: str | None, secret: str | None) -> None:
    assert requests.bearer_secret(header) == secret


# --- Sockets --------------------------------------------------------------------------------------


def _scope(user: Any = None, *, token: str | None = None, slug: str | None = None) -> dict[str, Any]:
    headers = [(b"host", b"testserver")]
    if token is not None:
        headers.append((b"Authorization", f"Bearer {token}".encode()))
    session = {requests.SESSION_KEY: slug} if slug else {}
    return {"type": "websocket", "headers": headers, "user": user or AnonymousUser(), "session": session}


def _seen(actor: Actor | None) -> tuple[str, str, str] | None:
    return (actor.user.email, actor.workspace.slug, actor.source) if actor else None


def test_a_session_opens_a_socket_of_its_workspaces(
    owner: User, workspace: Workspace, other_workspace: Workspace
) -> None:
    expected = ("owner@example.org", "acme", "socket")
    assert _seen(requests.socket_actor(_scope(owner))) == expected
    assert _seen(requests.socket_actor(_scope(owner), workspace.pk)) == expected
    assert requests.socket_actor(_scope(owner), other_workspace.pk) is None
    assert requests.socket_actor(_scope(owner), 0) is None


def test_the_sessions_current_workspace_counts(
    owner: User, workspace: Workspace, other_workspace: Workspace
) -> None:
    memberships.enrol(user=owner, workspace=other_workspace, role=Role.VIEWER)
    assert _seen(requests.socket_actor(_scope(owner, slug="elsewhere"))) == (
        "owner@example.org",
        "elsewhere",
        "socket",
    )


def test_a_token_opens_a_socket_of_its_workspace(
    owner: User, workspace: Workspace, other_workspace: Workspace
) -> None:
    secret = make_token(owner, workspace, [Scope.EXECUTIONS_READ])
    actor = requests.socket_actor(_scope(token=secret), workspace.pk)
    assert actor is not None
    assert (set(actor.scopes), actor.source) == ({Scope.EXECUTIONS_READ}, Source.SOCKET)
    assert requests.socket_actor(_scope(token=secret), other_workspace.pk) is None


@pytest.mark.django_db
def test_nobody_else_opens_one(owner: User, workspace: Workspace) -> None:
    assert requests.socket_actor(_scope()) is None
    assert requests.socket_actor({"type": "websocket"}) is None
    assert requests.socket_actor(_scope(token="slt_wrong")) is None
    assert requests.socket_actor(_scope(owner, token="slt_wrong")) is None
    User.objects.update(is_active=False)
    assert requests.socket_actor(_scope(owner)) is None
