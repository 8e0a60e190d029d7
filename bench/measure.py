"""Interleaved measuring: what is compared runs by turns, so that a busy machine slows both."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    p50_ms: float | None
    p95_ms: float | None
    per_second: float | None
    baseline: str
    ratio: float | None
    """To the baseline, by medians; of times, less is better; of rates, more."""
    n: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def interleaved(
    actions: dict[str, Callable[[], object]], n: int, before: Callable[[str], None]
) -> dict[str, list[float]]:
    """Milliseconds of each action, `n` times by turns; `before` waits until one may start."""
    seen: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(n):
        for name, action in actions.items():
            before(name)
            seen[name].append(timed(action))
    return seen


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def compared(name: str, values: list[float], baseline: str, base: list[float]) -> Case:
    """A latency, with the ratio of the medians of two series that were taken by turns."""
    p50 = statistics.median(values)
    ratio = p50 / statistics.median(base)
    return Case(name, p50, percentile(values, 0.95), None, baseline, ratio, len(values))


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def machine() -> dict[str, Any]:
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": pages,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "user": "root" if os.geteuid() == 0 else "ordinary",
        "load": os.getloadavg()[0],
    }
