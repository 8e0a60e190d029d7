"""The README's table of settings and what the code reads from the environment are the same set."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.tree import ROOT, sources

ENV_CALLS = {"str", "bool", "int", "float", "list", "json", "url", "db"}
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "PATH", "CI"}
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \|", re.MULTILINE)


def read_by_settings() -> set[str]:
    """Names in `env.<type>("NAME", …)` of studio/settings.py."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / "studio/settings.py").read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ENV_CALLS
        ):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "env" and isinstance(node.args[0], ast.Constant):
                names.add(str(node.args[0].value))
    return names


def read_past_settings(path: Path) -> set[str]:
    """Names in `os.environ[…]`, `os.environ.get(…)` and `os.getenv(…)`."""
    found = re.findall(r"os\.(?:environ(?:\.get)?|getenv)[\[(]\s*\"(\w+)\"", path.read_text("utf-8"))
    return set(found) - NOT_OURS


def documented() -> set[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    table = text.split("\n## Settings\n", 1)[1].split("\n## ", 1)[0]
    return set(ROW.findall(table))


def test_the_table_names_exactly_what_is_read() -> None:
    assert documented() == read_by_settings()


def test_nothing_reads_the_environment_past_the_settings() -> None:
    packages = ("workspaces", "runtimes", "analytics", "agents", "studio")
    assert {str(path): names for path in sources(*packages) if (names := read_past_settings(path))} == {}


def test_the_reader_finds_what_is_read(tmp_path: Path) -> None:
    module = tmp_path / "x.py"
    module.write_text('import os\nA = os.environ["A_B"]\nB = os.environ.get("C")\nC = os.getenv("D")\n')
    assert read_past_settings(module) == {"A_B", "C", "D"}
    assert {"HOST", "PORT", "DATABASE_URL", "REDIS_URL"} <= read_by_settings()
