"""An in-memory channel layer that may be used from every thread and event loop of one process.

The stock layer puts a message on an `asyncio.Queue` in the thread of the sender: that resolves the
receiver's future without waking the receiver's loop, so that messages are late or lost. Here each
channel remembers the loop that receives on it, and a send from elsewhere is handed over to that loop.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer


class ThreadSafeInMemoryChannelLayer(InMemoryChannelLayer):  # type: ignore[misc]  # channels has no types
    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self._owners: dict[str, asyncio.AbstractEventLoop] = {}
        self._lock = threading.RLock()
        self.dropped = 0
        """How many messages found their channel full. A doorbell may be missed: the log is the truth."""

    async def new_channel(self, prefix: str = "specific.") -> str:
        name: str = await super().new_channel(prefix)
        self._own(name)
        return name

    async def receive(self, channel: str) -> dict[str, Any]:
        self._own(channel)
        message: dict[str, Any] = await super().receive(channel)
        return message

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        with self._lock:
            owner = self._owners.get(channel)
        if owner is None or owner is asyncio.get_running_loop():
            await super().send(channel, message)
        elif not owner.is_closed():
            delivery = asyncio.run_coroutine_threadsafe(super().send(channel, message), owner)
            await asyncio.wrap_future(delivery)

    async def group_add(self, group: str, channel: str) -> None:
        with self._lock:
            await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        with self._lock:
            await super().group_discard(group, channel)
            if not any(channel in members for members in self.groups.values()):
                self._owners.pop(channel, None)

    def listened_to(self, group: str) -> bool:
        """Whether a message to `group` would reach anybody now."""
        with self._lock:
            return bool(self.groups.get(group))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.require_valid_group_name(group)
        with self._lock:
            members = list(self.groups.get(group, ()))
        for channel in members:
            try:
                await self.send(channel, message)
            except ChannelFull:
                self._count_drop()

    def _own(self, channel: str) -> None:
        with self._lock:
            self._owners[channel] = asyncio.get_running_loop()

    def _count_drop(self) -> None:
        with self._lock:
            self.dropped += 1
