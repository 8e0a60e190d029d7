"""A production-like environment passes Django's own deployment checks without a warning."""

from __future__ import annotations

import os
from pathlib import Path

from tests.architecture.tree import run_tool
from tests.servers import SHIPPED


def check_deploy(data_dir: Path, **settings: str) -> tuple[int, str]:
    env = {**os.environ, **SHIPPED, "STUDIO_DATA_DIR": str(data_dir), **settings}
    return run_tool("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING", env=env)


def test_behind_https_nothing_is_to_be_said(tmp_path: Path) -> None:
    code, output = check_deploy(
        tmp_path, PUBLIC_URL="https://studio.example.com", ALLOWED_HOSTS="studio.example.com"
    )
    assert (code, output.strip()) == (0, "System check identified no issues (0 silenced).")


def test_without_https_the_check_warns(tmp_path: Path) -> None:
    code, output = check_deploy(tmp_path)
    assert code == 1
    assert "security.W012" in output
