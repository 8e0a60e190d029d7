"""What workers do: each task takes an id, does one call and may run twice."""

from __future__ import annotations

import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings

from agents.executions import leases, queue, reaper, turns

EMBEDDED = "embedded"
"""Who sends the signal when the worker is threads of the web process, which stops at once."""


@shared_task(name=queue.RUN_TASK, ignore_result=True, acks_late=True)
def run(execution_id: str) -> None:
    """A ticket for one run: made for `execution_id`, used for the run whose turn it is."""
    turns.use_ticket()


@shared_task(name="agents.executions.reap", ignore_result=True)
def reap() -> None:
    reaper.reap()


@worker_shutting_down.connect
def drain(sender: object = None, **_: Any) -> None:
    """Let runs go on for a while, then interrupt them, so that a stopping worker leaves none behind."""
    if sender == EMBEDDED:
        leases.interrupt()
        return
    timer = threading.Timer(settings.RUN_DRAIN_SECONDS, leases.interrupt)
    timer.daemon = True
    timer.start()
