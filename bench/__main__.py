"""`python -m bench`: measure, print one table, and write bench/results/latest.json."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import http, routing
from bench.cases import BARE, BARE_NAME, Case, bare, case, in_turn

RESULTS: Final = Path(__file__).resolve().parent / "results" / "latest.json"
COLUMNS: Final = ("name", "p50_ms", "p95_ms", "per_second", "ratio", "n", "baseline")
BUBBLEWRAP: Final = (
    "--ro-bind",
    "/",
    "/",
    "--unshare-all",
    "--die-with-parent",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
)
Source = Callable[[], Iterable[Case]]


def main() -> int:
    found: list[Case] = []
    print(_row({name: name for name in COLUMNS}))
    for source in sources():
        for measured in source():
            found.append(measured)
            print(_row(measured), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine(), "cases": found}, indent=2) + "\n")
    print(f"\nWritten to {RESULTS}")
    return 0


def sources() -> Iterable[Source]:
    """Each is a function `cases()`. The engine's own are in `bench.engine`."""
    yield interpreters
    yield routing.cases
    if importlib.util.find_spec("bench.engine") is not None:
        engine: Source = importlib.import_module("bench.engine").cases
        yield engine
    yield http.cases


def interpreters() -> Iterable[Case]:
    """What others cost here: the bare interpreter, and bubblewrap around it where that is installed."""
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        yield case("bare_python", in_turn(bare, bare, n=40)[0], baseline=BARE_NAME)
        return
    wrapped, bares = in_turn(lambda: _run(bubblewrap, *BUBBLEWRAP, *BARE), bare, n=40)
    yield case("bare_python", bares, baseline=BARE_NAME, baseline_ms=bares)
    yield case("bubblewrap_python", wrapped, baseline=BARE_NAME, baseline_ms=bares)


def machine() -> dict[str, object]:
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "root": os.geteuid() == 0,
        "bubblewrap": shutil.which("bwrap") is not None,
        "load_before": round(_LOAD, 2),
    }


_LOAD: Final = os.getloadavg()[0]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _run(*args: str) -> None:
    subprocess.run(args, check=True, stdin=subprocess.DEVNULL)


def _row(values: Mapping[str, object]) -> str:
    name, *numbers, baseline = (str(values[column]) for column in COLUMNS)
    return f"{name:28}" + "".join(f"{number:>11}" for number in numbers) + f"  {baseline}"


if __name__ == "__main__":
    sys.exit(main())
