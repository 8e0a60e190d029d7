"""Writing down how a run ended: once, all of it together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents.executions import artifacts, log, states
from agents.executions.enums import EventKind, State
from agents.executions.models import Artifact, Execution
from agents.executions.types import Ending, Entry, JsonObject
from analytics import facts
from analytics.models import RunFact
from runtimes.types import Outcome, RunError, Status


def finish(
    execution: Execution,
    ending: Ending,
    *,
    entries: Sequence[Entry] = (),
    values: Mapping[str, object] | None = None,
    only_from: frozenset[State] | None = None,
    when: Q | None = None,
) -> bool:
    """Move a run to its final state; False, and nothing written, if it is not this attempt's to end.

    In one transaction: the row, the last of the log (`entries`, then artifacts, result, error and
    `end`), the artifacts, and the fact for analytics. `execution` is the row as this attempt knows
    it, and is brought up to date; `values` are further columns to set.
    """
    finished_at = timezone.now()
    timings = _timings(execution, ending.outcome, finished_at)
    columns = {**(values or {}), **_columns(ending.outcome, timings, finished_at)}
    with transaction.atomic():
        moved = states.move(
            execution.id,
            attempt=execution.attempt,
            to=ending.state,
            only_from=only_from,
            when=when,
            entries=[*entries, *_last_entries(execution, ending, timings, finished_at)],
            values=columns,
        )
        if not moved:
            return False
        Artifact.objects.bulk_create(
            Artifact(
                execution_id=execution.id, name=kept.name, media_type=kept.media_type, blob_id=kept.sha256
            )
            for kept in ending.artifacts
        )
        facts.record_run(_fact(execution, ending, timings, finished_at))
    execution.state = ending.state
    for name, value in columns.items():
        setattr(execution, name, value)
    return True


def error_as_json(error: RunError) -> JsonObject:
    """For the row and the log. Unlike output it is words for people: what no page can carry is replaced."""
    return {
        name: _encodable(value) if isinstance(value, str) else value for name, value in asdict(error).items()
    }


def unstarted(status: Status, *, type: str, message: str) -> Outcome:
    """The outcome of a run of which nothing is known but why it ended."""
    return Outcome(status=status, error=RunError(type=type, message=message))


def _columns(outcome: Outcome, timings: dict[str, float], finished_at: datetime) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "finished_at": finished_at,
        "lease_until": None,
        "exit_code": outcome.exit_code,
        "has_result": outcome.has_result,
        "result": outcome.result if outcome.has_result else None,
        "error": error_as_json(outcome.error) if outcome.error else None,
        "timings": timings,
        "usage": asdict(outcome.usage),
    }
    if outcome.isolation:
        columns["isolation"] = outcome.isolation[:80]
    return columns


def _last_entries(
    execution: Execution, ending: Ending, timings: dict[str, float], finished_at: datetime
) -> list[Entry]:
    outcome = ending.outcome
    lines: list[tuple[EventKind, JsonObject]] = [
        (EventKind.ARTIFACT, _artifact(execution.id, kept.name, kept.media_type, kept.size_bytes))
        for kept in ending.artifacts
    ]
    if outcome.has_result:
        lines.append((EventKind.RESULT, {"result": outcome.result}))
    if outcome.error is not None:
        lines.append((EventKind.ERROR, error_as_json(outcome.error)))
    lines.append(
        (
            EventKind.END,
            {
                "status": ending.state.value,
                "exit_code": outcome.exit_code,
                "timings": dict(timings),
                "usage": asdict(outcome.usage),
            },
        )
    )
    return [log.entry(kind, data, ts=finished_at) for kind, data in lines]


def _artifact(execution_id: UUID, name: str, media_type: str, size_bytes: int) -> JsonObject:
    url = artifacts.url(execution_id, name)
    return {"name": name, "media_type": media_type, "size_bytes": size_bytes, "url": url}


def _timings(execution: Execution, outcome: Outcome, finished_at: datetime) -> dict[str, float]:
    started_at = execution.started_at or finished_at
    return {
        "queue_ms": _between_ms(execution.queued_at, started_at),
        **{name: round(value, 3) for name, value in asdict(outcome.timings).items()},
        "total_ms": _between_ms(execution.queued_at, finished_at),
    }


def _between_ms(start: datetime, end: datetime) -> float:
    """Never negative: the clocks of two hosts may differ."""
    return max(0.0, round((end - start).total_seconds() * 1000, 3))


def _fact(execution: Execution, ending: Ending, timings: dict[str, float], finished_at: datetime) -> RunFact:
    outcome = ending.outcome
    return RunFact(
        execution_id=execution.id,
        organization_id=execution.workspace.organization_id,
        workspace_id=execution.workspace_id,
        user_id=execution.user_id,
        agent_id=execution.agent_id,
        agent_label=execution.agent.name if execution.agent else "",
        version_number=execution.version.number if execution.version else None,
        kind=execution.kind,
        source=execution.source,
        language=execution.snapshot.language,
        runtime=execution.runtime,
        isolation=outcome.isolation[:80],
        status=ending.state,
        error_type=_printable(outcome.error.type)[:120] if outcome.error else "",
        queue_ms=timings["queue_ms"],
        setup_ms=outcome.timings.setup_ms,
        run_ms=outcome.timings.run_ms,
        cpu_ms=outcome.usage.cpu_ms,
        peak_memory_bytes=outcome.usage.peak_memory_bytes,
        output_bytes=outcome.usage.output_bytes,
        finished_at=finished_at,
    )


def _encodable(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _printable(text: str) -> str:
    """A program names its own exceptions: only what every database takes is kept."""
    return "".join(character if character.isprintable() else "?" for character in text)
