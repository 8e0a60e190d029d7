"""Reading facts."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Max, QuerySet

from analytics.models import RunFact


def of_runs(execution_ids: QuerySet[Any]) -> dict[str, float | int | None]:
    """What these runs used on average and at most; None where no fact is known."""
    return RunFact.objects.filter(execution_id__in=execution_ids).aggregate(
        mean_run_ms=Avg("run_ms"), mean_cpu_ms=Avg("cpu_ms"), peak_memory_bytes=Max("peak_memory_bytes")
    )
