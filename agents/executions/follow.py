"""Following a run's log as it grows: one loop for websockets and server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from agents.executions import doorbell, log
from agents.executions.enums import EventKind
from agents.executions.models import Execution
from agents.executions.types import EventRecord
from workspaces import access
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import NotFound
from workspaces.models import ApiToken, User

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""How long a follower waits for the doorbell before it looks by itself."""
RIGHTS_SECONDS: Final = 5.0
"""How old the answer to "may they still see this?" may become."""
RETRY_SECONDS: Final = 1.0
BATCH_CHARACTERS: Final = 256 * 1024


class NoLongerVisible(Exception):
    """The follower lost the right to see the run, or the run is gone."""


def may_follow(actor: Actor, execution_id: UUID) -> bool:
    """Whether `actor` may see this run now, whatever they might when they began."""
    user = User.objects.filter(pk=actor.user.pk, is_active=True).first()
    if user is None:
        return False
    token = actor.token
    if token is not None and not ApiToken.objects.usable().filter(pk=token.pk).exists():
        return False
    try:
        now = access.actor(user=user, workspace=actor.workspace, source=actor.source, token=token)
    except NotFound:
        return False
    rows = Execution.objects.visible_to(now)
    return now.may(Scope.EXECUTIONS_READ) and bool(rows.filter(pk=execution_id).exists())


async def follow(
    actor: Actor, execution_id: UUID, *, after: int = 0, rights_seconds: float = RIGHTS_SECONDS
) -> AsyncGenerator[list[EventRecord]]:
    """The events that follow `after`, in batches, until and including `end`.

    An empty batch comes when nothing happened for a while. Each event comes once and in order, also
    when every ring of the doorbell is lost. Raises `NoLongerVisible` soon after the right to see the
    run is gone. Rights are to be checked before the first call, and are again every `rights_seconds`.
    """
    checked_at = time.monotonic()
    async with _doorbell(execution_id) as rung:
        while True:
            rung.clear()
            events = await database_sync_to_async(_read)(execution_id, after)
            if time.monotonic() - checked_at > rights_seconds:
                if not await database_sync_to_async(may_follow)(actor, execution_id):
                    raise NoLongerVisible
                checked_at = time.monotonic()
            yield events
            if events:
                after = events[-1].seq
                if events[-1].kind is EventKind.END:
                    return
            elif not await _wait(rung) and await database_sync_to_async(_is_over)(execution_id, after):
                return


def _read(execution_id: UUID, after: int) -> list[EventRecord]:
    """The next events: not more than fit into one message."""
    events = log.read(execution_id, after=after, limit=log.PAGE)
    size = 0
    for index, event in enumerate(events):
        size += len(event.data.get("text") or "") if isinstance(event.data.get("text"), str) else 200  # type: ignore[arg-type]  # a text, as just asked
        if size > BATCH_CHARACTERS:
            return events[: index + 1]
    return events


def _is_over(execution_id: UUID, after: int) -> bool:
    """Whether nothing can follow: the run is gone, or its `end` lies at or before `after`."""
    row = Execution.objects.filter(pk=execution_id).values_list("finished_at", "last_seq").first()
    return row is None or (row[0] is not None and after >= row[1])


async def _wait(rung: asyncio.Event) -> bool:
    """Until the doorbell rings, or it is time to look all the same."""
    try:
        await asyncio.wait_for(rung.wait(), LOOK_SECONDS)
    except TimeoutError:
        return False
    return True


@contextlib.asynccontextmanager
async def _doorbell(execution_id: UUID) -> AsyncIterator[asyncio.Event]:
    """An event that is set whenever the run's doorbell rings, as far as the channel layer delivers."""
    rung = asyncio.Event()
    ready = asyncio.Event()
    listener = asyncio.create_task(_listen(doorbell.group(execution_id), rung, ready))
    try:
        # Joined before the first look at the log, so that no ring falls between the two.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ready.wait(), LOOK_SECONDS)
        yield rung
    finally:
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener


async def _listen(group: str, rung: asyncio.Event, ready: asyncio.Event) -> None:
    layer = get_channel_layer()
    while True:
        try:
            channel = await layer.new_channel()
            await layer.group_add(group, channel)
            try:
                ready.set()
                while True:
                    await layer.receive(channel)
                    rung.set()
            finally:
                await layer.group_discard(group, channel)
        except Exception as error:
            logger.warning("The channel layer gives no rings; looking at the log instead: %r", error)
            await asyncio.sleep(RETRY_SECONDS)
