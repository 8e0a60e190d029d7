"""The numbered log of each run: the only module that writes and reads events.

Events are numbered from 1 without gaps, in the order in which they were written; nothing changes or
removes them. Every write raises the run's `last_seq` in the statement that also checks who may
write (`agents.executions.states`), so numbers are given once even if two processes believe that
they own the run.

What `data` holds, by kind:

=========  ==================================================================================
status     `{"status": "queued" | "running" | "cancelling"}`; with `running` also `runtime`,
           `runtime_reason`, `isolation` and `attempt`; with `cancelling` also `by` and `reason`
stdout     `{"text": "..."}`, at most 64 KiB of UTF-8; a line may span several events
stderr     the same
progress   `{"percent": 40.0, "message": "..."}`
result     `{"result": any JSON}`, once, of a run that has one
artifact   `{"name": "a/b.csv", "media_type": "text/csv", "size_bytes": 12, "url": "/api/v1/..."}`
error      `{"type", "message", "traceback", "file", "line", "limit"}`: `runtimes.types.RunError`
end        `{"status": a final state, "exit_code": int | null, "timings": {...}, "usage": {...}}`:
           the last event of every finished run, written together with its final state
=========  ==================================================================================

Output is gathered: a stream gives at most 20 events a second, the first at once, and is never
reordered. Between the two streams the order holds to within that twentieth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from agents.executions import doorbell
from agents.executions.enums import EventKind
from agents.executions.models import Event, Execution
from agents.executions.types import Entry, EventRecord, JsonObject

ROW_BYTES: Final = 64 * 1024
PAGE: Final = 200
"""How many events are read at once by those who read all."""


def entry(kind: EventKind, data: JsonObject, *, ts: datetime | None = None) -> Entry:
    return Entry(kind, data, ts or timezone.now())


def insert(execution_id: UUID, entries: Sequence[Entry]) -> None:
    """Write entries under the numbers just reserved for them: for `states`, inside its transaction."""
    if not entries:
        return
    last: int = Execution.objects.values_list("last_seq", flat=True).get(pk=execution_id)
    first = last - len(entries) + 1
    Event.objects.bulk_create(
        [
            Event(execution_id=execution_id, seq=first + offset, ts=line.ts, kind=line.kind, data=line.data)
            for offset, line in enumerate(entries)
        ],
        batch_size=100,
    )
    doorbell.ring(execution_id)


def read(execution_id: UUID, *, after: int = 0, limit: int = 1000) -> list[EventRecord]:
    """Up to `limit` events whose numbers follow `after`, in order."""
    rows = Event.objects.filter(execution_id=execution_id, seq__gt=after).order_by("seq")
    return [EventRecord(execution_id, row.seq, row.ts, EventKind(row.kind), row.data) for row in rows[:limit]]


def read_all(execution_id: UUID) -> Iterator[EventRecord]:
    """The whole log, a page at a time."""
    after = 0
    while page := read(execution_id, after=after, limit=PAGE):
        yield from page
        after = page[-1].seq


def output(execution_id: UUID) -> tuple[str, str]:
    """All of stdout and all of stderr of a run."""
    rows = Event.objects.filter(execution_id=execution_id, kind__in=[EventKind.STDOUT, EventKind.STDERR])
    texts: dict[str, list[str]] = {EventKind.STDOUT: [], EventKind.STDERR: []}
    for kind, data in rows.order_by("seq").values_list("kind", "data"):
        texts[kind].append(data["text"])
    return "".join(texts[EventKind.STDOUT]), "".join(texts[EventKind.STDERR])


def pieces(text: str) -> Iterator[str]:
    """`text` in parts of at most `ROW_BYTES` of UTF-8."""
    size = ROW_BYTES if text.isascii() else ROW_BYTES // 4
    for start in range(0, len(text), size):
        yield text[start : start + size]
