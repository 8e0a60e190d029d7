"""What reads alike: ruff, sizes, and a reason next to every silenced check."""

from __future__ import annotations

import re

from tests.architecture.tree import functions, relative, run_tool, sources

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
UNEXPLAINED = re.compile(r"#\s*(?:type:\s*ignore(?:\[[\w, -]+\])?|noqa(?::\s*[A-Z0-9, ]+)?)\s*$")
BARE = re.compile(r"#\s*(?:type:\s*ignore(?!\[)|noqa(?!:))")
JUNK_ROOMS = {"utils", "helpers", "common", "core", "services", "misc"}


def test_ruff_finds_nothing() -> None:
    code, output = run_tool("ruff", "check", "--no-cache", ".")
    assert code == 0, output


def test_ruff_would_format_nothing() -> None:
    code, output = run_tool("ruff", "format", "--no-cache", "--check", ".")
    assert code == 0, output


def test_files_are_short() -> None:
    lengths = {relative(path): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{relative(path)}:{node.lineno} {node.name}": lines
        for path in sources()
        for node in functions(path)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_silenced_checks_give_a_reason() -> None:
    silent = [
        f"{relative(path)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNEXPLAINED.search(line) or BARE.search(line)
    ]
    assert silent == []


def test_the_pattern_for_silenced_checks_tells_them_apart() -> None:
    assert UNEXPLAINED.search("x = 1  # type" + ": ignore[misc]")
    assert UNEXPLAINED.search("x = 1  # no" + "qa: S104")
    assert BARE.search("x = 1  # no" + "qa  # because")
    assert not UNEXPLAINED.search("x = 1  # type" + ": ignore[misc]  # channels has no types")
    assert not BARE.search("x = 1  # no" + "qa: S104  # compared, not bound")


def test_no_module_is_a_junk_room() -> None:
    assert [relative(path) for path in sources() if path.stem in JUNK_ROOMS] == []
