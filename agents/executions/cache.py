"""Answers of earlier runs, for runs that their caller declares pure.

Off unless a caller asks for it with `cache: true`. Kept is what a run answered that was declared
pure and succeeded: its result, output and exit code. Runs that left artifacts are not kept, and
lines of progress are not repeated. Whoever asks the same in the same workspace gets the answer,
and a run of its own in the history that says so. Nothing is shared between workspaces: the
workspace is part of the key, and of every query.

Equal runs at the same moment both run; the later answer stays.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Avg, Count, F, Min, Q, QuerySet, Sum
from django.utils import timezone

from agents.executions import endings, log
from agents.executions.enums import EventKind, State
from agents.executions.models import CACHE, CachedResult, Execution
from agents.executions.types import Ending, Entry, JsonObject, RunRequest, limits_as_json
from runtimes.types import Outcome, Status
from workspaces import audit
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.models import Workspace

logger = logging.getLogger(__name__)

_FORMAT: Final = 1
"""Part of each key: raised when an old answer would no longer be given by the same request."""
_SECRETS_REVISION: Final = ""
"""No run is given secrets, so they cannot have changed."""
_ROW_BYTES: Final = 512
"""What a row costs besides its texts, roughly."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What a workspace's cache holds and has done."""

    entries: int
    bytes: int
    oldest_at: datetime | None
    average_run_ms: float | None
    """How long the programs ran whose answers are held."""
    hits: int
    """Runs ever that were answered without running."""
    hit_rate: float | None
    """Of all runs declared pure; None if there were none."""


