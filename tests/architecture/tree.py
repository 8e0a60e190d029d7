"""The repository as the architecture tests see it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("workspaces", "runtimes", "analytics", "agents", "studio")


def run_tool(name: str, *args: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit status and output of a program of this virtual environment, run at the root."""
    program = Path(sys.executable).parent / name
    done = subprocess.run(
        [program, *args], cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False
    )
    return done.returncode, done.stdout + done.stderr


def sources(*folders: str) -> Iterator[Path]:
    """Our own Python files, without migrations."""
    for folder in folders or (*PACKAGES, "tests", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "vendor" not in path.parts:
                yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
