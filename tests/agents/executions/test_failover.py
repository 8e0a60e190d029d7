"""A run whose runtime fails: what its row and its log say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from agents.executions import executions
from agents.executions.enums import State
from agents.executions.models import Execution
from runtimes import registry
from runtimes.types import Backend, Outcome, RunError, RunEvents, Started, Status
from tests.agents.executions import scripted
from tests.agents.executions.scripted import Scripted, ok, stored
from workspaces.access import Actor

pytestmark = pytest.mark.django_db(transaction=True)

FAULT = Outcome(Status.FAILED, error=RunError("RuntimeFault", "It is gone."))


def broken(*_: object) -> RunEvents:
    yield FAULT


def well(*_: object) -> RunEvents:
    yield Started(setup_ms=1.0)
    yield ok("fine")


@pytest.fixture
def pair() -> Iterator[tuple[Scripted, Scripted]]:
    """Two runtimes that no other test knows; the names decide nothing, the order does."""
    backends = (Scripted(broken, name="one"), Scripted(well, name="two"))
    kept = dict(registry.backends())
    for backend in backends:
        registry.register(backend.name, partial(_same, backend))
    registry.unregister("local")
    yield backends
    for backend in backends:
        registry.unregister(backend.name)
    registry.register("local", partial(_same, kept["local"]))


def _same(backend: Backend) -> Backend:
    return backend


def test_the_run_ends_where_it_could_begin(actor: Actor, pair: tuple[Scripted, Scripted]) -> None:
    run = executions.run_inline(by=actor, request=scripted.request())
    row = Execution.objects.get(pk=run.pk)
    assert (row.state, row.runtime, row.result, row.attempt) == (State.SUCCEEDED, "two", "fine", 1)
    assert row.runtime_reason == (
        "two: runs Python in none with no network."
        " Passed over: one, because it failed before the program began."
    )
    places = [event["data"]["runtime"] for event in stored(run) if event["kind"] == "status"]
    assert places == ["one", "two"]


def test_a_run_with_nowhere_to_go_says_how_the_last_runtime_failed(
    actor: Actor, pair: tuple[Scripted, Scripted]
) -> None:
    pair[1].script = broken
    run = executions.run_inline(by=actor, request=scripted.request())
    assert (run.state, run.runtime, run.error["message"]) == (State.FAILED, "two", "It is gone.")


def test_while_all_rest_runs_are_refused_and_told_until_when(
    actor: Actor, pair: tuple[Scripted, Scripted]
) -> None:
    pair[1].script = broken
    runs = [executions.run_inline(by=actor, request=scripted.request()) for _ in range(6)]
    assert [run.state for run in runs] == [State.FAILED] * 5 + [State.REJECTED]
    assert "one: it failed 5 times in a row and is tried again in" in runs[-1].error["message"]
    assert (pair[0].runs, pair[1].runs) == (5, 5)
