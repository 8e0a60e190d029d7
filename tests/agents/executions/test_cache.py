"""The result cache: what is kept, for whom, for how long, and what a run says that it answered."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.executions import cache, executions, log, reaper, runner
from agents.executions.enums import FINISHED, State
from agents.executions.models import CachedResult, Execution
from agents.executions.types import RunRequest
from analytics.models import RunFact
from runtimes.types import Artifact, Limits, Outcome, Progress, RunError, Status
from tests.agents.executions import scripted
from tests.agents.executions.scripted import choosing, err, in_thread, ok, out, stored, yielding
from workspaces.access import Actor
from workspaces.exceptions import Forbidden
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


class Runs:
    """Runs pure requests on a runtime that counts, prints and answers with its count."""

    def __init__(self, *events: Any, outcome: Outcome | None = None) -> None:
        self.count = 0
        self._events = events
        self._outcome = outcome

    def __call__(self, by: Actor, request: RunRequest) -> Execution:
        return executions.run_inline(by=by, request=request, choose=choosing(self._script))

    def _script(self, *_: Any) -> Any:
        self.count += 1
        yield from self._events
        yield self._outcome or ok(self.count)


def pure(code: str = "1", **more: Any) -> RunRequest:
    return scripted.request(code, cache=True, **more)


def test_an_equal_run_is_answered_without_running(actor: Actor) -> None:
    runs = Runs(out("a\0"), err("\ud800"), out("b"))
    first, second = runs(actor, pure()), runs(actor, pure())
    assert (runs.count, first.cached, second.cached) == (1, False, True)
    row = executions.visible(actor).get(pk=second.pk)
    assert (row.state, row.result, row.has_result, row.exit_code) == (State.SUCCEEDED, 1, True, 0)
    assert (row.runtime, row.runtime_reason, row.isolation) == ("cache", second.runtime_reason, "")
    assert str(first.pk)[:8] in row.runtime_reason
    assert (row.attempt, row.lease_until, row.timings["run_ms"]) == (1, None, 0.0)
    assert log.output(row.pk) == log.output(first.pk) == ("a\0b", "\ud800")


def test_the_history_of_an_answered_run_is_whole(actor: Actor) -> None:
    runs = Runs(out("out"), err("err"))
    runs(actor, pure())
    answered = runs(actor, pure())
    events = stored(answered)
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5]
    assert [event["kind"] for event in events] == ["status", "stdout", "stderr", "result", "end"]
    assert events[0]["data"]["runtime"] == "cache"
    assert (events[-1]["data"]["status"], answered.state) == ("succeeded", State.SUCCEEDED)
    assert Execution.objects.get(pk=answered.pk).last_seq == 5
    fact = RunFact.objects.get(execution_id=answered.pk)
    assert (fact.runtime, fact.status, fact.cpu_ms) == ("cache", "succeeded", 0.0)


def test_nothing_is_kept_or_answered_unless_asked(actor: Actor) -> None:
    runs = Runs()
    runs(actor, scripted.request("1"))
    assert CachedResult.objects.count() == 0
    runs(actor, pure())
    again = runs(actor, scripted.request("1"))
    assert (runs.count, again.cached) == (3, False)


def test_another_workspace_never_gets_the_answer(actor: Actor, outside_actor: Actor) -> None:
    runs = Runs(out("secret of acme"))
    runs(actor, pure())
    theirs = runs(outside_actor, pure())
    assert (runs.count, theirs.cached, theirs.result) == (2, False, 2)
    keys = set(CachedResult.objects.values_list("workspace_id", "key"))
    assert {workspace for workspace, _ in keys} == {actor.workspace.pk, outside_actor.workspace.pk}
    assert len({key for _, key in keys}) == 2


def test_the_partition_holds_even_under_the_right_key(actor: Actor, outside_actor: Actor) -> None:
    """The query is the second wall: our answer under the key of their question is not theirs."""
    runs = Runs()
    runs(actor, pure())
    CachedResult.objects.update(key=cache.key_of(outside_actor.workspace, pure()))
    assert runs(outside_actor, pure()).cached is False


@pytest.mark.parametrize(
    "change",
    [
        {"input": 2},
        {"input": 1.0},
        {"input": True},
        {"context": {"a": 1}},
        {"stdin": "x"},
        {"args": ("x",)},
        {"env": {"X": "1"}},
        {"limits": Limits(memory_bytes=128 << 20)},
        {"limits": Limits(wall_seconds=1)},
        {"runtime": "local"},
    ],
    ids=str,
)
def test_whatever_may_change_the_answer_is_part_of_the_question(actor: Actor, change: dict[str, Any]) -> None:
    runs = Runs()
    runs(actor, pure(input=1))
    assert runs(actor, replace(pure(input=1), **change)).cached is False
    assert runs(actor, pure(input=1)).cached is True


def test_other_code_and_another_order_of_names_are_other_questions(actor: Actor) -> None:
    runs = Runs()
    runs(actor, pure("1", input={"a": 1, "b": 2}))
    assert runs(actor, pure("2", input={"a": 1, "b": 2})).cached is False
    assert runs(actor, pure("1", input={"b": 2, "a": 1})).cached is False
    assert runs(actor, pure("1", input={"a": 1, "b": 2})).cached is True


@pytest.mark.parametrize(
    "runs",
    [
        Runs(outcome=Outcome(status=Status.FAILED, error=RunError("ValueError", "no"))),
        Runs(outcome=Outcome(status=Status.TIMED_OUT)),
        Runs(Artifact("a.txt", b"a")),
    ],
    ids=["failed", "timed out", "left an artifact"],
)
def test_only_runs_that_succeeded_without_artifacts_are_kept(actor: Actor, runs: Runs) -> None:
    assert [runs(actor, pure()).state in FINISHED, runs(actor, pure()).cached] == [True, False]
    assert (runs.count, CachedResult.objects.count()) == (2, 0)


def test_progress_is_not_repeated(actor: Actor) -> None:
    runs = Runs(Progress(50.0, "half"))
    runs(actor, pure())
    assert [event["kind"] for event in stored(runs(actor, pure()))] == ["status", "result", "end"]


def test_an_answer_ends_with_its_time(actor: Actor, settings: Any) -> None:
    runs = Runs()
    runs(actor, pure())
    CachedResult.objects.update(created_at=timezone.now() - timedelta(seconds=settings.RESULT_CACHE_SECONDS))
    assert cache.stats(by=actor).entries == 0
    assert runs(actor, pure()).cached is False
    assert runs(actor, pure()).cached is True  # The newer answer took the place of the old.
    assert CachedResult.objects.count() == 1


def test_the_reaper_drops_what_is_too_old(actor: Actor, settings: Any) -> None:
    runs = Runs()
    runs(actor, pure("1"))
    CachedResult.objects.update(created_at=timezone.now() - timedelta(seconds=settings.RESULT_CACHE_SECONDS))
    runs(actor, pure("2"))
    reaper.reap()
    assert CachedResult.objects.count() == 1


def test_what_was_not_used_for_longest_makes_room(actor: Actor, settings: Any) -> None:
    runs = Runs(out("x" * 10_000))
    settings.RESULT_CACHE_MAX_BYTES = 35_000
    for code in ("1", "2", "3"):
        runs(actor, pure(code))
    assert runs(actor, pure("1")).cached is True
    runs(actor, pure("4"))
    held = [executions.visible(actor).filter(pk=row.execution_id).get() for row in CachedResult.objects.all()]
    assert sorted(run.result for run in held) == [1, 3, 4]
    assert cache.stats(by=actor).bytes <= 35_000


def test_one_workspace_does_not_push_out_another(actor: Actor, outside_actor: Actor, settings: Any) -> None:
    settings.RESULT_CACHE_MAX_BYTES = 12_000
    runs = Runs(out("x" * 10_000))
    runs(actor, pure("1"))
    runs(outside_actor, pure("2"))
    runs(outside_actor, pure("3"))
    assert runs(actor, pure("1")).cached is True
    assert CachedResult.objects.count() == 2


@pytest.mark.parametrize("most", [0, 5_000])
def test_what_is_larger_than_the_bound_is_not_kept(actor: Actor, settings: Any, most: int) -> None:
    settings.RESULT_CACHE_MAX_BYTES = most
    runs = Runs(out("x" * 10_000))
    assert [runs(actor, pure()).state, CachedResult.objects.count()] == [State.SUCCEEDED, 0]


def test_equal_runs_at_once_both_run_and_leave_one_answer(actor: Actor) -> None:
    both = threading.Barrier(2, timeout=20)
    runs = Runs()

    def script(*_: Any) -> Any:
        both.wait()
        yield ok("same")

    request = pure()
    choose = choosing(script)
    threads = [
        in_thread(lambda: executions.run_inline(by=actor, request=request, choose=choose)) for _ in range(2)
    ]
    for thread in threads:
        thread.join(30)
    assert Execution.objects.filter(state=State.SUCCEEDED, runtime="scripted").count() == 2
    assert CachedResult.objects.count() == 1
    assert runs(actor, request).result == "same"


def test_a_queued_run_is_kept_and_answers_later_ones_at_once(actor: Actor) -> None:
    first = executions.start(by=actor, request=pure())
    runner.execute(first.pk, choose=yielding(out("hi"), ok(7)))
    second = executions.start(by=actor, request=pure())
    assert (second.state, second.cached, second.result) == (State.SUCCEEDED, True, 7)
    assert runner.execute(second.pk) is None


def test_an_idempotency_key_still_gives_the_run_of_then(actor: Actor) -> None:
    runs = Runs()
    runs(actor, pure())
    request = pure(idempotency_key="k", fingerprint="f")
    first, again = runs(actor, request), runs(actor, request)
    assert (first.pk, first.cached, runs.count) == (again.pk, True, 1)
    assert Execution.objects.count() == 2


def test_a_rerun_runs(actor: Actor) -> None:
    runs = Runs()
    first = runs(actor, pure())
    assert executions.rerun(by=actor, execution=first).state == State.QUEUED


def test_the_numbers(actor: Actor, outside_actor: Actor) -> None:
    assert cache.stats(by=actor).hit_rate is None
    runs = Runs()
    for code in ("1", "2", "1", "1"):
        runs(actor, pure(code))
    runs(actor, scripted.request("1"))
    numbers = cache.stats(by=actor)
    assert (numbers.entries, numbers.hits, numbers.hit_rate, numbers.average_run_ms) == (2, 2, 0.5, 0.0)
    assert cache.stats(by=outside_actor) == cache.Stats(0, 0, None, None, 0, None)


def test_clearing_is_of_one_workspace_and_on_record(actor: Actor, outside_actor: Actor) -> None:
    runs = Runs()
    runs(actor, pure("1"))
    runs(actor, pure("2"))
    runs(outside_actor, pure("1"))
    old = CachedResult.objects.filter(workspace=actor.workspace).first()
    assert old is not None
    CachedResult.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=3))
    assert cache.clear(by=actor, older_than=timedelta(hours=2)) == 1
    assert cache.clear(by=actor) == 1
    assert CachedResult.objects.count() == 1
    lines = AuditEntry.objects.filter(action="cache.cleared").order_by("pk")
    assert [line.after for line in lines] == [
        {"entries_deleted": 1, "older_than_hours": 2.0},
        {"entries_deleted": 1},
    ]


def test_a_viewer_may_look_and_not_clear(viewer_actor: Actor) -> None:
    assert cache.stats(by=viewer_actor).entries == 0
    with pytest.raises(Forbidden):
        cache.clear(by=viewer_actor)
