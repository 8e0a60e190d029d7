"""Packages import downhill only; the contracts stand in pyproject.toml."""

from __future__ import annotations

from tests.architecture.tree import run_tool


def test_import_contracts_hold() -> None:
    code, output = run_tool("lint-imports", "--no-cache")
    assert code == 0, output
    assert "0 broken" in output
