"""What can go wrong with a run, apart from the run itself."""

from __future__ import annotations

from workspaces.exceptions import Conflict


class Superseded(Exception):
    """This attempt no longer owns the run: it was taken for lost, or has ended."""


class StillRunning(Conflict):
    """The run that this idempotency key stands for has not ended yet."""

    code = "still-running"
    title = "The run has not ended yet"


class NothingToRun(Conflict):
    """The agent has no version that could be run."""

    code = "nothing-to-run"
    title = "There is nothing to run"
