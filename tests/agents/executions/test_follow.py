"""Following a run: websocket and server-sent events, from any place, without loss or doubling."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test import AsyncClient
from django.urls import path

from agents.executions import consumers, doorbell, follow, log, runner, states
from agents.executions.enums import EventKind, State
from agents.executions.models import Execution
from agents.routing import websocket_urlpatterns
from runtimes.types import Cancellation, Command, Limits, RunEvents
from tests import factories
from tests.agents.executions.scripted import choosing, err, ok, out, yielding
from workspaces import memberships
from workspaces.access import Actor
from workspaces.enums import Role, Scope
from workspaces.models import ApiToken, Membership, User, Workspace

Make = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)
usual = URLRouter(websocket_urlpatterns)
anxious = URLRouter(
    [path("ws/v1/executions/<uuid:execution_id>/", consumers.ExecutionConsumer.as_asgi(rights_seconds=0.1))]
)
"""Looks at the rights of followers much more often."""


def socket(
    execution: Execution | Any,
    *,
    user: User | None = None,
    token: str = "",
    query: str = "",
    router: URLRouter = usual,
) -> Any:
    """A websocket as the authentication in front of the router hands it on."""
    identity = getattr(execution, "id", execution)
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    communicator = WebsocketCommunicator(router, f"/ws/v1/executions/{identity}/{query}", headers=headers)
    communicator.scope["user"] = user
    return communicator


async def received(communicator: Any) -> AsyncIterator[dict[str, Any]]:
    """The events that come until the socket is closed; its code is left in `communicator.code`."""
    while True:
        message = await communicator.receive_output(timeout=15)
        if message["type"] == "websocket.close":
            communicator.code = message.get("code")
            return
        for event in json.loads(message["text"]):
            yield event


async def all_of(communicator: Any) -> list[dict[str, Any]]:
    connected, _ = await communicator.connect(timeout=10)
    assert connected
    events = [event async for event in received(communicator)]
    assert communicator.code == consumers.OVER
    await communicator.disconnect()
    return events


def stored(execution: Execution, after: int = 0) -> list[Any]:
    return [event.as_json() for event in log.read_all(execution.id) if event.seq > after]


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def finished(queued: Make) -> Execution:
    execution = queued()
    events = [event for number in range(5) for event in (out(f"{number}\n"), err(f"e{number}\n"))]
    runner.execute(execution.id, choose=yielding(*events, ok([1])))
    return execution


@pytest.fixture
def slow(queued: Make) -> tuple[Execution, Callable[[], threading.Thread]]:
    """A run that prints for about a second, and what starts it."""
    execution = queued()

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        for number in range(100):
            yield out(f"line {number}\n")
            time.sleep(0.01)
        yield ok()

    return execution, lambda: in_thread(lambda: runner.execute(execution.id, choose=choosing(script)))


# --- Replay and live ------------------------------------------------------------------------------


async def test_a_finished_run_is_replayed_from_any_place(finished: Execution, owner: User) -> None:
    whole = await sync_to_async(stored)(finished)
    assert await all_of(socket(finished, user=owner)) == whole
    for after in range(len(whole) + 1):
        communicator = socket(finished, user=owner, query=f"?after={after}")
        assert await all_of(communicator) == whole[after:]


async def test_a_run_is_followed_live_to_its_end(
    slow: tuple[Execution, Callable[[], threading.Thread]], owner: User
) -> None:
    execution, start = slow
    communicator = socket(execution, user=owner)
    await communicator.connect(timeout=10)
    arrivals: list[float] = []
    thread = start()
    events = []
    async for event in received(communicator):
        events.append(event)
        arrivals.append(time.monotonic())
    assert communicator.code == consumers.OVER
    assert events == await sync_to_async(stored)(execution)
    text = "".join(event["data"]["text"] for event in events if event["kind"] == "stdout")
    assert text == "".join(f"line {number}\n" for number in range(100))
    assert arrivals[-1] - arrivals[1] > 0.5  # It came while it was printed, not all at the end.
    await sync_to_async(thread.join)(10)


async def test_a_socket_dropped_and_resumed_many_times_loses_and_doubles_nothing(
    slow: tuple[Execution, Callable[[], threading.Thread]], owner: User
) -> None:
    execution, start = slow
    thread = start()
    seen: list[dict[str, Any]] = []
    connections_made = 0
    while not seen or seen[-1]["kind"] != "end":
        communicator = socket(execution, user=owner, query=f"?after={seen[-1]['seq'] if seen else 0}")
        assert (await communicator.connect(timeout=10))[0]
        connections_made += 1
        message = await communicator.receive_output(timeout=10)
        seen += json.loads(message["text"])
        await communicator.disconnect()
    assert connections_made > 3
    assert seen == await sync_to_async(stored)(execution)
    await sync_to_async(thread.join)(10)


async def test_a_follower_who_misses_every_ring_still_gets_everything(
    slow: tuple[Execution, Callable[[], threading.Thread]], owner: User, settings: Any
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.agents.executions.layers.DeafLayer"}}
    execution, start = slow
    communicator = socket(execution, user=owner)
    await communicator.connect(timeout=10)
    thread = start()
    events = [event async for event in received(communicator)]
    assert events == await sync_to_async(stored)(execution)
    await sync_to_async(thread.join)(10)


async def test_a_broken_channel_layer_stops_neither_runs_nor_followers(
    slow: tuple[Execution, Callable[[], threading.Thread]], owner: User, settings: Any
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.agents.executions.layers.BrokenLayer"}}
    execution, start = slow
    communicator = socket(execution, user=owner)
    await communicator.connect(timeout=10)
    thread = start()
    events = [event async for event in received(communicator)]
    assert events == await sync_to_async(stored)(execution)
    await sync_to_async(thread.join)(10)


async def test_a_slow_follower_gets_all_and_slows_nobody(
    slow: tuple[Execution, Callable[[], threading.Thread]], actor: Actor
) -> None:
    execution, start = slow
    began_at = time.monotonic()
    thread = start()
    events = []
    async for batch in follow.follow(actor, execution.id):
        events += [event.as_json() for event in batch]
        await asyncio.sleep(0.3)
        if not thread.is_alive():
            took = time.monotonic() - began_at
    assert events == await sync_to_async(stored)(execution)
    assert took < 10
    assert (await Execution.objects.aget(pk=execution.pk)).state == State.SUCCEEDED


async def test_a_flood_reaches_followers_in_order(queued: Make, owner: User) -> None:
    execution = await sync_to_async(queued)()

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        for number in range(20_000):
            yield out(f"{number}\n")
        yield ok()

    communicator = socket(execution, user=owner)
    await communicator.connect(timeout=10)
    thread = in_thread(lambda: runner.execute(execution.id, choose=choosing(script)))
    text = "".join([e["data"]["text"] async for e in received(communicator) if e["kind"] == "stdout"])
    assert text == "".join(f"{number}\n" for number in range(20_000))
    await sync_to_async(thread.join)(30)


async def test_a_ring_wakes_a_follower_before_it_looks_by_itself(
    in_state: Make, owner: User, settings: Any
) -> None:
    execution = await sync_to_async(in_state)(State.RUNNING)
    communicator = socket(execution, user=owner)
    await communicator.connect(timeout=10)
    await communicator.receive_output(timeout=10)
    delays = []
    for number in range(5):
        await asyncio.sleep(0.1 * number)
        written_at = time.monotonic()
        line = log.entry(EventKind.STDOUT, {"text": "x"})
        await sync_to_async(states.append)(execution.id, attempt=1, entries=[line])
        await communicator.receive_output(timeout=10)
        delays.append(time.monotonic() - written_at)
    assert sorted(delays)[2] < follow.LOOK_SECONDS / 4
    await communicator.disconnect()


async def test_a_closed_socket_leaves_nothing_behind(in_state: Make, owner: User) -> None:
    execution = await sync_to_async(in_state)(State.RUNNING)
    communicator = socket(execution, user=owner)
    await communicator.connect(timeout=10)
    await communicator.receive_output(timeout=10)
    layer = get_channel_layer()
    assert doorbell.group(execution.id) in layer.groups
    await communicator.disconnect()
    assert doorbell.group(execution.id) not in layer.groups


# --- Who may --------------------------------------------------------------------------------------


async def test_members_and_their_tokens_may_follow(
    finished: Execution, owner: User, viewer: User, workspace: Workspace
) -> None:
    token = await sync_to_async(factories.make_token)(owner, workspace, [Scope.EXECUTIONS_READ])
    whole = await sync_to_async(stored)(finished)
    assert await all_of(socket(finished, user=viewer)) == whole
    assert await all_of(socket(finished, token=token)) == whole


async def test_nobody_else_is_let_in_and_all_are_answered_alike(
    finished: Execution, owner: User, outsider: User, workspace: Workspace, other_workspace: Workspace
) -> None:
    foreign = await sync_to_async(factories.make_token)(outsider, other_workspace)
    narrow = await sync_to_async(factories.make_token)(owner, workspace, [Scope.AGENTS_READ])
    nowhere = "00000000-0000-4000-8000-000000000000"
    refused = [
        socket(finished),
        socket(finished, user=outsider),
        socket(finished, token=foreign),
        socket(finished, token=narrow),
        socket(finished, token="slt_unknown"),
        socket(nowhere, user=owner),
    ]
    for communicator in refused:
        assert await communicator.connect(timeout=10) == (False, consumers.NOT_FOUND)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "99999999999", "%00", "٣"])
async def test_an_after_that_is_no_number_is_refused(finished: Execution, owner: User, after: str) -> None:
    communicator = socket(finished, user=owner, query=f"?after={after}")
    assert await communicator.connect(timeout=10) == (False, consumers.BAD_REQUEST)


async def test_what_a_client_says_is_ignored(in_state: Make, owner: User) -> None:
    execution = await sync_to_async(in_state)(State.RUNNING)
    communicator = socket(execution, user=owner)
    await communicator.connect(timeout=10)
    await communicator.receive_output(timeout=10)
    await communicator.send_to(text_data="x" * 100_000)
    await communicator.send_to(bytes_data=b"\0")
    assert await communicator.receive_nothing(timeout=0.2)
    await communicator.disconnect()


@pytest.mark.parametrize("what", ["membership", "token", "account"])
async def test_who_loses_the_right_meanwhile_is_shown_out(
    in_state: Make, workspace: Workspace, what: str
) -> None:
    execution = await sync_to_async(in_state)(State.RUNNING)
    member = await sync_to_async(factories.make_member)(workspace, Role.EDITOR)
    token = await sync_to_async(factories.make_token)(member, workspace) if what == "token" else ""
    communicator = socket(execution, user=None if token else member, token=token, router=anxious)
    assert (await communicator.connect(timeout=10))[0]
    await communicator.receive_output(timeout=10)
    await sync_to_async(take_away)(what, member, workspace)
    assert [event async for event in received(communicator)] == []
    assert communicator.code == consumers.NOT_FOUND


def take_away(what: str, member: User, workspace: Workspace) -> None:
    if what == "membership":
        owner = factories.actor_for(User.objects.get(email="owner@example.org"), workspace)
        memberships.remove(by=owner, membership=Membership.objects.get(user=member))
    elif what == "token":
        ApiToken.objects.filter(user=member).update(revoked_at="2020-01-01T00:00Z")
    else:
        User.objects.filter(pk=member.pk).update(is_active=False)


# --- Server-sent events ---------------------------------------------------------------------------


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
