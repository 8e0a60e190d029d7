"""Who may open a websocket: the same people who may see the page, from our own origin only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.test import Client

from agents.executions import executions, requests
from agents.executions.models import Execution
from agents.snapshots.types import SnapshotSpec
from studio.asgi import application
from tests import factories
from workspaces.access import Actor
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = (True, None)
NOT_FOUND = (False, 4404)


@pytest.fixture
def execution(actor: Actor) -> Iterator[Execution]:
    """A run in the queue of nobody: its row and first event are there."""
    code = SnapshotSpec(language="python", files={"main.py": "result = 1"}, entry="main.py", entry_point=None)
    yield executions.start(by=actor, request=requests.of_code(code, requests.Given()))


def knock(execution_id: object, *, client: Client | None = None, **headers: str) -> tuple[bool, int | None]:
    """Whether the socket opens, else its closing code, for a client's cookies and these headers."""
    cookies = "; ".join(
        f"{name}={morsel.value}" for name, morsel in (client.cookies if client else {}).items()
    )
    sent = {"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000", "cookie": cookies, **headers}

    async def attempt() -> tuple[bool, int | None]:
        socket = WebsocketCommunicator(
            application,
            f"/ws/v1/executions/{execution_id}/?after=0",
            headers=[(name.encode(), value.encode()) for name, value in sent.items() if value],
        )
        accepted, code = await socket.connect(timeout=10)
        await socket.disconnect()
        return accepted, None if accepted else code

    found: tuple[bool, int | None] = async_to_sync(attempt)()
    return found


def test_members_and_their_programs_may(
    execution: Execution, owner: User, viewer: User, workspace: Workspace
) -> None:
    assert knock(execution.pk, client=factories.client_for(owner)) == OPEN
    assert knock(execution.pk, client=factories.client_for(viewer)) == OPEN
    secret = factories.make_token(owner, workspace)
    assert knock(execution.pk, authorization=f"Bearer {secret}") == OPEN
    assert knock(execution.pk, authorization=f"Bearer {secret}", origin="") == OPEN


def test_others_learn_nothing(execution: Execution, outsider: User, other_workspace: Workspace) -> None:
    secret = factories.make_token(outsider, other_workspace)
    assert knock(execution.pk, client=factories.client_for(outsider)) == NOT_FOUND
    assert knock(execution.pk, authorization=f"Bearer {secret}") == NOT_FOUND
    assert knock(execution.pk) == NOT_FOUND
    assert knock(uuid4(), client=factories.client_for(outsider)) == NOT_FOUND


def test_another_origin_is_turned_away(execution: Execution, owner: User) -> None:
    """A page elsewhere could otherwise read a run with the cookies of whoever opens it."""
    refused = knock(execution.pk, client=factories.client_for(owner), origin="https://evil.example")
    assert refused[0] is False
    assert refused != NOT_FOUND
    assert knock(execution.pk, client=factories.client_for(owner), origin="") == refused
    assert knock(execution.pk, authorization="Bearer x", origin="https://evil.example") == refused


def test_another_port_of_this_host_is_another_origin(execution: Execution, owner: User) -> None:
    """Cookies are sent there all the same."""
    refused = knock(execution.pk, client=factories.client_for(owner), origin="https://evil.example")
    assert knock(execution.pk, client=factories.client_for(owner), origin="http://127.0.0.1:9999") == refused
    assert knock(execution.pk, client=factories.client_for(owner), origin="http://localhost:8000") == refused
    assert knock(execution.pk, client=factories.client_for(owner), origin="http://[") == refused
    there = {"origin": "http://localhost:81", "host": "LOCALHOST:81"}
    assert knock(execution.pk, client=factories.client_for(owner), **there) == OPEN


def test_only_a_bearer_goes_without_an_origin(execution: Execution, owner: User) -> None:
    refused = knock(execution.pk, client=factories.client_for(owner), origin="")
    basic = knock(execution.pk, client=factories.client_for(owner), origin="", authorization="Basic eA==")
    assert (basic, basic[0]) == (refused, False)


def test_a_spent_session_no_longer_opens(execution: Execution, owner: User) -> None:
    client = factories.client_for(owner)
    cookies: Any = dict(client.cookies)
    client.logout()
    client.cookies.update(cookies)
    assert knock(execution.pk, client=client) == NOT_FOUND
