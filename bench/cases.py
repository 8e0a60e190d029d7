"""Measuring: samples of one thing, taken in turn with those of another."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypedDict

# The interpreter itself: what PATH calls `python3` may be a script that looks for it.
PYTHON: Final = str(Path(sys.executable).resolve())
BARE: Final = (PYTHON, "-I", "-S", "-c", "pass")
BARE_NAME: Final = "python3 -I -S -c pass"


class Case(TypedDict):
    """One line of the table. `ratio` is p50 by that of the baseline, or per_second where that counts."""

    name: str
    p50_ms: float
    p95_ms: float
    per_second: float
    baseline: str
    ratio: float
    n: int


def timed_ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def bare() -> None:
    """Start and end of the bare interpreter."""
    subprocess.run(BARE, check=True, stdin=subprocess.DEVNULL)


def in_turn(
    work: Callable[[], object], beside: Callable[[], object], *, n: int
) -> tuple[list[float], list[float]]:
    """`n` samples of each, alternating, so that both meet the same noise."""
    work()
    beside()
    pairs = [(timed_ms(work), timed_ms(beside)) for _ in range(n)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def case(
    name: str,
    samples_ms: Sequence[float],
    *,
    per_second: float | None = None,
    baseline: str = "",
    baseline_ms: Sequence[float] = (),
) -> Case:
    """`per_second` is that of one caller after the other, unless it was measured with several."""
    p50 = statistics.median(samples_ms)
    beside = statistics.median(baseline_ms) if baseline_ms else 0.0
    return Case(
        name=name,
        p50_ms=round(p50, 4),
        p95_ms=round(percentile(samples_ms, 0.95), 4),
        per_second=round(per_second if per_second is not None else 1000 / p50, 1),
        baseline=baseline,
        ratio=round(p50 / beside, 3) if beside else 0.0,
        n=len(samples_ms),
    )


def percentile(samples: Sequence[float], share: float) -> float:
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
