"""The pages of runs."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from agents.executions import executions, turns
from agents.executions.enums import FINISHED, State
from agents.executions.filters import ExecutionFilter
from agents.executions.models import Execution
from agents.executions.serializers import ArtifactSerializer
from agents.registry.models import Agent
from agents.snapshots import snapshots
from runtimes.types import JSON
from workspaces.access import Actor
from workspaces.exceptions import Invalid, NotFound
from workspaces.pagination import page_of
from workspaces.requests import WorkspaceRequest, workspace_page

PAGE_SIZE = 40
UNSEEN = ("input", "result", "context", "stdin", "args", "env")
ROWS = "agents/execution_list.html"
PHASES = (("waited", "queue_ms"), ("started", "setup_ms"), ("ran", "run_ms"), ("collected", "collect_ms"))
MODES: dict[str, executions.RerunMode] = {"same": "same", "newest": "newest"}


@require_GET
@workspace_page
def execution_list(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    chosen = ExecutionFilter(request.GET, queryset=executions.visible(actor).defer(*UNSEEN))
    # What the address says wrongly is left out rather than refused: the form shows what counts.
    rows = chosen.qs
    page = page_of(request, rows, ordering=("-queued_at", "-id"), page_size=PAGE_SIZE)
    context = {
        "page": page.items,
        "next_url": page.next_url,
        "filters": chosen.chosen(),
        "states": State.choices,
        "agents": Agent.objects.visible_to(actor).order_by("name")[:200],
    }
    return render(request, f"{ROWS}#rows" if request.htmx and not request.htmx.boosted else ROWS, context)


@require_GET
@workspace_page
def execution_detail(request: WorkspaceRequest, actor: Actor, execution_id: UUID) -> HttpResponse:
    execution = _find(actor, execution_id)
    files = execution.artifacts.select_related("blob")
    context = {
        "execution": execution,
        "phases": phases(execution),
        "artifacts": ArtifactSerializer(files, many=True).data,
        "files": [{"path": path, "text": text} for path, text in _code(execution).items()],
        "result_json": pretty(execution.result) if execution.has_result else "",
        "input_json": pretty(execution.input),
        "error": execution.error,
        "rerunnable": execution.state in FINISHED,
        "queue_position": turns.position(execution),
    }
    return render(request, "agents/execution_detail.html", context)


@require_POST
@workspace_page
def execution_cancel(request: WorkspaceRequest, actor: Actor, execution_id: UUID) -> HttpResponseBase:
    execution = _find(actor, execution_id)
    executions.cancel(by=actor, execution=execution, reason=request.POST.get("reason", ""))
    return _to(execution)


@require_POST
@workspace_page
def execution_rerun(request: WorkspaceRequest, actor: Actor, execution_id: UUID) -> HttpResponseBase:
    mode = MODES.get(request.POST.get("mode", "same"))
    if mode is None:
        raise Invalid(f"The mode must be one of: {', '.join(MODES)}.")
    return _to(executions.rerun(by=actor, execution=_find(actor, execution_id), mode=mode))


def phases(execution: Execution) -> list[dict[str, Any]]:
    """The parts of a run's time, with their share of it in percent."""
    spent = [(name, float(execution.timings.get(key) or 0.0)) for name, key in PHASES]
    total = sum(ms for _, ms in spent)
    return [{"name": name, "ms": ms, "percent": 100 * ms / total if total else 0.0} for name, ms in spent]


def pretty(value: JSON) -> str:
    """JSON for people. What no page could carry, halves of surrogate pairs, is left escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=2)
    return text


def _find(actor: Actor, execution_id: UUID) -> Execution:
    execution = executions.visible(actor).filter(pk=execution_id).first()
    if execution is None:
        raise NotFound("There is no such run.")
    return execution


def _code(execution: Execution) -> dict[str, str]:
    files = dict(snapshots.spec(execution.snapshot).files)
    return {execution.snapshot.entry: files[execution.snapshot.entry], **files}


def _to(execution: Execution) -> HttpResponseBase:
    return redirect("agents:execution-detail", execution.workspace.slug, execution.id)
