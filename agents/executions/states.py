"""Every change of a run's state: by compare-and-set against the table of moves, with its log lines.

A change names the run, the attempt it speaks for and the states it may come from, all in one
statement: `UPDATE ... WHERE id AND attempt AND state IN (...)`. Whoever comes late changes nothing
and is told so. Leases are kept by the clock of the database, so that hosts need not agree on time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from agents.executions import log
from agents.executions.enums import MOVES, State
from agents.executions.exceptions import Superseded
from agents.executions.models import Execution
from agents.executions.types import Entry

WRITING = frozenset({State.RUNNING, State.CANCELLING})
"""The states in which the owner of the attempt may add to the log."""


def lease_end() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)


def sources(to: State) -> frozenset[State]:
    """The states from which `to` may follow."""
    return frozenset(state for state, following in MOVES.items() if to in following)


def move(
    execution_id: UUID,
    *,
    attempt: int,
    to: State,
    only_from: frozenset[State] | None = None,
    when: Q | None = None,
    entries: Sequence[Entry] = (),
    values: Mapping[str, Any] | None = None,
) -> bool:
    """Move a run to `to`, set `values` and write `entries`; or change nothing and answer False.

    `only_from` narrows the states the table allows; `when` adds a condition on the row.
    """
    origins = sources(to) if only_from is None else sources(to) & only_from
    with transaction.atomic(savepoint=False):
        rows = Execution.objects.filter(when or Q(), pk=execution_id, attempt=attempt, state__in=origins)
        if not rows.update(state=to, last_seq=F("last_seq") + len(entries), **(values or {})):
            return False
        log.insert(execution_id, entries)
    return True


def append(
    execution_id: UUID, *, attempt: int, entries: Sequence[Entry], values: Mapping[str, Any] | None = None
) -> None:
    """Add to the log of a run that this attempt owns; `Superseded` if it no longer does."""
    with transaction.atomic(savepoint=False):
        rows = Execution.objects.filter(pk=execution_id, attempt=attempt, state__in=WRITING)
        owned = rows.update(last_seq=F("last_seq") + len(entries), **(values or {})) == 1
        if owned:
            log.insert(execution_id, entries)
    if not owned:
        raise Superseded(f"Attempt {attempt} no longer owns run {execution_id}.")


def claim(execution_id: UUID, *, owner: str) -> Execution | None:
    """Take a queued run: it is now running, its attempt is one higher, its lease is ours.

    None for a run that somebody else took, that ended, or that is gone.
    """
    queued = Execution.objects.select_related("workspace", "snapshot", "agent", "version")
    execution = queued.filter(pk=execution_id, state=State.QUEUED).first()
    if execution is None:
        return None
    started_at = timezone.now()
    taken = move(
        execution_id,
        attempt=execution.attempt,
        to=State.RUNNING,
        values={
            "attempt": execution.attempt + 1,
            "lease_owner": owner,
            "lease_until": lease_end(),
            "started_at": started_at,
        },
    )
    if not taken:
        return None
    execution.state, execution.started_at = State.RUNNING, started_at
    execution.attempt += 1
    return execution
