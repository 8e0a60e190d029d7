"""`python -m bench`: measure, print one table, write bench/results/latest.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import engine

RESULTS = Path(__file__).parent / "results" / "latest.json"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def table(found: dict[str, Any]) -> str:
    lines = [f"{'case':24}{'p50 ms':>9}{'p95 ms':>9}{'per s':>9}{'ratio':>8}{'n':>5}  to"]
    for case in found["cases"]:
        numbers = f"{_number(case['p50_ms'], '.2f'):>9}{_number(case['p95_ms'], '.2f'):>9}"
        numbers += f"{_number(case['per_second'], '.0f'):>9}{_number(case['ratio'], '.3f'):>8}{case['n']:>5}"
        lines.append(f"{case['name']:24}{numbers}  {case['baseline']}")
    for language, size in found["memory_per_warm"].items():
        lines.append(f"memory per warm {language}: {size / (1 << 20):.1f} MiB (PSS, with its watcher)")
    return "\n".join(lines)


def main() -> None:
    found = engine.measure()
    print(table(found))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
