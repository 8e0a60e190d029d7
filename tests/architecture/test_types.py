"""The whole tree is typed."""

from __future__ import annotations

import pytest

from tests.architecture.tree import run_tool


@pytest.mark.timeout(600)
def test_mypy_strict_finds_nothing() -> None:
    code, output = run_tool("mypy", ".")
    assert code == 0, output
