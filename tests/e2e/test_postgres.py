"""The tests of models and verbs, once more on a real PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests import servers

pytestmark = [pytest.mark.scaleout, pytest.mark.xdist_group("postgres"), pytest.mark.timeout(590)]

SUITES = [
    "tests/workspaces",
    "tests/agents/snapshots",
    "tests/agents/registry",
    "tests/agents/executions",
    "tests/analytics",
]


def test_models_and_verbs_hold_on_postgresql() -> None:
    suites = [suite for suite in SUITES if (servers.ROOT / suite).is_dir()]
    with servers.postgres() as database:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:xdist", *suites],
            cwd=servers.ROOT,
            env={**os.environ, "DATABASE_URL": database},
            capture_output=True,
            text=True,
            timeout=580,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 100
