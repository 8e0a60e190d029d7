"""Workers in processes of their own, with the real sandbox: killed, frozen, and told to cancel."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from agents.executions import executions, log, reaper
from agents.executions.enums import FINISHED, State
from agents.executions.models import Execution
from tests.agents.executions.scripted import eventually
from tests.servers import ROOT
from workspaces.access import Actor

Make = Callable[..., Execution]
Worker = subprocess.Popen[bytes]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]

LEASE_SECONDS = 2
PROGRAM = """
import os, sys
import studio.settings as settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
import django
django.setup()
from uuid import UUID
from agents.executions import runner
print(runner.execute(UUID(sys.argv[1])), flush=True)
"""
LONG = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
for number in range(3000):
    print("line", number, flush=True)
    time.sleep(0.1)
"""


@pytest.fixture
def start(settings: Any) -> Iterator[Callable[[Execution], Worker]]:
    """Starts a worker process for one run; what is left of it in the end is killed."""
    settings.RUN_LEASE_SECONDS = LEASE_SECONDS
    workers: list[Worker] = []

    def run(execution: Execution) -> Worker:
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "studio.settings",
            **{name: value for name, value in os.environ.items() if name == "DATABASE_URL"},
            "TEST_DATABASE": str(connection.settings_dict["NAME"]),
            "STUDIO_DATA_DIR": str(django_settings.DATA_DIR),
            "RUN_LEASE_SECONDS": str(LEASE_SECONDS),
            "RUN_HEARTBEAT_SECONDS": "0.3",
            "RUN_CANCEL_POLL_SECONDS": "0.1",
            **{name: os.environ[name] for name in ("DATABASE_URL",) if name in os.environ},
        }
        workers.append(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(execution.id)],
                env=environment,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        return workers[-1]

    yield run
    for worker in workers:
        worker.kill()
        worker.communicate()


def printing(execution: Execution) -> Callable[[], bool]:
    return lambda: "line 2" in log.output(execution.id)[0]


def descendants(worker: Worker) -> set[int]:
    """The ids of all processes that the worker started, and they, and so on."""
    parents = {pid: parent for pid, parent, _ in processes()}
    found = {worker.pid}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {worker.pid}


def alive(pids: set[int]) -> set[int]:
    return {pid for pid, _, state in processes() if pid in pids and state != "Z"}


def processes() -> Iterator[tuple[int, int, str]]:
    """Id, parent and state of every process of this host."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
                yield int(entry.name), int(parent), state


def state_of(execution: Execution) -> str:
    return Execution.objects.get(pk=execution.pk).state


def reaped(execution: Execution) -> Callable[[], bool]:
    def check() -> bool:
        reaper.reap()
        return state_of(execution) in FINISHED

    return check


def test_a_worker_killed_in_the_middle_leaves_a_lost_run_and_no_process(
    queued: Make, start: Callable[[Execution], Worker]
) -> None:
    execution = queued(LONG)
    worker = start(execution)
    eventually(printing(execution), seconds=30)
    started = descendants(worker)
    assert alive(started)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    killed_at = time.monotonic()
    eventually(lambda: not alive(started), seconds=5)
    eventually(reaped(execution), seconds=LEASE_SECONDS + 5)
    assert time.monotonic() - killed_at < LEASE_SECONDS + 5
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.error["type"]) == (State.LOST, "WorkerLost")
    events = log.read(execution.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert (events[-1].kind.value, events[-1].data["status"]) == ("end", "lost")
    assert "line 2" in log.output(execution.id)[0]


@pytest.mark.parametrize("seed", range(4))
def test_whenever_a_worker_is_killed_the_run_ends(
    queued: Make, start: Callable[[Execution], Worker], seed: int
) -> None:
    execution = queued("for number in range(10): print(number)")
    worker = start(execution)
    time.sleep(random.Random(seed).uniform(0.3, 1.2))
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    if state_of(execution) == State.QUEUED:
        start(execution).wait(20)  # It was never claimed, so another worker takes it.
    eventually(reaped(execution), seconds=LEASE_SECONDS + 5)
    assert state_of(execution) in (State.SUCCEEDED, State.LOST)
    events = log.read(execution.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.kind.value for event in events].count("end") == 1


def test_a_worker_frozen_for_longer_than_its_lease_cannot_write_any_more(
    queued: Make, start: Callable[[Execution], Worker]
) -> None:
    execution = queued(LONG.replace("3000", "30") + "\nresult = 'late'")
    worker = start(execution)
    eventually(printing(execution), seconds=30)
    worker.send_signal(signal.SIGSTOP)
    eventually(reaped(execution), seconds=LEASE_SECONDS + 5)
    before = [event.as_json() for event in log.read(execution.id)]
    assert before[-1]["kind"] == "end"
    worker.send_signal(signal.SIGCONT)
    assert worker.communicate(timeout=20)[0] == b"None\n"
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.has_result) == (State.LOST, False)
    assert [event.as_json() for event in log.read(execution.id)] == before


def test_a_worker_that_lives_keeps_its_lease(queued: Make, start: Callable[[Execution], Worker]) -> None:
    execution = queued("import time; time.sleep(5); result = 'whole'")
    worker = start(execution)
    while worker.poll() is None:
        reaper.reap()
        time.sleep(0.2)
    row = Execution.objects.get(pk=execution.pk)
    assert (row.state, row.result) == (State.SUCCEEDED, "whole")


def test_cancelling_a_run_of_another_process_kills_its_tree_within_two_seconds(
    queued: Make, start: Callable[[Execution], Worker], actor: Actor
) -> None:
    execution = queued(LONG)
    worker = start(execution)
    eventually(printing(execution), seconds=30)
    started = descendants(worker)
    began_at = time.monotonic()
    executions.cancel(by=actor, execution=execution, reason="enough")
    eventually(lambda: state_of(execution) == State.CANCELLED, seconds=5)
    assert time.monotonic() - began_at < 2
    worker.wait(10)
    eventually(lambda: not alive(started), seconds=5)
    assert Execution.objects.get(pk=execution.pk).cancelled_by == "owner@example.org"
