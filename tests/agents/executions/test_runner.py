"""From claim to end, on a scripted runtime."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from agents.executions import executions, leases, log, runner
from agents.executions.enums import EventKind, State
from agents.executions.models import Execution
from agents.snapshots import blobs
from analytics.models import RunFact
from runtimes.types import (
    Artifact,
    Cancellation,
    Command,
    Limits,
    Outcome,
    Progress,
    RunError,
    RunEvents,
    Status,
    Timings,
    Usage,
)
from tests.agents.executions import scripted
from tests.agents.executions.scripted import choosing, err, eventually, in_thread, ok, out, yielding
from workspaces.access import Actor
from workspaces.exceptions import Unavailable

Make = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)


def lines(execution: Execution) -> list[tuple[str, Any]]:
    return [(event.kind.value, event.data) for event in log.read_all(execution.id)]


def test_a_queued_run_goes_from_claim_to_end(queued: Make) -> None:
    execution = queued()
    usage = Usage(cpu_ms=3.5, peak_memory_bytes=7_000_000, output_bytes=6)
    timings = Timings(setup_ms=4.0, run_ms=5.0, collect_ms=1.0)
    outcome = Outcome(
        status=Status.SUCCEEDED,
        has_result=True,
        result={"a": [1, None]},
        exit_code=0,
        timings=timings,
        usage=usage,
        isolation="scripted",
    )
    assert runner.execute(execution.id, choose=yielding(out("hello\n"), outcome)) is State.SUCCEEDED
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.attempt, row.exit_code, row.has_result, row.result) == (
        State.SUCCEEDED,
        1,
        0,
        True,
        {"a": [1, None]},
    )
    assert (row.runtime, row.runtime_reason, row.isolation) == ("scripted", "a test said so", "scripted")
    assert row.usage == {"cpu_ms": 3.5, "peak_memory_bytes": 7_000_000, "output_bytes": 6}
    assert {name: row.timings[name] for name in ("setup_ms", "run_ms", "collect_ms")} == {
        "setup_ms": 4.0,
        "run_ms": 5.0,
        "collect_ms": 1.0,
    }
    assert row.lease_until is None and row.finished_at is not None
    running = {"status": "running", "attempt": 1, "runtime": "scripted", "isolation": "none"}
    assert lines(execution) == [
        ("status", {"status": "queued"}),
        ("status", {**running, "runtime_reason": "a test said so"}),
        ("stdout", {"text": "hello\n"}),
        ("result", {"result": {"a": [1, None]}}),
        ("end", {"status": "succeeded", "exit_code": 0, "timings": row.timings, "usage": row.usage}),
    ]
    assert [event.seq for event in log.read_all(execution.id)] == [1, 2, 3, 4, 5]
    assert row.last_seq == 5


def test_a_finished_run_is_one_fact(queued: Make) -> None:
    execution = queued()
    runner.execute(execution.id, choose=yielding(ok()))
    fact = RunFact.objects.get()
    row = Execution.objects.select_related("workspace").get(pk=execution.pk)
    assert (fact.execution_id, fact.workspace_id, fact.organization_id, fact.user_id) == (
        row.id,
        row.workspace_id,
        row.workspace.organization_id,
        row.user_id,
    )
    assert (fact.status, fact.kind, fact.source, fact.language, fact.runtime) == (
        "succeeded",
        "adhoc",
        "page",
        "python",
        "scripted",
    )


def test_a_task_delivered_many_times_runs_once(queued: Make) -> None:
    execution = queued()
    backend = scripted.Scripted(lambda *_: iter([ok()]))
    chosen = scripted.Chosen(backend)
    ends: list[State | None] = []
    threads = [
        in_thread(lambda: ends.append(runner.execute(execution.id, choose=lambda *_, **__: chosen)))
        for _ in range(10)
    ]
    for thread in threads:
        thread.join(30)
    assert backend.runs == 1
    assert [end for end in ends if end] == [State.SUCCEEDED]
    assert len(ends) == 10
    assert [kind for kind, _ in lines(execution)].count("end") == 1
    assert RunFact.objects.count() == 1


def test_no_transaction_is_open_while_user_code_runs(queued: Make) -> None:
    seen: list[bool] = []

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        yield out("x")
        seen.append(connection.in_atomic_block)
        yield ok()

    runner.execute(queued().id, choose=choosing(script))
    assert seen == [False]


@pytest.mark.parametrize(
    "status", [status for status in Status if status not in (Status.SUCCEEDED, Status.CANCELLED)]
)
def test_every_outcome_is_a_state_of_the_same_name(queued: Make, status: Status) -> None:
    execution = queued()
    error = RunError(
        type="ValueError", message="no", traceback="main.py:1", file="main.py", line=1, limit="wall_seconds"
    )
    outcome = Outcome(status=status, exit_code=1, error=error)
    assert runner.execute(execution.id, choose=yielding(outcome)) == status.value
    row = Execution.objects.get(pk=execution.pk)
    assert row.state == status.value
    as_json = {
        "type": "ValueError",
        "message": "no",
        "traceback": "main.py:1",
        "file": "main.py",
        "line": 1,
        "limit": "wall_seconds",
    }
    assert row.error == as_json
    assert lines(execution)[-2] == ("error", as_json)


def test_a_runtime_that_breaks_ends_the_run_with_words(queued: Make) -> None:
    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        yield out("so far\n")
        raise RuntimeError("secret detail of the host")

    execution = queued()
    assert runner.execute(execution.id, choose=choosing(script)) is State.FAILED
    row = Execution.objects.get(pk=execution.pk)
    assert row.error["type"] == "RuntimeFault"
    assert "secret" not in row.error["message"]
    assert log.output(execution.id) == ("so far\n", "")


def test_a_runtime_that_says_nothing_at_the_end_is_a_failure(queued: Make) -> None:
    execution = queued()
    assert runner.execute(execution.id, choose=yielding(out("x"))) is State.FAILED
    assert lines(execution)[-1][1]["status"] == "failed"


def test_a_run_that_no_runtime_can_do_is_rejected(queued: Make) -> None:
    execution = queued()
    Execution.objects.filter(pk=execution.pk).update(requested_runtime="moon")
    assert runner.execute(execution.id) is State.REJECTED
    row = Execution.objects.get(pk=execution.pk)
    assert row.error["type"] == "Rejected" and "moon" in row.error["message"]


@pytest.mark.parametrize("result", [float("nan"), {"x": {1, 2}}])
def test_a_result_that_cannot_be_stored_is_a_failure_and_not_a_stuck_run(queued: Make, result: Any) -> None:
    execution = queued()
    assert runner.execute(execution.id, choose=yielding(out("kept"), ok(result))) is State.FAILED
    row = Execution.objects.get(pk=execution.pk)
    assert (row.has_result, row.error["type"]) == (False, "RuntimeFault")
    assert log.output(execution.id) == ("kept", "")


def test_names_of_exceptions_are_the_programs_and_may_be_anything(queued: Make) -> None:
    error = RunError(type="a\0b\ud800" + "x" * 500, message="m\0\udfff")
    execution = queued()
    outcome = Outcome(status=Status.FAILED, exit_code=1, error=error)
    assert runner.execute(execution.id, choose=yielding(outcome)) is State.FAILED
    row = Execution.objects.get(pk=execution.pk)
    assert (row.error["type"], row.error["message"]) == ("a\0b\ufffd" + "x" * 500, "m\0\ufffd")
    assert RunFact.objects.get().error_type == "a?b?" + "x" * 116


def test_input_and_streams_keep_nuls_and_lone_surrogates(queued: Make) -> None:
    text = "a\0b\ud800c\udfffd"
    seen: list[Any] = []

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        seen.append((command.input, command.stdin, command.context))
        yield out(text)
        yield err(text)
        yield ok({text: text})

    execution = queued(input={text: text}, stdin=text, context={"k": text})
    assert runner.execute(execution.id, choose=choosing(script)) is State.SUCCEEDED
    assert seen == [({text: text}, text, {"k": text})]
    assert log.output(execution.id) == (text, text)
    assert Execution.objects.get(pk=execution.pk).result == {text: text}


def test_progress_is_on_the_row_and_in_the_log(queued: Make) -> None:
    execution = queued()
    runner.execute(execution.id, choose=yielding(Progress(40.0, "half"), Progress(90.0, "nearly"), ok()))
    assert Execution.objects.get(pk=execution.pk).progress == 90.0
    assert lines(execution)[-3][1] == {"percent": 90.0, "message": "nearly"}


def test_artifacts_are_kept_under_safe_names_only(queued: Make) -> None:
    execution = queued()
    good = [Artifact("a/b.csv", b"x,y\n"), Artifact("plot.svg", b"<svg/>"), Artifact("a/b.csv", b"newer")]
    bad = [Artifact(name, b"") for name in ("../x", "/etc/x", "a//b", "a\\b", "", "x\0", "\ud800", "y" * 256)]
    runner.execute(execution.id, choose=yielding(*good, *bad, ok()))
    kept = {row.name: (row.media_type, blobs.read(row.blob_id)) for row in execution.artifacts.all()}
    assert kept == {"a/b.csv": ("text/csv", b"newer"), "plot.svg": ("image/svg+xml", b"<svg/>")}
    urls = [data["url"] for kind, data in lines(execution) if kind == EventKind.ARTIFACT]
    assert urls == [f"/api/v1/executions/{execution.id}/artifacts/{name}" for name in kept]


def test_an_attempt_that_was_taken_for_lost_changes_nothing_more(queued: Make) -> None:
    execution = queued()

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        yield out("first\n")
        Execution.objects.filter(pk=execution.pk).update(state=State.LOST)
        time.sleep(0.1)
        yield out("late\n")
        eventually(lambda: cancellation.thrown, seconds=5)
        yield ok("late")

    assert runner.execute(execution.id, choose=choosing(script)) is None
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.has_result) == (State.LOST, False)
    assert log.output(execution.id) == ("first\n", "")
    assert RunFact.objects.count() == 0


def test_cancelling_reaches_the_run_and_names_who_and_why(queued: Make, actor: Actor) -> None:
    execution = queued()
    thread = in_thread(lambda: runner.execute(execution.id, choose=choosing(scripted.until_cancelled)))
    eventually(lambda: log.output(execution.id)[0])
    began_at = time.monotonic()
    cancelling = executions.cancel(by=actor, execution=execution, reason="wrong input\n")
    thread.join(5)
    assert time.monotonic() - began_at < 2
    assert cancelling.state in (State.CANCELLING, State.CANCELLED)
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.cancelled_by, row.cancel_reason) == (
        State.CANCELLED,
        "owner@example.org",
        "wrong input",
    )
    assert row.error["message"] == "Cancelled by owner@example.org: wrong input"
    kinds = [data for kind, data in lines(execution) if kind == "status"]
    assert kinds[-1] == {"status": "cancelling", "by": "owner@example.org", "reason": "wrong input"}
    assert lines(execution)[-1][1]["status"] == "cancelled"


def test_a_cancel_that_another_process_wrote_is_seen_within_moments(queued: Make) -> None:
    execution = queued()
    thread = in_thread(lambda: runner.execute(execution.id, choose=choosing(scripted.until_cancelled)))
    eventually(lambda: log.output(execution.id)[0])
    Execution.objects.filter(pk=execution.pk).update(state=State.CANCELLING, cancelled_by="somebody")
    thread.join(2)
    assert Execution.objects.get(pk=execution.pk).state == State.CANCELLED


def test_a_result_that_comes_after_the_cancel_does_not_count(queued: Make, actor: Actor) -> None:
    execution = queued()

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        yield out("x")
        executions.cancel(by=actor, execution=execution)
        yield ok("too late")

    assert runner.execute(execution.id, choose=choosing(script)) is State.CANCELLED
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.has_result, row.result) == (State.CANCELLED, False, None)


def test_a_worker_that_stops_interrupts_its_runs_and_takes_no_more(queued: Make, actor: Actor) -> None:
    execution, waiting = queued(), queued()
    thread = in_thread(lambda: runner.execute(execution.id, choose=choosing(scripted.until_cancelled)))
    eventually(lambda: log.output(execution.id)[0])
    leases.interrupt()
    thread.join(5)
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.error["type"]) == (State.LOST, "Interrupted")
    assert lines(execution)[-1][1]["status"] == "lost"
    assert runner.execute(waiting.id, choose=yielding(ok())) is None
    assert Execution.objects.get(pk=waiting.pk).state == State.QUEUED
    with pytest.raises(Unavailable):
        executions.run_inline(by=actor, request=scripted.request(), choose=yielding(ok()))


def test_a_process_told_to_end_in_the_middle_leaves_an_ended_run(queued: Make) -> None:
    killed: list[str] = []

    def script(command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        try:
            yield out("x")
            raise SystemExit(1)
        finally:
            killed.append("killed")

    execution = queued()
    with pytest.raises(SystemExit):
        runner.execute(execution.id, choose=choosing(script))
    assert killed == ["killed"]
    assert Execution.objects.get(pk=execution.pk).state == State.LOST
