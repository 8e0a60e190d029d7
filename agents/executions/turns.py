"""Whose queued run is next: shared fairly by workspaces.

A task is a ticket for one run, whichever's turn it is. The turn is that of the workspace with the
fewest runs under way, among equals the one that this process served longest ago; of its queued
runs, the oldest. So a workspace that has queued a thousand runs delays the first run of another
by no more than the slot that comes free next.

Tickets and queued runs are as many: a ticket that finds nothing had a run that was cancelled, and
a run whose ticket is gone is given another by the reaper.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Q

from agents.executions import leases, runner
from agents.executions.enums import State
from agents.executions.models import Execution
from agents.executions.states import WRITING
from runtimes import dispatch, router
from workspaces.exceptions import Busy
from workspaces.models import Workspace

TRIES: Final = 100
"""How many runs one ticket may find taken by others before it gives up; the reaper looks after the rest."""

_lock = threading.Lock()
_served: dict[int, float] = {}
"""When this process last took a run of each workspace that had some queued."""


def use_ticket(*, choose: dispatch.Choose = router.choose) -> State | None:
    """Run the run whose turn it is; its final state, or None if there was none for us."""
    taken: set[UUID] = set()
    while len(taken) < TRIES and not leases.stop.thrown:
        execution_id = following(taken)
        if execution_id is None:
            return None
        state = runner.execute(execution_id, choose=choose)
        if state is not None:
            return state
        taken.add(execution_id)  # Somebody was faster.
    return None


def following(taken: set[UUID]) -> UUID | None:
    """The queued run whose turn it is, leaving out those `taken`; None if none waits."""
    queued = Execution.objects.filter(state=State.QUEUED).exclude(pk__in=taken)
    heads: dict[int, datetime] = dict(
        queued.order_by().values_list("workspace").annotate(head=Min("queued_at"))
    )
    if not heads:
        return None
    workspace = _turn(heads)
    rows = queued.filter(workspace_id=workspace).order_by("queued_at", "pk")
    return rows.values_list("pk", flat=True).first()


def position(execution: Execution) -> int | None:
    """Where a queued run stands among those of its workspace, from 1; None if it does not wait."""
    if execution.state != State.QUEUED:
        return None
    earlier = Q(queued_at__lt=execution.queued_at) | Q(queued_at=execution.queued_at, pk__lt=execution.pk)
    return (
        1 + Execution.objects.filter(earlier, workspace_id=execution.workspace_id, state=State.QUEUED).count()
    )


def refuse_more_than_allowed(workspace: Workspace) -> None:
    """`Busy` if the workspace now has more runs queued than it may.

    Called after adding one, in the same transaction. Those who add at the same moment count one
    after the other, so that each sees what the others have added.
    """
    # Not the key: inserting a run holds that, and two who wanted more would wait for each other.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    waiting = Execution.objects.filter(workspace=workspace, state=State.QUEUED).count()
    if waiting > settings.RUN_QUEUE_LIMIT:
        raise Busy(
            f"{waiting - 1} runs of this workspace wait already, as many as may. "
            "Try again when some have ended, or cancel some.",
            retry_after_seconds=5,
        )


def _turn(heads: Mapping[int, datetime]) -> int:
    """The workspace that is served next; noted as served now."""
    running: dict[int, int] = dict(
        Execution.objects.filter(state__in=WRITING, workspace_id__in=list(heads))
        .order_by()
        .values_list("workspace")
        .annotate(count=Count("pk"))
    )
    with _lock:
        for workspace in _served.keys() - heads.keys():
            del _served[workspace]
        turn = min(heads, key=lambda one: (running.get(one, 0), _served.get(one, 0.0), heads[one]))
        _served[turn] = time.monotonic()
    return turn
