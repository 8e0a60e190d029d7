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
from django.urls import path

from agents.executions import consumers, doorbell, follow, log, runner, states
from agents.executions.enums import EventKind, State
from agents.executions.models import Execution
from agents.routing import websocket_urlpatterns
from runtimes.types import Cancellation, Command, Limits, RunEvents
from tests import factories
from tests.agents.executions.scripted import choosing, in_thread, ok, out, stored
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
