"""What the health routes and their report say."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from runtimes import meters
from runtimes.breakers import Admission
from studio import health
from studio.health import Runtime, Service, Status

WELL = Service(Status.HEALTHY, 1.0)
GONE = Service(Status.OFFLINE, 1.0, "gone")


def runtime(*, ok: bool) -> Runtime:
    reason = "" if ok else "forbidden here"
    return Runtime("local", ok, reason, "namespaces", ("python",), {"sandbox": ok}, meters.of("local").read())


def test_all_well_is_healthy() -> None:
    assert health.overall({"database": WELL, "broker": WELL}, [runtime(ok=True)]) is Status.HEALTHY


def test_a_part_missing_is_degraded() -> None:
    assert health.overall({"database": WELL, "broker": GONE}, [runtime(ok=True)]) is Status.DEGRADED
    assert health.overall({"database": WELL}, [runtime(ok=True), runtime(ok=False)]) is Status.DEGRADED


def test_a_runtime_that_keeps_failing_is_degraded() -> None:
    breaker = meters.of("local").breaker
    for _ in range(5):
        breaker.leave(Admission.USUAL, well=False)
    assert health.overall({"database": WELL}, [runtime(ok=True)]) is Status.DEGRADED


def test_the_report_says_what_went_where_and_why(api: APIClient) -> None:
    api.post("/api/v1/code/execute", {"code": "1"}, format="json")
    seen = api.get("/api/v1/health/detailed").json()["runtimes"][0]["seen"]
    assert (seen["runs"], seen["failures"], seen["consecutive_failures"]) == (1, 0, 0)
    assert [(one["language"], one["reason"]) for one in seen["decisions"]] == [
        ("python", "local: runs Python in namespaces with no network.")
    ]
    assert seen["start"]["p95_ms"] >= seen["start"]["p50_ms"] > 0
    assert seen["total"]["samples"] == 1


def test_without_a_database_or_a_runtime_it_is_offline() -> None:
    assert health.overall({"database": GONE}, [runtime(ok=True)]) is Status.OFFLINE
    assert health.overall({"database": WELL}, [runtime(ok=False)]) is Status.OFFLINE
    assert health.overall({"database": WELL}, []) is Status.OFFLINE


def test_the_report_asks_every_part(api: APIClient) -> None:
    report = api.get("/api/v1/health/detailed").json()
    parts = {name: part["status"] for name, part in report["services"].items()}
    assert parts == {
        "database": "healthy",
        "broker": "healthy",
        "workers": "offline",  # Tests start no worker threads.
        "channel_layer": "healthy",
        "storage": "healthy",
    }
    assert report["status"] == "degraded"
    assert [place["name"] for place in report["runtimes"]] == ["local"]
    assert report["runtimes"][0]["ok"] is True
    assert report["runtimes"][0]["seen"]["breaker"] == "closed"
    assert all(part["response_ms"] >= 0 for part in report["services"].values())


def test_alive_needs_no_database(client: Client) -> None:
    """Proved by the absence of the `db` fixture: a query would fail the test."""
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.django_db
def test_not_ready_says_so_and_nothing_else(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})
