"""What is different between two snapshots of an agent, file by file."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from agents.snapshots.types import SnapshotSpec
from runtimes.types import JSON

CONTEXT: Final = 3
LONGEST: Final = 1_000
BUDGET: Final = 20_000
"""Changed parts of more lines, in one file and in all, are shown as replaced and not compared line by
line: that takes time by the square."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    path: str
    change: str
    """`added`, `removed` or `changed`."""
    diff: str
    """Unified diff of its lines."""


@dataclass(frozen=True, slots=True)
class SettingDiff:
    name: str
    before: JSON
    after: JSON


def files(before: SnapshotSpec, after: SnapshotSpec) -> list[FileDiff]:
    """The files that differ, by path."""
    found = []
    budget = BUDGET
    for path in sorted({*before.files, *after.files}):
        old, new = before.files.get(path), after.files.get(path)
        if old != new:
            change = "added" if old is None else "removed" if new is None else "changed"
            found.append(FileDiff(path, change, unified(path, old, new, longest=min(LONGEST, budget))))
            budget = max(0, budget - (old or "").count("\n") - (new or "").count("\n"))
    return found


def settings(before: SnapshotSpec, after: SnapshotSpec) -> list[SettingDiff]:
    """The settings that differ, by name."""
    old, new = _settings(before), _settings(after)
    return [SettingDiff(name, old[name], new[name]) for name in old if old[name] != new[name]]


def unified(path: str, old: str | None, new: str | None, *, longest: int = LONGEST) -> str:
    """A unified diff that `patch` understands; None stands for a file that is not there."""
    a, b = _lines(old or ""), _lines(new or "")
    names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
    lines = [f"--- {names[0]}\n", f"+++ {names[1]}\n"]
    for group in _hunks(a, b, longest):
        lines += _hunk(group, a, b)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """As `patch` counts them: a form feed or a U+2028 ends no line."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


_Opcode = tuple[str, int, int, int, int]


def _hunks(a: list[str], b: list[str], longest: int) -> Iterator[list[_Opcode]]:
    """Opcodes in groups with a few equal lines around. Equal heads and tails are not compared again."""
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
    rest = zip(reversed(a[head:]), reversed(b[head:]), strict=False)
    tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
    start, end_a, end_b = max(0, head - CONTEXT), len(a) - tail, len(b) - tail
    if max(end_a, end_b) - head > longest:
        after = min(CONTEXT, tail)
        yield [
            ("equal", start, head, start, head),
            ("replace", head, end_a, head, end_b),
            ("equal", end_a, end_a + after, end_b, end_b + after),
        ]
        return
    middle = difflib.SequenceMatcher(None, a[start : end_a + CONTEXT], b[start : end_b + CONTEXT])
    for group in middle.get_grouped_opcodes(CONTEXT):
        yield [(tag, i1 + start, i2 + start, j1 + start, j2 + start) for tag, i1, i2, j1, j2 in group]


def _hunk(group: list[_Opcode], a: list[str], b: list[str]) -> Iterator[str]:
    yield f"@@ -{_range(group[0][1], group[-1][2])} +{_range(group[0][3], group[-1][4])} @@\n"
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from (f" {line}" for line in a[i1:i2])
        else:
            yield from (f"-{line}" for line in a[i1:i2])
            yield from (f"+{line}" for line in b[j1:j2])


def _range(start: int, stop: int) -> str:
    length = stop - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _settings(spec: SnapshotSpec) -> dict[str, JSON]:
    return {
        "language": spec.language,
        "entry": spec.entry,
        "entry_point": spec.entry_point,
        **spec.config.as_json(),
    }
