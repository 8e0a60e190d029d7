"""Telling followers that a run's log has grown.

A ring carries nothing and may be lost: the log is the truth, and every follower also looks by
itself now and then. Rings are sent from one thread of their own, so that a slow or absent channel
layer never holds up a run; rings of one run that wait there become one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from typing import Final
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

MESSAGE: Final = {"type": "execution.rang"}
SEND_SECONDS: Final = 2.0
REST_SECONDS: Final = 5.0
"""How long nothing is sent after the channel layer failed."""


def group(execution_id: UUID) -> str:
    """The channel layer group of a run's followers."""
    return f"execution.{execution_id.hex}"


def ring(execution_id: UUID) -> None:
    """Wake the followers of a run once the current transaction is committed."""
    transaction.on_commit(lambda: _ring(execution_id))


def _ring(execution_id: UUID) -> None:
    """Not where nobody listens, if the layer knows: who comes later reads the log first."""
    listened_to = getattr(get_channel_layer(), "listened_to", None)
    if listened_to is None or listened_to(group(execution_id)):
        _ringer.ring(execution_id)


class _Ringer:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[UUID, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung = asyncio.Event()

    def ring(self, execution_id: UUID) -> None:
        with self._lock:
            self._waiting[execution_id] = None
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._serve, args=[self._loop], name="doorbell", daemon=True).start()
        self._loop.call_soon_threadsafe(self._rung.set)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._send_for_ever())

    async def _send_for_ever(self) -> None:
        rests_until = 0.0
        while True:
            await self._rung.wait()
            waiting = self._take()
            if time.monotonic() < rests_until:
                continue
            try:
                await asyncio.wait_for(_send(waiting), SEND_SECONDS)
            except Exception as error:
                log.warning("The channel layer took no ring; followers look by themselves: %r", error)
                rests_until = time.monotonic() + REST_SECONDS

    def _take(self) -> list[UUID]:
        with self._lock:
            self._rung.clear()
            waiting = list(self._waiting)
            self._waiting.clear()
            return waiting


async def _send(execution_ids: list[UUID]) -> None:
    layer = get_channel_layer()
    for execution_id in execution_ids:
        await layer.group_send(group(execution_id), dict(MESSAGE))


_ringer = _Ringer()


def _forget() -> None:
    """Threads do not survive a fork: a worker process starts its own."""
    global _ringer  # noqa: PLW0603  # one ringer per process
    _ringer = _Ringer()


os.register_at_fork(after_in_child=_forget)
