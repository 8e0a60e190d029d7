"""The one place that hands runs to the broker.

The row is the truth and the task only a wake-up call: where the broker takes nothing or forgets,
the reaper hands the run over again.
"""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from agents.executions.enums import State
from agents.executions.models import Execution

log = logging.getLogger(__name__)

RUN_TASK = "agents.executions.run"


def enqueue(execution_id: UUID) -> None:
    """Hand a queued run to the workers once the current transaction is committed."""
    transaction.on_commit(lambda: _send(execution_id))


def _send(execution_id: UUID) -> None:
    try:
        current_app.send_task(RUN_TASK, args=[str(execution_id)], retry=False)
    except (OperationalError, OSError) as error:
        log.warning("The broker did not take run %s, it is handed over again later: %s", execution_id, error)
        Execution.objects.filter(pk=execution_id, state=State.QUEUED).update(enqueued_at=None)
