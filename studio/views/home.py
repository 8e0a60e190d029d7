"""The start page, and addresses that lead to where one works."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from agents.executions import executions
from agents.registry.models import Agent
from agents.starters import starters
from studio import health
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.requests import WorkspaceRequest, workspace_page

RUNS = 8
AGENTS = 6
STARTERS = 4


@require_safe
@workspace_page
def home(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    """What happened last in the current workspace, and the ways in for those who are new."""
    actor.require(Scope.AGENTS_READ)
    context = {
        "recent_executions": executions.visible(actor).order_by("-queued_at")[:RUNS],
        "recent_agents": Agent.objects.visible_to(actor).order_by("-updated_at")[:AGENTS],
        "starters": starters.all()[:STARTERS],
        "health": health.runtimes(),
        "api_base": settings.PUBLIC_URL,
    }
    return render(request, "studio/home.html", context)


@require_safe
@workspace_page
def studio(request: WorkspaceRequest, actor: Actor) -> HttpResponseRedirect:
    """To the agent that was edited last, or to the gallery of starters."""
    actor.require(Scope.AGENTS_READ)
    agent = Agent.objects.visible_to(actor).order_by("-draft__saved_at").first()
    if agent is None:
        return redirect("agents:agent-create", actor.workspace.slug)
    return redirect("agent-edit", actor.workspace.slug, agent.pk)


@require_safe
@workspace_page
def dashboard(request: WorkspaceRequest, actor: Actor, to: str) -> HttpResponseRedirect:
    """Addresses without a workspace, for bookmarks: to the page `to` of the current one."""
    return redirect(to, actor.workspace.slug)
