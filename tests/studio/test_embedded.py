"""The worker and the timer inside the web process, and the lock that keeps a second one away."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery, signals

from studio.celery import app as celery_app
from studio.embedded import STOPPING, AlreadyServed, DataDirLock, EmbeddedWorker, Timer
from tests.servers import eventually


@pytest.fixture
def app() -> Iterator[Celery]:
    """An app of its own, for as long as the test takes the one that worker threads look up."""
    app = Celery("embedded-test", broker="memory://", set_as_current=False)
    app.conf.update(
        broker_transport_options={"polling_interval": 0.01},
        task_ignore_result=True,
        worker_hijack_root_logger=False,
    )
    app.set_default()
    yield app
    celery_app.set_default()
    STOPPING.clear()


def test_tasks_run_in_threads_of_this_process(app: Celery) -> None:
    ran: list[tuple[int, str]] = []
    done = threading.Event()

    @app.task
    def note() -> None:
        ran.append((os.getpid(), threading.current_thread().name))
        done.set()

    worker = EmbeddedWorker(app, threads=2)
    worker.start()
    assert worker.alive
    note.delay()
    assert done.wait(10)
    assert worker.stop()
    assert not worker.alive
    assert [pid for pid, _ in ran] == [os.getpid()]
    assert ran[0][1] != threading.main_thread().name


def test_a_running_task_is_told_to_stop_and_waited_for(app: Celery) -> None:
    told = threading.Event()
    began = threading.Event()
    ended = threading.Event()

    def tell(**_: object) -> None:
        told.set()

    @app.task
    def wait() -> None:
        began.set()
        told.wait(10)
        ended.set()

    signals.worker_shutting_down.connect(tell)
    worker = EmbeddedWorker(app, threads=2)
    worker.start()
    wait.delay()
    assert began.wait(10)
    assert worker.stop()
    signals.worker_shutting_down.disconnect(tell)
    assert ended.is_set()


def test_a_second_process_is_refused_in_plain_words(tmp_path: Path) -> None:
    first, second = DataDirLock(tmp_path), DataDirLock(tmp_path)
    first.acquire()
    with pytest.raises(AlreadyServed) as refusal:
        second.acquire()
    assert str(refusal.value).startswith(f"Another Sandloft (process {os.getpid()}) already serves")
    first.release()
    second.acquire()
    second.release()


def test_the_timer_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise ValueError("once")

    STOPPING.clear()
    timer = Timer(work, seconds=0.01)
    timer.start()
    eventually(lambda: len(calls) >= 3, seconds=10, what="a third call")
    timer.stop()
    STOPPING.clear()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "Periodic work failed"
    ]
