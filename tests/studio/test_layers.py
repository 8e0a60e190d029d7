"""The in-memory channel layer delivers to whichever loop waits, from whichever thread sends."""

from __future__ import annotations

import asyncio
import threading

from asgiref.sync import async_to_sync

from studio.layers import ThreadSafeInMemoryChannelLayer

BURST = 500


def layer(capacity: int = BURST) -> ThreadSafeInMemoryChannelLayer:
    return ThreadSafeInMemoryChannelLayer(capacity=capacity)


async def receive(layer: ThreadSafeInMemoryChannelLayer, channel: str, count: int) -> list[int]:
    return [(await layer.receive(channel))["n"] for _ in range(count)]


def send_all(layer: ThreadSafeInMemoryChannelLayer, group: str, count: int) -> None:
    for number in range(count):
        async_to_sync(layer.group_send)(group, {"type": "x", "n": number})


async def test_a_burst_from_a_thread_arrives_whole_and_in_order() -> None:
    shared = layer()
    channel = await shared.new_channel()
    await shared.group_add("g", channel)
    sender = threading.Thread(target=send_all, args=[shared, "g", BURST])
    sender.start()
    got = await asyncio.wait_for(receive(shared, channel, BURST), 20)
    sender.join()
    assert (got, shared.dropped) == (list(range(BURST)), 0)


async def test_a_waiting_receiver_is_woken_at_once() -> None:
    """The stock layer leaves it asleep until its loop has something else to do."""
    shared = layer()
    channel = await shared.new_channel()
    await shared.group_add("g", channel)
    waiting = asyncio.create_task(shared.receive(channel))
    await asyncio.sleep(0)
    await asyncio.get_running_loop().run_in_executor(None, send_all, shared, "g", 1)
    assert (await asyncio.wait_for(waiting, 5))["n"] == 0


async def test_a_full_channel_drops_and_counts() -> None:
    shared = layer(capacity=3)
    channel = await shared.new_channel()
    await shared.group_add("g", channel)
    await asyncio.get_running_loop().run_in_executor(None, send_all, shared, "g", 10)
    assert shared.dropped == 7
    assert await receive(shared, channel, 3) == [0, 1, 2]


async def test_leaving_the_last_group_forgets_the_channel() -> None:
    shared = layer()
    channel = await shared.new_channel()
    await shared.group_add("g", channel)
    await shared.group_discard("g", channel)
    await shared.group_send("g", {"type": "x", "n": 1})
    assert (shared.channels, shared._owners) == ({}, {})


def test_a_loop_that_is_gone_does_not_hold_up_the_sender() -> None:
    shared = layer()

    async def join() -> None:
        await shared.group_add("g", await shared.new_channel())

    asyncio.run(join())
    async_to_sync(shared.group_send)("g", {"type": "x", "n": 1})
    assert shared.dropped == 0
