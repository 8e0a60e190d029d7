"""What is remembered of runtimes."""

from __future__ import annotations

from runtimes import meters, registry
from runtimes.breakers import BreakerState
from runtimes.meters import DECISIONS, ENOUGH, SAMPLES, Meter, Spread
from tests.runtimes.scripted import Scripted


def test_a_new_runtime_has_done_nothing() -> None:
    reading = Meter().read()
    assert (reading.runs, reading.failures, reading.start, reading.total) == (0, 0, None, None)
    assert (reading.breaker, reading.decisions) == (BreakerState.CLOSED, ())


def test_latencies_are_of_the_last_runs() -> None:
    meter = Meter()
    for number in range(1, SAMPLES + 101):
        meter.began(float(number))
        meter.ended(2.0 * number, failed=False)
    reading = meter.read()
    assert reading.runs == SAMPLES + 100
    assert reading.start == Spread(p50_ms=201.0, p95_ms=291.0, samples=SAMPLES)
    assert reading.total == Spread(p50_ms=402.0, p95_ms=582.0, samples=SAMPLES)
    assert meter.median_start_ms == 201.0


def test_few_runs_make_no_median() -> None:
    meter = Meter()
    for _ in range(ENOUGH - 1):
        meter.began(1.0)
    assert meter.median_start_ms is None


def test_failures_are_counted_and_no_latency() -> None:
    meter = Meter()
    meter.ended(5.0, failed=True)
    reading = meter.read()
    assert (reading.runs, reading.failures, reading.total) == (1, 1, None)


def test_the_last_decisions_are_kept_newest_first() -> None:
    meter = Meter()
    for number in range(DECISIONS + 10):
        meter.decided(language="python", reason=str(number))
    reasons = [decision.reason for decision in meter.read().decisions]
    assert reasons == [str(number) for number in range(DECISIONS + 9, 9, -1)]


def test_whoever_takes_a_name_begins_anew() -> None:
    meters.of("spare").ended(1.0, failed=True)
    registry.register("spare", lambda: Scripted("spare"))
    assert meters.of("spare").read().runs == 0
    meters.of("spare").ended(1.0, failed=True)
    registry.unregister("spare")
    assert meters.of("spare").read().runs == 0
