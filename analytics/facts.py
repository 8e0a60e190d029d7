"""Writing facts: each once, however often it is reported."""

from __future__ import annotations

from analytics.models import RunFact


def record_run(fact: RunFact) -> None:
    """Add the fact of a finished run. A second report of the same run changes nothing."""
    RunFact.objects.bulk_create([fact], ignore_conflicts=True)
