"""Diffs that tools understand, in bounded time."""

from __future__ import annotations

import subprocess
from pathlib import Path
from time import monotonic

import pytest

from agents.registry import diffs
from agents.snapshots.types import SnapshotSpec
from tests.agents.registry import samples

LINES = "".join(f"line {number}\n" for number in range(100))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n", "b\n"),
        ("", "new\n"),
        ("gone\n", ""),
        ("no end", "no end\n"),
        ("a\nb", "a\nc"),
        (LINES, LINES.replace("line 5\n", "LINE 5\n").replace("line 90\n", "")),
        (LINES, "first\n" + LINES + "last\n"),
        ("same\n" * 50, "same\n" * 49),
        ("x\n" * 5 + "old\n" * 1500 + "y\n" * 5, "x\n" * 5 + "new\n" * 1500 + "y\n" * 5),
        ("crlf\r\nline\r\n", "crlf\r\nother\r\n"),
        ("page\fbreak\nx\n", "page\fbreak\ny\n"),
        ("a\u2028b\nc\n", "a\u2028b\nd\n"),
    ],
)
def test_applying_it_makes_the_new_file_of_the_old(old: str, new: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(old.encode())
    patch = diffs.unified("f", old, new).encode()
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn"],
        input=patch,
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=20,
    )
    left = (tmp_path / "f").read_bytes() if (tmp_path / "f").exists() else b""
    assert (done.returncode, left) == (0, new.encode()), done.stderr


def test_a_small_change_is_a_small_diff() -> None:
    diff = diffs.unified("f", LINES, LINES.replace("line 50\n", "LINE\n"))
    head, *lines = diff.split("@@ -48,7 +48,7 @@\n")
    assert head == "--- a/f\n+++ b/f\n"
    assert lines == [" line 47\n line 48\n line 49\n-line 50\n+LINE\n line 51\n line 52\n line 53\n"]


def test_many_large_files_take_seconds_at_most() -> None:
    old = "".join(f"{number * 7919 % 3001}\n" for number in range(900))
    new = "".join(reversed(old.splitlines(keepends=True)))
    before = SnapshotSpec("python", {f"f{n}.py": old for n in range(200)}, "f0.py")
    after = SnapshotSpec("python", {f"f{n}.py": new for n in range(200)}, "f0.py")
    start = monotonic()
    assert len(diffs.files(before, after)) == 200
    assert monotonic() - start < 20


def test_settings_that_differ_are_named() -> None:
    before, after = samples.code(), SnapshotSpec("python", {"main.py": ""}, "main.py", None)
    assert diffs.settings(before, after) == [diffs.SettingDiff("entry_point", "main", None)]
