from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runtimes.types import Status
from tests.hostile.cases import EVERY, Hostile
from tests.runtimes.engine import STARTS, run

CONTROLLED = [case for case in EVERY if case.control]


def _name(case: Hostile) -> str:
    return case.name.replace(" ", "-")


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("case", EVERY, ids=_name)
def test_hostile_program_is_held(case: Hostile, start: str) -> None:
    ran = run(case.program, case.language, case.limits, on=STARTS[start]())
    assert ran.stdout.startswith("RAN\n"), (ran.outcome, ran.stderr)
    assert "ESCAPED" not in ran.stdout
    assert ran.artifacts == {}
    if case.status is not None:
        assert ran.status is case.status, (ran.outcome, ran.stdout[-300:], ran.stderr[-300:])
    else:
        assert ran.status is not Status.REJECTED


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="system calls of Linux")
@pytest.mark.parametrize("case", CONTROLLED, ids=_name)
def test_the_same_program_succeeds_without_the_sandbox(case: Hostile) -> None:
    """What is held above is held by us: on the host it goes through."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", case.program], capture_output=True, text=True, timeout=30, check=False
    )
    assert "ESCAPED" in done.stdout, done


def test_there_are_enough_programs_and_all_have_names_of_their_own() -> None:
    assert len(EVERY) >= 40
    assert len({case.name for case in EVERY}) == len(EVERY)
