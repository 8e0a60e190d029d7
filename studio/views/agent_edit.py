"""The sandbox studio: editor, run console and history of one agent."""

from __future__ import annotations

from uuid import UUID

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.executions import executions
from agents.registry import agents, drafts
from agents.registry.enums import Visibility
from agents.snapshots import limits
from runtimes.types import Language
from studio import snippets
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.requests import WorkspaceRequest, workspace_page

VERSIONS = 50
RUNS = 20


# The editor writes style attributes and sheets of its own; scripts stay ours alone.
@csp_replace({"style-src": [SELF, UNSAFE_INLINE]})
@require_safe
@workspace_page
def agent_edit(request: WorkspaceRequest, actor: Actor, agent_id: UUID) -> HttpResponse:
    actor.require(Scope.AGENTS_READ)
    agent = agents.get(by=actor, reference=agent_id)
    bounds = limits.bounds()
    context = {
        "agent": agent,
        "draft_json": drafts.as_json(drafts.of(agent)),
        "versions": agent.versions.select_related("created_by")[:VERSIONS],
        "executions": executions.visible(actor).filter(agent=agent).order_by("-queued_at")[:RUNS],
        "languages": [language.value for language in Language],
        "visibilities": Visibility.choices,
        "limits_max": {name: bounds[name][1] for name in ("timeout", "memory_mb")},
        "api_snippets": snippets.calls(agent),
    }
    return render(request, "studio/agent_edit.html", context)
