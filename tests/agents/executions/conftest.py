"""What tests of runs may ask for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents.executions import executions, leases, runner
from agents.executions.enums import State
from agents.executions.models import Execution
from agents.registry import agents, versions
from agents.registry.models import Agent
from agents.registry.types import AgentSpec
from runtimes.types import Artifact, Cancellation, Command, Limits, RunEvents
from tests.agents.executions import scripted
from tests.agents.executions.scripted import choosing, err, in_thread, ok, out, yielding
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


@pytest.fixture
def finished(queued: Make) -> Execution:
    """A run that ended, with output on both streams and files of all sorts."""
    execution = queued(input={"a": 1})
    files = [Artifact("page.html", scripted.HTML), Artifact("a/plot.svg", b"<svg/>")]
    files += [Artifact("x.exe", b"MZ\0"), Artifact('we"ird;\u00fc.csv', b"a,b\n")]
    events = [event for number in range(5) for event in (out(f"{number}\n"), err(f"e{number}\n"))]
    runner.execute(execution.id, choose=yielding(*events, *files, ok([1])))
    return execution


@pytest.fixture
def slow(queued: Make) -> tuple[Execution, Callable[[], threading.Thread]]:
    """A run that prints for about a second, and what starts it."""
    execution = queued()

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        for number in range(100):
            yield out(f"line {number}\n")
            time.sleep(0.01)
        yield ok()

    return execution, lambda: in_thread(lambda: runner.execute(execution.id, choose=choosing(script)))


@pytest.fixture
def agent(actor: Actor) -> Agent:
    """An agent with one saved version."""
    code = scripted.spec("def main(input):\n    print('ran')\n    return input\n", entry_point="main")
    version = versions.create_agent(by=actor, spec=AgentSpec(details={"name": "Echo"}, code=code))
    return agents.get(by=actor, reference=version.agent.slug)
