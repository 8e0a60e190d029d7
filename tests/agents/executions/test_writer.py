"""Gathering output: few rows, the first at once, nothing reordered, lost or doubled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from agents.executions import log, states
from agents.executions.enums import EventKind, State
from agents.executions.models import Execution
from agents.executions.writer import LIVE_SECONDS, Writer
from runtimes.types import Stream
from tests.agents.executions.scripted import eventually

InState = Callable[..., Execution]

pytestmark = pytest.mark.django_db(transaction=True)


def finish(writer: Writer, execution: Execution) -> None:
    entries, _ = writer.close()
    states.append(execution.id, attempt=1, entries=entries)


def texts(execution: Execution, kind: EventKind) -> list[str]:
    return [str(event.data["text"]) for event in log.read_all(execution.id) if event.kind is kind]


def test_the_first_output_is_written_at_once(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    writer = Writer(execution.id, attempt=1)
    writer.output(Stream.STDOUT, "now")
    assert texts(execution, EventKind.STDOUT) == ["now"]
    writer.close()


def test_output_that_had_to_wait_is_written_without_more_output(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    writer = Writer(execution.id, attempt=1)
    writer.output(Stream.STDOUT, "one")
    writer.output(Stream.STDOUT, "two")
    assert texts(execution, EventKind.STDOUT) == ["one"]
    eventually(lambda: texts(execution, EventKind.STDOUT) == ["one", "two"], seconds=5)
    assert writer.close() == ([], {})


def test_a_patient_writer_leaves_a_short_run_to_its_end(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    writer = Writer(execution.id, attempt=1, gap_seconds=30, patient=True)
    for number in range(100):
        writer.output(Stream.STDOUT, f"{number}\n")
    entries, _ = writer.close()
    assert log.read(execution.id, after=1) == []
    assert [entry.data for entry in entries] == [{"text": "".join(f"{number}\n" for number in range(100))}]


def test_a_flood_becomes_few_rows_in_order(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    writer = Writer(execution.id, attempt=1)
    began_at = time.monotonic()
    for number in range(5_000):
        writer.output(Stream.STDOUT, f"{number}\n")
        writer.output(Stream.STDERR, f"e{number}\n")
    finish(writer, execution)
    writes = (time.monotonic() - began_at) / LIVE_SECONDS + 2
    for kind, prefix in ((EventKind.STDOUT, ""), (EventKind.STDERR, "e")):
        rows = texts(execution, kind)
        assert "".join(rows) == "".join(f"{prefix}{number}\n" for number in range(5_000))
        assert len(rows) <= writes


def test_large_output_is_cut_into_rows_of_64_kib_between_characters(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    writer = Writer(execution.id, attempt=1)
    writer.output(Stream.STDOUT, "a" * 200_000)
    writer.output(Stream.STDERR, "🌵" * 100_000)
    finish(writer, execution)
    rows = texts(execution, EventKind.STDOUT) + texts(execution, EventKind.STDERR)
    assert Counter("".join(rows)) == {"a": 200_000, "🌵": 100_000}
    assert all(len(row.encode()) <= 64 * 1024 for row in rows)


def test_of_the_progress_of_a_moment_the_newest_counts(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    writer = Writer(execution.id, attempt=1, gap_seconds=30, patient=True)
    for percent in range(50):
        writer.progress(float(percent), f"step {percent}")
    entries, values = writer.close()
    assert [entry.data for entry in entries] == [{"percent": 49.0, "message": "step 49"}]
    assert values == {"progress": 49.0}


def test_nuls_and_lone_surrogates_come_back_as_they_were(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    writer = Writer(execution.id, attempt=1)
    text = "a\0b\ud800c\udfff\u2028\x1b[31m"
    writer.output(Stream.STDOUT, text)
    finish(writer, execution)
    assert log.output(execution.id) == (text, "")


def test_a_superseded_attempt_stops_writing_and_says_so_once(in_state: InState) -> None:
    execution = in_state(State.RUNNING)
    calls: list[str] = []
    writer = Writer(execution.id, attempt=1, on_superseded=lambda: calls.append("superseded"))
    Execution.objects.filter(pk=execution.pk).update(state=State.LOST)
    writer.output(Stream.STDOUT, "late")
    assert calls == ["superseded"]
    time.sleep(LIVE_SECONDS * 1.5)
    writer.output(Stream.STDOUT, "later")
    assert writer.close() == ([], {})
    assert calls == ["superseded"]
    assert log.output(execution.id) == ("", "")
