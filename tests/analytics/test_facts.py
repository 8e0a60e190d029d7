"""Facts: counted once, kept after what they describe is gone, summed in reports."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from analytics import facts, reports
from analytics.models import RunFact

pytestmark = pytest.mark.django_db


def fact(execution_id: UUID, **values: Any) -> RunFact:
    usual = {"organization_id": 1, "workspace_id": 1, "kind": "adhoc", "source": "api", "language": "python"}
    usual |= {"status": "succeeded", "finished_at": timezone.now()}
    return RunFact(execution_id=execution_id, **(usual | values))


def test_a_run_that_is_reported_twice_is_one_fact_and_the_first_report_counts() -> None:
    identity = uuid4()
    facts.record_run(fact(identity, status="succeeded"))
    facts.record_run(fact(identity, status="failed"))
    assert [(row.execution_id, row.status) for row in RunFact.objects.all()] == [(identity, "succeeded")]


def test_a_report_is_over_the_runs_it_is_asked_for() -> None:
    runs = [uuid4() for _ in range(3)]
    for number, identity in enumerate(runs, start=1):
        facts.record_run(fact(identity, run_ms=10 * number, cpu_ms=number, peak_memory_bytes=100 * number))
    asked = RunFact.objects.filter(execution_id__in=runs[:2]).values("execution_id")
    assert reports.of_runs(asked) == {"mean_run_ms": 15.0, "mean_cpu_ms": 1.5, "peak_memory_bytes": 200}


def test_a_report_over_nothing_says_that_nothing_is_known() -> None:
    assert reports.of_runs(RunFact.objects.none().values("execution_id")) == {
        "mean_run_ms": None,
        "mean_cpu_ms": None,
        "peak_memory_bytes": None,
    }
