"""The pages of agents: the list, the details, the trash."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents.registry import agents
from agents.registry.enums import AgentStatus
from agents.registry.filters import AgentPageFilter
from agents.registry.models import Agent
from agents.registry.types import Details
from runtimes.types import Language
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import NotFound
from workspaces.pagination import page_of
from workspaces.requests import WorkspaceRequest, workspace_page


@require_safe
@workspace_page
def agent_list(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    actor.require(Scope.AGENTS_READ)
    rows = Agent.objects.visible_to(actor).select_related("draft__snapshot").with_newest_version()
    chosen = AgentPageFilter(request.GET, queryset=rows)
    page = page_of(request, chosen.qs.with_usage(), ordering=("-updated_at", "-pk"))
    context = {
        "page": page.items,
        "next_url": page.next_url,
        "previous_url": page.previous_url,
        "filters": chosen.chosen(),
        "total": chosen.qs.count(),
        "languages": list(Language),
        "statuses": AgentStatus.choices,
    }
    part = "#rows" if request.htmx else ""
    return render(request, f"agents/agent_list.html{part}", context)


@require_POST
@workspace_page
def agent_update(request: WorkspaceRequest, actor: Actor, agent_id: UUID) -> HttpResponse:
    agent = agents.get(by=actor, reference=agent_id)
    changes = Details()
    if "name" in request.POST:
        changes["name"] = request.POST["name"]
    if "description" in request.POST:
        changes["description"] = request.POST["description"].replace("\r\n", "\n")
    if "visibility" in request.POST:
        changes["visibility"] = request.POST["visibility"]
    if "tags" in request.POST:
        changes["tags"] = [tag for tag in request.POST["tags"].split(",") if tag.strip()]
    agents.update_details(by=actor, agent=agent, **changes)
    messages.success(request, _("Saved"))
    return redirect("agent-edit", actor.workspace.slug, agent.pk)


@require_POST
@workspace_page
def agent_delete(request: WorkspaceRequest, actor: Actor, agent_id: UUID) -> HttpResponse:
    agent = agents.get(by=actor, reference=agent_id)
    agents.delete(by=actor, agent=agent)
    messages.success(request, _("“%(name)s” is in the trash") % {"name": agent.name})
    return redirect("agents:agent-list", actor.workspace.slug)


@require_safe
@workspace_page
def agent_trash(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    actor.require(Scope.AGENTS_READ)
    page = page_of(request, Agent.objects.trash_of(actor), ordering=("-deleted_at", "-pk"))
    return render(request, "agents/agent_trash.html", {"agents": page.items, "next_url": page.next_url})


@require_POST
@workspace_page
def agent_restore(request: WorkspaceRequest, actor: Actor, agent_id: UUID) -> HttpResponse:
    agent = Agent.objects.trash_of(actor).filter(pk=agent_id).first()
    if agent is None:
        raise NotFound("There is no such agent in the trash.")
    agents.restore(by=actor, agent=agent)
    messages.success(request, _("“%(name)s” is back") % {"name": agent.name})
    return redirect("agent-edit", actor.workspace.slug, agent.pk)