def key_of(workspace: Workspace, request: RunRequest) -> str:
    """A digest of the workspace and of everything that may decide what a pure program answers.

    The code with its dependencies is in the snapshot's hash. The order of names in objects counts:
    programs see it.
    """
    asked = [
        _FORMAT,
        str(workspace.pk),
        request.snapshot.pk,
        request.input,
        dict(request.context),
        request.stdin,
        list(request.args),
        dict(request.env),
        limits_as_json(request.limits),
        request.runtime,
        _SECRETS_REVISION,
    ]
    text = json.dumps(asked, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find(workspace: Workspace, request: RunRequest) -> CachedResult | None:
    """The answer kept for this request, if it is not too old."""
    return _held(workspace).filter(key=key_of(workspace, request), created_at__gt=_oldest()).first()


def reason(found: CachedResult) -> str:
    """In words for people, for the record of a run that `found` answers."""
    at = found.created_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"cache: declared pure, and answered as the equal run {str(found.execution_id)[:8]} of {at} was."


def replay(row: Execution, found: CachedResult) -> None:
    """End `row`, a stored run that has just begun, with the answer of `found`. Inside a transaction."""
    outcome = Outcome(
        status=Status.SUCCEEDED, has_result=found.has_result, result=found.result, exit_code=found.exit_code
    )
    endings.finish(row, Ending(State.SUCCEEDED, outcome), entries=_entries(row, found))
    _held(row.workspace).filter(pk=found.pk).update(hits=F("hits") + 1, used_at=timezone.now())


def keep(execution: Execution) -> None:
    """Keep the answer of a run that succeeded. What cannot be kept is left out: the run has ended well."""
    try:
        if execution.artifacts.exists():
            return
        row = _answer(execution)
        if row.size_bytes <= settings.RESULT_CACHE_MAX_BYTES:
            _store(row)
    except DatabaseError as error:
        logger.warning("The answer of run %s was not kept: %s", execution.id, error)


def expire() -> int:
    """Drop what is too old to be given, in all workspaces; how many."""
    return CachedResult.objects.filter(created_at__lte=_oldest()).delete()[0]


def stats(*, by: Actor) -> Stats:
    by.require(Scope.EXECUTIONS_READ)
    held = (
        _held(by.workspace)
        .filter(created_at__gt=_oldest())
        .aggregate(
            entries=Count("pk"), bytes=Sum("size_bytes"), average=Avg("run_ms"), oldest=Min("created_at")
        )
    )
    pure = Execution.objects.filter(workspace=by.workspace).exclude(cache_key="")
    asked = pure.aggregate(all=Count("pk"), hits=Count("pk", filter=Q(runtime=CACHE)))
    return Stats(
        entries=held["entries"],
        bytes=held["bytes"] or 0,
        oldest_at=held["oldest"],
        average_run_ms=held["average"],
        hits=asked["hits"],
        hit_rate=asked["hits"] / asked["all"] if asked["all"] else None,
    )


def clear(*, by: Actor, older_than: timedelta | None = None) -> int:
    """Drop the workspace's answers, or those older than that; how many there were."""
    by.require(Scope.EXECUTIONS_WRITE)
    rows = _held(by.workspace)
    if older_than is not None:
        rows = rows.filter(created_at__lt=timezone.now() - older_than)
    with transaction.atomic():
        deleted = rows.delete()[0]
        after: dict[str, Any] = {"entries_deleted": deleted}
        if older_than is not None:
            after["older_than_hours"] = older_than / timedelta(hours=1)
        audit.record(by=by, action="cache.cleared", target=by.workspace, label="Result cache", after=after)
    return deleted


def _held(workspace: Workspace) -> QuerySet[CachedResult]:
    """Where every look at answers begins: those of one workspace."""
    return CachedResult.objects.filter(workspace=workspace)


def _oldest() -> datetime:
    """What was kept at this moment or before is too old."""
    return timezone.now() - timedelta(seconds=settings.RESULT_CACHE_SECONDS)


def _entries(row: Execution, found: CachedResult) -> list[Entry]:
    """What the log says before the result and the end."""
    began: JsonObject = {
        "status": State.RUNNING.value,
        "attempt": row.attempt,
        "runtime": row.runtime,
        "runtime_reason": row.runtime_reason,
        "isolation": row.isolation,
    }
    streams = ((EventKind.STDOUT, found.stdout), (EventKind.STDERR, found.stderr))
    return [
        log.entry(EventKind.STATUS, began),
        *(log.entry(kind, {"text": piece}) for kind, text in streams for piece in log.pieces(text)),
    ]


def _answer(execution: Execution) -> CachedResult:
    stdout, stderr = log.output(execution.id)
    now = timezone.now()
    texts = json.dumps([execution.result, stdout, stderr], ensure_ascii=True, separators=(",", ":"))
    return CachedResult(
        workspace_id=execution.workspace_id,
        key=execution.cache_key,
        execution_id=execution.pk,
        has_result=execution.has_result,
        result=execution.result,
        stdout=stdout,
        stderr=stderr,
        exit_code=execution.exit_code,
        run_ms=execution.timings.get("run_ms", 0.0),
        size_bytes=_ROW_BYTES + len(texts),
        created_at=now,
        used_at=now,
    )


_ANSWER: Final = (
    *("execution", "has_result", "result", "stdout", "stderr", "exit_code"),
    *("run_ms", "size_bytes", "created_at", "used_at"),
)


def _store(row: CachedResult) -> None:
    """Write `row` over an older answer to the same, and make room for it."""
    with transaction.atomic():
        # One at a time, so that two who store at once do not each find room. SQLite does that by itself.
        Workspace.objects.select_for_update(no_key=True).filter(pk=row.workspace_id).exists()
        CachedResult.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["workspace", "key"], update_fields=_ANSWER
        )
        _make_room(row.workspace_id)


def _make_room(workspace_id: Any) -> None:
    """Drop what is too old, then what was not used for longest, until the workspace's rest fits."""
    rows = CachedResult.objects.filter(workspace_id=workspace_id)
    rows.filter(created_at__lte=_oldest()).delete()
    excess = (rows.aggregate(total=Sum("size_bytes"))["total"] or 0) - settings.RESULT_CACHE_MAX_BYTES
    dropped = []
    for pk, size in rows.order_by("used_at", "pk").values_list("pk", "size_bytes").iterator():
        if excess <= 0:
            break
        dropped.append(pk)
        excess -= size
    for start in range(0, len(dropped), 500):
        rows.filter(pk__in=dropped[start : start + 500]).delete()
