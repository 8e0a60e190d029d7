"""The verbs of runs: start, run and wait, cancel, run again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias, cast
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Length
from django.utils import timezone

from agents.executions import cache, endings, leases, log, queue, runner, slots, states, turns
from agents.executions.enums import FINISHED, EventKind, Kind, State
from agents.executions.exceptions import StillRunning
from agents.executions.models import CACHE, Execution
from agents.executions.requests import newest_version
from agents.executions.types import Ending, RunRequest, limits_as_json, limits_of
from runtimes import dispatch, router
from runtimes.types import JSON, Status
from workspaces import audit
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import Conflict, Invalid, Unavailable, Unprocessable
from workspaces.fields import JsonTextField

RerunMode: TypeAlias = Literal["same", "newest", "edit"]
_UNSET: Any = object()
LISTED_CHARACTERS: Final = 8 * 1024
"""Longer inputs and results are left out of lists, which could otherwise be hundreds of megabytes."""


def visible(by: Actor) -> QuerySet[Execution]:
    """The runs `by` may see, with what their JSON and pages show."""
    by.require(Scope.EXECUTIONS_READ)
    rows = Execution.objects.visible_to(by)
    return rows.select_related("workspace", "snapshot", "agent", "version", "user", "token")


def listed(rows: QuerySet[Execution]) -> QuerySet[Execution]:
    """`rows` for a list: `short_input` and `short_result` are what is small, the rest is not read."""

    def short(name: str) -> Case:
        small = When(**{f"{name}_length__lte": LISTED_CHARACTERS}, then=F(name))
        return Case(small, default=None, output_field=JsonTextField(null=True))

    return (
        rows.defer("input", "result", "context", "stdin", "args", "env")
        .annotate(input_length=Length("input"), result_length=Length("result"))
        .annotate(short_input=short("input"), short_result=short("result"))
        .prefetch_related("artifacts__blob")
    )


def correlated(by: Actor, correlation_id: str) -> QuerySet[Execution]:
    """The visible runs with this correlation id, or with that of the run that has this id."""
    rows = visible(by)
    same = Q(correlation_id=correlation_id.replace("\0", "")[:64])
    try:
        first = rows.filter(pk=UUID(correlation_id)).first()
    except ValueError:
        first = None
    if first is not None:
        same |= Q(pk=first.pk)
        same |= Q(correlation_id=first.correlation_id) if first.correlation_id else Q()
    return rows.filter(same)


def start(*, by: Actor, request: RunRequest) -> Execution:
    """Queue a run and return its row, which has ended if the result cache had its answer.

    `Busy` when as many runs of the workspace wait as may.
    With an idempotency key that was used before for the same request, the run of then;
    `Unprocessable` if it was used for another.
    """
    by.require(Scope.EXECUTIONS_WRITE)
    answered = _from_cache(by, request)
    if answered is not None:
        return answered
    now = timezone.now()
    row = _row(by, request)
    row.enqueued_at = now
    row.last_seq = 1
    with transaction.atomic():
        existing = _insert(row)
        if existing is not None:
            return existing
        turns.refuse_more_than_allowed(by.workspace)
        log.insert(row.id, [log.entry(EventKind.STATUS, {"status": State.QUEUED.value}, ts=now)])
        queue.enqueue(row.id)
    return row


def run_inline(*, by: Actor, request: RunRequest, choose: dispatch.Choose = router.choose) -> Execution:
    """Run in this thread and return the finished run.

    `Busy` when too many callers wait already, `Unavailable` while the server stops. With an
    idempotency key that was used before, the run of then; `StillRunning` if that has not ended.
    The run goes on to its end and is kept even if the caller has gone away.
    """
    by.require(Scope.EXECUTIONS_WRITE)
    if leases.stop.thrown:
        raise Unavailable("The server is stopping. Try again in a moment.")
    answered = _from_cache(by, request)
    if answered is not None:
        return _ended(answered)
    with slots.take(by.workspace.pk):
        row = _running_row(by, request)
        existing = _insert(row)
        if existing is not None:
            return _ended(existing)
        if runner.run(row, waited_for=True, choose=choose) is None:
            row.refresh_from_db()
    return row


def cancel(*, by: Actor, execution: Execution, reason: str = "") -> Execution:
    """End a run: at once if it is queued, else within moments. A run that has ended stays as it is.

    Cancelling again changes nothing: the first to ask is the one who is named.
    """
    by.require(Scope.EXECUTIONS_WRITE)
    execution.cancelled_by, execution.cancel_reason = str(by)[:254], _one_line(reason)[:300]
    execution.cancel_requested_at = timezone.now()
    with transaction.atomic():
        if _cancel_queued(execution) or _cancel_running(execution):
            audit.record(
                by=by,
                action="execution.cancelled",
                target=execution,
                after={"reason": execution.cancel_reason} if execution.cancel_reason else None,
            )
            running = execution.id
            transaction.on_commit(lambda: leases.keeper.throw(running))
    return visible(by).get(pk=execution.pk) if by.may(Scope.EXECUTIONS_READ) else _fresh(execution)


def rerun(
    *,
    by: Actor,
    execution: Execution,
    mode: RerunMode = "same",
    input: JSON = _UNSET,
    idempotency_key: str | None = None,
    fingerprint: str = "",
) -> Execution:
    """Queue a run like `execution`.

    `same`: its code, input and settings. `newest`: the agent's active or newest version with the same
    input. `edit`: its code with another `input`.
    """
    if (mode == "edit") != (input is not _UNSET):
        raise Invalid("An input is given with the mode `edit`, and only with it.")
    request = RunRequest(
        kind=Kind(execution.kind),
        snapshot=execution.snapshot,
        agent=execution.agent,
        version=execution.version,
        input=execution.input if input is _UNSET else input,
        context=execution.context,
        stdin=execution.stdin,
        args=tuple(execution.args),
        env=execution.env,
        limits=limits_of(execution.limits),
        runtime=execution.requested_runtime,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        rerun_of=execution.id,
    )
    if execution.agent is not None and execution.agent.deleted_at is not None:
        raise Conflict("The agent is in the trash. Restore it first.")
    return start(by=by, request=_with_newest(request) if mode == "newest" else request)


def _with_newest(request: RunRequest) -> RunRequest:
    if request.agent is None:
        raise Conflict("This was a run of ad hoc code, which has no versions.")
    version = newest_version(request.agent)
    return replace(request, kind=Kind.AGENT, version=version, snapshot=version.snapshot)


def _from_cache(by: Actor, request: RunRequest) -> Execution | None:
    """A run that ended at once with an answer kept earlier; None if there is none, or it is not asked for.

    With an idempotency key that was used before, the run of then.
    """
    found = cache.find(by.workspace, request) if request.cache else None
    if found is None:
        return None
    row = _running_row(by, request)
    row.runtime, row.runtime_reason = CACHE, cache.reason(found)
    with transaction.atomic():
        existing = _insert(row)
        if existing is None:
            cache.replay(row, found)
    return existing or row


def _running_row(by: Actor, request: RunRequest) -> Execution:
    """The row of a run that begins in this process as soon as it is stored."""
    row = _row(by, request)
    row.state, row.attempt, row.started_at = State.RUNNING, 1, timezone.now()
    row.lease_owner = leases.keeper.owner
    row.lease_until = states.lease_end()
    return row


def _row(by: Actor, request: RunRequest) -> Execution:
    return Execution(
        workspace=by.workspace,
        kind=request.kind,
        agent=request.agent,
        version=request.version,
        snapshot=request.snapshot,
        rerun_of_id=request.rerun_of,
        input=request.input,
        context=dict(request.context),
        stdin=request.stdin,
        args=list(request.args),
        env=dict(request.env),
        limits=limits_as_json(request.limits),
        requested_runtime=request.runtime,
        user=by.user,
        token=by.token,
        source=by.source,
        correlation_id=(request.correlation_id or by.request_id)[:64],
        idempotency_key=request.idempotency_key,
        idempotency_fingerprint=request.fingerprint,
        cache_key=cache.key_of(by.workspace, request) if request.cache else "",
    )


def _insert(row: Execution) -> Execution | None:
    """Insert the row; if its idempotency key has a run already, return that one instead."""
    if row.idempotency_key is None:
        row.save(force_insert=True)
        return None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
        return None
    except IntegrityError:
        existing = Execution.objects.filter(
            workspace_id=row.workspace_id, user=row.user, idempotency_key=row.idempotency_key
        ).first()
        if existing is None:
            raise
    if existing.idempotency_fingerprint != row.idempotency_fingerprint:
        raise Unprocessable("This Idempotency-Key was used for another request.")
    return existing


def _ended(execution: Execution) -> Execution:
    if execution.state not in FINISHED:
        raise StillRunning(f"The run of this Idempotency-Key, {execution.id}, has not ended yet.")
    return execution


def _cancel_queued(execution: Execution) -> bool:
    """End a run that nobody has claimed; False if somebody has."""
    execution_now = _fresh(execution)
    outcome = endings.unstarted(
        Status.CANCELLED, type="Cancelled", message=runner.cancelled_message(execution)
    )
    return endings.finish(
        execution_now,
        Ending(State.CANCELLED, outcome),
        values=_who(execution),
        only_from=frozenset({State.QUEUED}),
    )


def _cancel_running(execution: Execution) -> bool:
    """Tell whoever runs it; False if it has ended, or is being cancelled."""
    data = {"status": State.CANCELLING.value, "by": execution.cancelled_by, "reason": execution.cancel_reason}
    return states.move(
        execution.id,
        attempt=_fresh(execution).attempt,
        to=State.CANCELLING,
        entries=[log.entry(EventKind.STATUS, cast("dict[str, JSON]", data))],
        values=_who(execution),
    )


def _who(execution: Execution) -> dict[str, object]:
    names = ("cancelled_by", "cancel_reason", "cancel_requested_at")
    return {name: getattr(execution, name) for name in names}


def _fresh(execution: Execution) -> Execution:
    return Execution.objects.select_related("workspace", "snapshot", "agent", "version").get(pk=execution.pk)


def _one_line(text: str) -> str:
    """Without what a database or a line of the log cannot hold."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
