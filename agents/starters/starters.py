"""The gallery: small programs that work, to begin from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from agents.registry.types import AgentSpec, Details
from agents.snapshots import limits
from agents.snapshots.types import SnapshotConfig, SnapshotSpec
from runtimes.types import DEFAULT_ENTRIES, Language
from workspaces.exceptions import NotFound

_FOLDER: Final = Path(__file__).parent
_ORDER: Final = (
    "csv-cleaner",
    "json-reshaper",
    "invoice-totals",
    "log-analysis",
    "svg-chart",
    "report-builder",
    "project-planner",
    "text-statistics",
)
"""One of each language comes first."""


@dataclass(frozen=True, slots=True)
class Starter:
    """One program of the gallery: a folder with its files and a starter.json that describes it."""

    slug: str
    name: str
    description: str
    language: str
    entry: str
    entry_point: str
    tags: tuple[str, ...]
    sample_input: str
    """JSON text."""
    files: dict[str, str]

    def spec(self, *, name: str = "") -> AgentSpec:
        """An agent like this starter, under its own name or another."""
        details = Details(
            name=name or self.name,
            description=self.description,
            tags=list(self.tags),
            sample_input=self.sample_input,
        )
        return AgentSpec(details=details, code=_code(self.language, self.files, self.entry, self.entry_point))


@cache
def all() -> tuple[Starter, ...]:
    """Every starter, in the order of the gallery."""
    return tuple(_load(_FOLDER / "gallery" / slug) for slug in _ORDER)


def get(slug: str) -> Starter:
    """The starter of that name; else `NotFound`."""
    for starter in all():
        if starter.slug == slug:
            return starter
    raise NotFound("There is no such starter.")


def blank(*, language: Language, name: str) -> AgentSpec:
    """An agent with one file that runs and does nothing yet."""
    entry = DEFAULT_ENTRIES[language]
    files = {entry: (_FOLDER / "blank" / entry).read_text(encoding="utf-8")}
    details = Details(name=name, sample_input='{\n  "name": "world"\n}')
    return AgentSpec(details=details, code=_code(language, files, entry, "main"))


def _code(language: str, files: dict[str, str], entry: str, entry_point: str) -> SnapshotSpec:
    config = SnapshotConfig(limits=limits.normal({}))
    return SnapshotSpec(language=language, files=files, entry=entry, entry_point=entry_point, config=config)


def _load(folder: Path) -> Starter:
    about: dict[str, Any] = json.loads((folder / "starter.json").read_text(encoding="utf-8"))
    sample = json.dumps(about.pop("sample_input"), indent=2, ensure_ascii=False)
    tags = tuple(about.pop("tags"))
    return Starter(slug=folder.name, tags=tags, sample_input=sample, files=_files(folder), **about)


def _files(folder: Path) -> dict[str, str]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}
    texts.pop("starter.json")
    return texts
