from __future__ import annotations

import json
from pathlib import Path

from runtimes.sandbox.vendor import fetch

ROOT = Path(__file__).parents[2]


def test_the_binaries_are_the_pinned_ones() -> None:
    assert fetch.faults() == []


def test_the_front_end_uses_the_same_esbuild() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    assert lock["packages"]["node_modules/esbuild"]["version"] == fetch.manifest()["esbuild"]["version"]
