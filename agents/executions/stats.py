"""Sums over runs."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from agents.executions.enums import UNFINISHED, State
from agents.executions.models import Execution
from analytics import reports


def of_runs(rows: QuerySet[Execution]) -> dict[str, Any]:
    """How often the runs in `rows` ended in which way, and what the finished ones used."""
    counted = rows.order_by().values("state").annotate(count=Count("pk")).values_list("state", "count")
    by_status = {State(state): count for state, count in counted}
    total = sum(by_status.values())
    unfinished = sum(count for state, count in by_status.items() if state in UNFINISHED)
    succeeded = by_status.get(State.SUCCEEDED, 0)
    cancelled = by_status.get(State.CANCELLED, 0)
    finished = total - unfinished
    return {
        "total": total,
        "succeeded": succeeded,
        "failed": finished - succeeded - cancelled,
        "unfinished": unfinished,
        "success_rate": succeeded / finished if finished else None,
        "by_status": {state.value: count for state, count in by_status.items()},
        **reports.of_runs(rows.order_by().values("pk")),
        **rows.aggregate(first_at=Min("queued_at"), last_at=Max("queued_at")),
    }
