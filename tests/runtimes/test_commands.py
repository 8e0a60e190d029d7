from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes import commands
from runtimes.commands import InvalidCommand
from runtimes.types import MIB, Command, Language, Limits


def make(**fields: Any) -> Command:
    usual: dict[str, Any] = {"language": Language.PYTHON, "files": {"main.py": "pass"}, "entry": "main.py"}
    return Command(**{**usual, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"files": {"main.py": "", "a/b/c.txt": "x", "A/b": "y", "weird name é.txt": "z", ".env": ""}},
        {"files": {"main.py": "", "Main.py": ""}},
        {"entry_point": "main"},
        {"entry_point": "naïve"},
        {"stdin": "a\0b\ud800"},
        {"args": ("", "a b", "é"), "env": {"A_1": "", "PYTHONHASHSEED": "1"}},
        {"input": {"a": [1, None, 1.5, "\0\ud800"]}, "context": {"a": 1, "_b": 2}},
        {"language": Language.BASH, "files": {"run": ""}, "entry": "run", "entry_point": "do-it"},
        {"files": {f"f{n}.py": "" for n in range(999)} | {"main.py": ""}},
    ],
)
def test_good_commands(fields: dict[str, Any]) -> None:
    commands.validate(make(**fields))


def _file(name: str) -> dict[str, Any]:
    return {"files": {"main.py": "", name: ""}}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"files": {}}, "files"),
        ({"files": ["main.py"]}, "files"),
        ({"files": {f"f{n}": "" for n in range(1001)}}, "files"),
        ({"files": {"main.py": "x" * (10 * MIB + 1)}}, "files"),
        ({"files": {"main.py": "é" * (5 * MIB + 1)}}, "files"),
        ({"files": {"main.py": 5}}, "files/main.py"),
        ({"files": {"main.py": "a\nb\ud800"}}, "files/main.py"),
        (_file("../x"), "files/../x"),
        (_file("/etc/x"), "files//etc/x"),
        (_file("a\0b"), "files/a\\x00b"),
        (_file("a\nb"), "files/a\\nb"),
        (_file("a\\b"), "files/a\\\\b"),
        (_file("./x"), "files/./x"),
        (_file("a//b"), "files/a//b"),
        (_file("a/"), "files/a/"),
        (_file("."), "files/."),
        (_file(".."), "files/.."),
        (_file("a/../b"), "files/a/../b"),
        (_file(" a"), "files/ a"),
        (_file(""), "files"),
        (_file("x" * 101), f"files/{'x' * 101}"),
        (_file("/".join("a" * 17)), f"files/{'/'.join('a' * 17)}"),
        (_file("a/" * 130 + "b"), "files"),
        (_file("x\ud800"), "files/x\\ud800"),
        ({"files": {"main.py": "", "a": "", "a/b": ""}}, "files/a/b"),
        ({"files": {"main.py": "", "a/b": "", "a/b/c/d": ""}}, "files/a/b/c/d"),
        ({"entry": "other.py"}, "entry"),
        ({"entry": None}, "entry"),
        ({"files": {"-c.py": ""}, "entry": "-c.py"}, "entry"),
        ({"files": {"main.txt": ""}, "entry": "main.txt"}, "entry"),
        ({"entry_point": ""}, "entry_point"),
        ({"entry_point": "a b"}, "entry_point"),
        ({"entry_point": "class"}, "entry_point"),
        ({"entry_point": "os.system"}, "entry_point"),
        ({"entry_point": "a" * 101}, "entry_point"),
        (
            {
                "language": Language.JAVASCRIPT,
                "files": {"main.js": ""},
                "entry": "main.js",
                "entry_point": "a;b",
            },
            "entry_point",
        ),
        ({"args": ("a\0b",)}, "args/0"),
        ({"args": ("ok", "\udc80")}, "args/1"),
        ({"args": ("x",) * 257}, "args"),
        ({"args": ("x" * 130_000,)}, "args/0"),
        ({"args": ("x" * 100_000,) * 11}, "args"),
        ({"env": {"1A": ""}}, "env"),
        ({"env": {"A=B": ""}}, "env"),
        ({"env": {"": ""}}, "env"),
        ({"env": {"LD_PRELOAD": "x"}}, "env/LD_PRELOAD"),
        ({"env": {"RESULT_PATH": "x"}}, "env/RESULT_PATH"),
        ({"env": {"A": "\0"}}, "env/A"),
        ({"env": {"A": 5}}, "env/A"),
        ({"stdin": b"x"}, "stdin"),
        ({"context": {"a b": 1}}, "context"),
        ({"context": {"__name__": 1}}, "context"),
        ({"context": {"class": 1}}, "context"),
        ({"context": {"a": float("nan")}}, "context"),
        ({"input": float("inf")}, "input"),
        ({"input": {"a": {1, 2}}}, "input"),
        ({"input": {1: 2}}, "input"),
        ({"input": 10**5000}, "input"),
        ({"input": "x" * (10 * MIB + 1)}, "input"),
    ],
)
def test_bad_commands_name_the_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidCommand) as caught:
        commands.validate(make(**fields))
    assert caught.value.field == field
    assert caught.value.message


def test_a_deep_input_is_refused_without_recursion() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidCommand, match="deeper"):
        commands.validate(make(input=value))


@given(st.text(max_size=40))
def test_a_path_that_passes_stays_below_its_folder(path: str) -> None:
    try:
        commands.validate_path(path)
    except InvalidCommand:
        return
    parts = path.split("/")
    assert not path.startswith("/")
    assert all(part not in ("", ".", "..") for part in parts)
    assert "\0" not in path
    assert "\\" not in path
    path.encode()


@pytest.mark.parametrize("name", ["wall_seconds", "memory_bytes", "open_files", "processes", "disk_bytes"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), None])
def test_impossible_limits_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidCommand) as caught:
        commands.validate_limits(Limits(**{name: value}))
    assert caught.value.field == f"limits/{name}"
