"""Finding runs that nobody looks after any more: whose worker died, or whose task vanished."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from agents.executions import cache, endings, queue, runner
from agents.executions.enums import State
from agents.executions.models import Execution
from agents.executions.types import Ending
from runtimes.types import Status

logger = logging.getLogger(__name__)

LOST: Final = (
    "The worker that ran this was killed or lost its connection, and nobody can say how far it came. "
    "Its output so far was kept. It was not run again by itself, because it may have had effects."
)


@dataclass(frozen=True, slots=True)
class Reaped:
    lost: int
    requeued: int


def reap() -> Reaped:
    """End the runs whose lease is over, and hand those to the queue that wait unclaimed for too long.

    Also drops answers of the result cache that are too old to be given.

    May run in any number of processes at once.
    """
    reaped = Reaped(_end(_abandoned(Q(lease_until__lt=Now()))), _requeue(_forgotten()))
    cache.expire()
    return reaped


def reconcile() -> Reaped:
    """The same at the start of the only process: no lease of before means anything, nor does its queue."""
    return Reaped(_end(_abandoned(Q())), _requeue(Execution.objects.filter(state=State.QUEUED)))


def _abandoned(condition: Q) -> list[tuple[Execution, Q]]:
    rows = Execution.objects.select_related("workspace", "snapshot", "agent", "version")
    running = rows.filter(condition, state__in=[State.RUNNING, State.CANCELLING]).order_by("lease_until")
    # The condition is checked again in the statement that ends the run: it may have been renewed since.
    return [(execution, condition) for execution in running]


def _end(abandoned: list[tuple[Execution, Q]]) -> int:
    return sum(_end_one(execution, condition) for execution, condition in abandoned)


def _end_one(execution: Execution, condition: Q) -> bool:
    for origin, ending in (
        (State.CANCELLING, _ending(State.CANCELLED, "Cancelled", runner.cancelled_message(execution))),
        (State.RUNNING, _ending(State.LOST, "WorkerLost", LOST)),
    ):
        if endings.finish(execution, ending, only_from=frozenset({origin}), when=condition):
            logger.warning("Run %s of %s is %s", execution.id, execution.lease_owner, ending.state)
            return True
    return False


def _ending(state: State, type: str, message: str) -> Ending:
    return Ending(state, endings.unstarted(Status.FAILED, type=type, message=message))


def _forgotten() -> QuerySet[Execution]:
    """Queued runs that were not handed over, or so long ago that their task may be gone.

    Each time the patience is at least as long as the run has waited before: under a long backlog a
    run gets few tasks too many.
    """
    patience = timedelta(seconds=settings.RUN_REQUEUE_SECONDS)
    waited = ExpressionWrapper(F("enqueued_at") - F("queued_at"), DurationField())
    waits = ExpressionWrapper(Now() - F("enqueued_at"), DurationField())
    rows = Execution.objects.filter(state=State.QUEUED).annotate(waited=waited, waits=waits)
    return rows.filter(Q(enqueued_at__isnull=True) | Q(waits__gt=patience, waits__gte=F("waited")))


def _requeue(waiting: QuerySet[Execution]) -> int:
    now = timezone.now()
    rows = list(waiting.only("id", "queued_at", "enqueued_at").order_by("enqueued_at"))
    return sum(_requeue_one(execution, now) for execution in rows)


def _requeue_one(execution: Execution, now: datetime) -> bool:
    """Hand it over once, however many look at the same time. A second task for one run does no harm."""
    mine = Execution.objects.filter(pk=execution.pk, state=State.QUEUED, enqueued_at=execution.enqueued_at)
    if not mine.update(enqueued_at=now):
        return False
    queue.enqueue(execution.pk)
    return True
