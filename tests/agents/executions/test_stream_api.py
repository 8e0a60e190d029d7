"""`GET /api/v1/executions/{id}/stream`: the log as server-sent events."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from agents.executions.enums import State
from agents.executions.models import Execution
from tests import factories
from tests.agents.executions.scripted import stored
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


async def streamed(response: Any) -> list[dict[str, str]]:
    """The events of a stream to its end, by their fields."""
    body = b"".join([part async for part in response.streaming_content]).decode()
    blocks = [block for block in body.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


@pytest.fixture
def browser(owner: User, workspace: Workspace) -> AsyncClient:
    client = AsyncClient()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    return client


async def test_a_stream_gives_the_same_events_and_ends(finished: Execution, browser: AsyncClient) -> None:
    response = await browser.get(f"/api/v1/executions/{finished.id}/stream")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response["Cache-Control"] == "no-cache, no-transform"
    events = await streamed(response)
    whole = await sync_to_async(stored)(finished)
    assert [json.loads(event["data"]) for event in events] == whole
    assert [(int(event["id"]), event["event"]) for event in events] == [(e["seq"], e["kind"]) for e in whole]


@pytest.mark.parametrize(
    ("headers", "query", "after"),
    [({}, "?after=2", 2), ({"Last-Event-ID": "3"}, "", 3), ({"Last-Event-ID": "3"}, "?after=1", 3)],
)
async def test_a_stream_goes_on_where_the_client_says(
    finished: Execution, browser: AsyncClient, headers: dict[str, str], query: str, after: int
) -> None:
    response = await browser.get(
        f"/api/v1/executions/{finished.id}/stream{query}", headers={"Accept": "text/event-stream", **headers}
    )
    events = await streamed(response)
    assert [json.loads(event["data"]) for event in events] == await sync_to_async(stored)(finished, after)


async def test_a_stream_is_live(
    slow: tuple[Execution, Callable[[], threading.Thread]], browser: AsyncClient
) -> None:
    execution, start = slow
    response = await browser.get(f"/api/v1/executions/{execution.id}/stream")
    thread = start()
    events = await streamed(response)
    assert [json.loads(event["data"]) for event in events] == await sync_to_async(stored)(execution)
    await sync_to_async(thread.join)(10)


@pytest.mark.parametrize(("value", "status"), [("x", 400), ("-1", 400), ("1e3", 400)])
async def test_a_stream_refuses_a_place_that_is_no_number(
    finished: Execution, browser: AsyncClient, value: str, status: int
) -> None:
    url = f"/api/v1/executions/{finished.id}/stream"
    assert (await browser.get(url, headers={"Last-Event-ID": value})).status_code == status
    refused = await browser.get(f"{url}?after={value}", headers={"Accept": "text/event-stream"})
    assert (refused.status_code, refused["Content-Type"]) == (status, "application/problem+json")


async def test_asking_for_the_head_of_a_stream_does_not_wait_for_its_end(
    in_state: Callable[..., Execution], browser: AsyncClient
) -> None:
    execution = await sync_to_async(in_state)(State.RUNNING)
    assert (await browser.head(f"/api/v1/executions/{execution.id}/stream")).status_code == 405


async def test_a_stream_is_for_those_who_may_see_the_run(
    finished: Execution, outsider: User, other_workspace: Workspace
) -> None:
    stranger, anonymous = AsyncClient(), AsyncClient()
    await sync_to_async(stranger.force_login)(outsider, "django.contrib.auth.backends.ModelBackend")
    url = f"/api/v1/executions/{finished.id}/stream"
    assert (await stranger.get(url)).status_code == 404
    assert (await anonymous.get(url)).status_code == 401


def look_at(browser: AsyncClient, workspace: Workspace) -> None:
    session = browser.session
    session["workspace"] = workspace.slug
    session.save()


async def test_a_browser_follows_a_run_of_whichever_workspace_of_theirs(
    finished: Execution, owner: User, browser: AsyncClient
) -> None:
    """An event source sends no header that names the workspace."""
    other = await sync_to_async(factories.make_workspace)("second", owner=owner)
    headers = {"X-Workspace": other.slug}
    url = f"/api/v1/executions/{finished.id}/stream"
    assert (await browser.get(url, headers=headers)).status_code == 404
    await sync_to_async(look_at)(browser, other)
    assert (await browser.get(url)).status_code == 200
