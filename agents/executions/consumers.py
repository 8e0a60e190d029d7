"""The websocket that follows one run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from agents.executions import follow
from agents.executions.models import Execution
from agents.executions.types import EventRecord
from workspaces.access import Actor
from workspaces.requests import socket_actor

logger = logging.getLogger(__name__)

NOT_FOUND: Final = 4404
BAD_REQUEST: Final = 4400
OVER: Final = 1000
TRY_AGAIN: Final = 1011
MAX_SEQ: Final = 2**31 - 1
MESSAGE_CHARACTERS: Final = 512 * 1024


class ExecutionConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """`/ws/v1/executions/<uuid>/?after=N`: each message is an array of events, numbered and in order.

    Closes with 1000 after `end`; with 4404, before or after it was accepted, for whoever may not see
    the run; with 4400 for an `after` that is no number. What the client sends is ignored.
    """

    def __init__(self, *, rights_seconds: float = follow.RIGHTS_SECONDS) -> None:
        super().__init__()
        self._rights_seconds = rights_seconds
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        execution_id: UUID = self.scope["url_route"]["kwargs"]["execution_id"]
        after = _after(self.scope)
        actor = await database_sync_to_async(_viewer)(self.scope, execution_id)
        if actor is None:
            await self.close(NOT_FOUND)
        elif after is None:
            await self.close(BAD_REQUEST)
        else:
            await self.accept()
            self._task = asyncio.create_task(self._follow(actor, execution_id, after))

    async def disconnect(self, code: int) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Followers have nothing to say."""

    async def _follow(self, actor: Actor, execution_id: UUID, after: int) -> None:
        try:
            batches = follow.follow(actor, execution_id, after=after, rights_seconds=self._rights_seconds)
            async with contextlib.aclosing(batches):
                async for events in batches:
                    for text in messages(events):
                        await self.send(text_data=text)
        except follow.NoLongerVisible:
            await self.close(NOT_FOUND)
        except Exception:
            logger.exception("Following run %s failed", execution_id)
            await self.close(TRY_AGAIN)
        else:
            await self.close(OVER)


def messages(events: Sequence[EventRecord]) -> Iterator[str]:
    """Arrays of events as JSON text, in order. One is longer than the bound only if its one event is."""
    held: list[str] = []
    room = MESSAGE_CHARACTERS
    for event in events:
        text = json.dumps(event.as_json())
        if held and len(text) > room:
            yield f"[{','.join(held)}]"
            held, room = [], MESSAGE_CHARACTERS
        held.append(text)
        room -= len(text)
    if held:
        yield f"[{','.join(held)}]"


def _viewer(scope: dict[str, Any], execution_id: UUID) -> Actor | None:
    """Who opened the socket, if they may see the run."""
    row = Execution.objects.filter(pk=execution_id).values_list("workspace_id", flat=True).first()
    actor = socket_actor(scope, row) if row is not None else None
    return actor if actor is not None and follow.may_follow(actor, execution_id) else None


def _after(scope: dict[str, Any]) -> int | None:
    """The number behind which to begin: 0 if none is given, None if it is no number."""
    text = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", ["0"])[-1]
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= MAX_SEQ else None
    )
