"""The pages of versions, and the editor's way to save one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.registry import agents, versions
from agents.registry.models import Version
from agents.registry.serializers import VersionSaveSerializer, VersionSerializer
from agents.snapshots import snapshots
from agents.snapshots.serializers import read
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.pagination import page_of
from workspaces.parsers import json_body
from workspaces.requests import WorkspaceRequest, workspace_json, workspace_page


@require_http_methods(["GET", "HEAD", "POST"])
def version_list(request: HttpRequest, slug: str, agent_id: UUID) -> HttpResponseBase:
    """GET the page, POST `{"revision", "changelog"}` to save the draft as the next version."""
    answer = _save if request.method == "POST" else _page
    return answer(request, slug=slug, agent_id=agent_id)


@workspace_page
def _page(request: WorkspaceRequest, actor: Actor, agent_id: UUID) -> HttpResponse:
    actor.require(Scope.AGENTS_READ)
    agent = agents.get(by=actor, reference=agent_id)
    rows = Version.objects.visible_to(actor).filter(agent=agent).select_related("created_by", "snapshot")
    page = page_of(request, rows, ordering=("-number",), page_size=200)
    context = {"agent": agent, "versions": page.items, "next_url": page.next_url}
    return render(request, "agents/version_list.html", context)


@workspace_json
def _save(request: WorkspaceRequest, actor: Actor, agent_id: UUID) -> HttpResponse:
    agent = agents.get(by=actor, reference=agent_id)
    body = read(VersionSaveSerializer, json_body(request))
    version = versions.save(
        by=actor, agent=agent, expected_revision=body["revision"], changelog=body["changelog"]
    )
    return JsonResponse({"id": version.pk, **VersionSerializer(version).data}, status=201)


@require_safe
@workspace_page
def version_detail(request: WorkspaceRequest, actor: Actor, agent_id: UUID, number: int) -> HttpResponse:
    actor.require(Scope.AGENTS_READ)
    agent = agents.get(by=actor, reference=agent_id)
    version = versions.get(by=actor, agent=agent, number=number)
    spec = snapshots.spec(version.snapshot)
    context = {
        "agent": agent,
        "version": version,
        "files": [{"path": path, "text": spec.files[path]} for path in sorted(spec.files)],
        "config": {name: value for name, value in spec.config.as_json().items() if value},
    }
    return render(request, "agents/version_detail.html", context)


@require_POST
@workspace_page
def version_restore(request: WorkspaceRequest, actor: Actor, agent_id: UUID, number: int) -> HttpResponse:
    agent = agents.get(by=actor, reference=agent_id)
    versions.restore(by=actor, version=versions.get(by=actor, agent=agent, number=number))
    messages.success(request, _("Version %(number)d is the draft again") % {"number": number})
    return redirect("agent-edit", actor.workspace.slug, agent.pk)
