"""A setting that makes no sense is named, in one line, before anything starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, SHIPPED


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PORT": "abc"}, "PORT cannot be 'abc'"),
        ({"RUN_LEASE_SECONDS": "1.5s"}, "RUN_LEASE_SECONDS cannot be '1.5s'"),
        ({"STUDIO_DATA_DIR": "/proc/nowhere"}, "No such file or directory: '/proc/nowhere'"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    env = {**os.environ, **SHIPPED, "STUDIO_DATA_DIR": str(tmp_path), **settings}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Sandloft cannot start with these settings: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
