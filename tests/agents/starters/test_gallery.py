"""Every starter runs in the real sandbox with its sample input and gives exactly this."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agents.snapshots import checks, limits
from agents.starters import starters
from runtimes import router
from runtimes.types import (
    Artifact,
    Cancellation,
    Command,
    Language,
    Outcome,
    Output,
    Progress,
    Status,
    Stream,
)

EXPECTED = Path(__file__).parent / "expected"
SLUGS = [
    "csv-cleaner",
    "json-reshaper",
    "invoice-totals",
    "log-analysis",
    "svg-chart",
    "report-builder",
    "project-planner",
    "text-statistics",
]


@dataclass
class Seen:
    """What a run yielded."""

    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    artifacts: dict[str, str] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)


def run(starter: starters.Starter, sample: Any) -> Seen:
    code = starter.spec().code
    command = Command(
        language=Language(code.language),
        files=code.files,
        entry=code.entry,
        entry_point=code.entry_point,
        input=sample,
    )
    bounds = limits.runtime(code.config.limits)
    seen = Seen(Outcome(Status.REJECTED))
    with Cancellation() as cancellation:
        for event in router.choose(command, bounds).backend.run(command, bounds, cancellation):
            _note(seen, event)
    return seen


def _note(seen: Seen, event: object) -> None:
    match event:
        case Outcome():
            seen.outcome = event
        case Output(Stream.STDOUT, text):
            seen.stdout += text
        case Output(_, text):
            seen.stderr += text
        case Artifact(name, content):
            seen.artifacts[name] = content.decode()
        case Progress():
            seen.progress.append(event)


def test_there_are_eight_in_four_languages() -> None:
    assert [starter.slug for starter in starters.all()] == SLUGS
    assert Counter(starter.language for starter in starters.all()) == {
        "python": 3,
        "javascript": 2,
        "typescript": 2,
        "bash": 1,
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_a_starter_gives_what_it_promises(slug: str) -> None:
    starter = starters.get(slug)
    expected = json.loads((EXPECTED / f"{slug}.json").read_text("utf-8"))
    seen = run(starter, json.loads(starter.sample_input))
    assert (seen.outcome.status, seen.stderr) == (Status.SUCCEEDED, ""), (seen.outcome.error, seen.stderr)
    found: dict[str, Any] = {
        "result": seen.outcome.result,
        "stdout": seen.stdout,
        "artifacts": seen.artifacts,
        "progress": [[step.percent, step.message] for step in seen.progress],
    }
    assert found == expected


@pytest.mark.parametrize("slug", SLUGS)
def test_a_starter_is_ready_to_be_a_version(slug: str) -> None:
    starter = starters.get(slug)
    checks.runnable(starter.spec().code)
    assert len(starter.files) > 1
    assert all(starter.description.endswith(".") for starter in starters.all())


@pytest.mark.parametrize("slug", SLUGS)
def test_a_starter_says_what_is_wrong_with_an_empty_input(slug: str) -> None:
    seen = run(starters.get(slug), {})
    assert (seen.outcome.status, seen.outcome.has_result) == (Status.FAILED, False)
    assert seen.outcome.error is not None


@pytest.mark.parametrize("language", list(Language))
def test_an_empty_file_runs(language: Language) -> None:
    blank = starters.blank(language=language, name="Blank")
    starter = starters.Starter(
        slug="blank",
        name="Blank",
        description="",
        language=language,
        entry=blank.code.entry,
        entry_point="main",
        tags=(),
        sample_input=blank.details["sample_input"],
        files=dict(blank.code.files),
    )
    seen = run(starter, json.loads(starter.sample_input))
    assert (seen.outcome.status, seen.outcome.has_result) == (Status.SUCCEEDED, True), seen.stderr
