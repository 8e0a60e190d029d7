"""What tests of runs may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents.executions import executions, leases
from agents.executions.enums import State
from agents.executions.models import Execution
from tests.agents.executions import scripted
from workspaces.access import Actor

Make = Callable[..., Execution]


@pytest.fixture(autouse=True)
def _takes_runs() -> Iterator[None]:
    """A worker that an earlier test stopped must not keep this one from running."""
    leases.stop.reset()
    yield
    leases.stop.reset()


@pytest.fixture
def queued(actor: Actor) -> Make:
    """`queued(code="…")`: a run that waits for a worker."""

    def make(code: str = "print('hello')", **more: Any) -> Execution:
        return executions.start(by=actor, request=scripted.request(code, **more))

    return make


@pytest.fixture
def in_state(queued: Make) -> Callable[..., Execution]:
    """`in_state(State.RUNNING)`: a run as if it had come there, with attempt 1 unless it is queued."""

    def make(state: State, **columns: Any) -> Execution:
        execution = queued()
        attempt = 0 if state is State.QUEUED else 1
        Execution.objects.filter(pk=execution.pk).update(**{"state": state, "attempt": attempt, **columns})
        return Execution.objects.select_related("workspace", "snapshot").get(pk=execution.pk)

    return make
