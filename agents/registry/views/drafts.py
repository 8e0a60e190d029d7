"""What the editor loads and saves."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from agents.registry import agents, drafts
from agents.registry.serializers import DraftSerializer, draft_spec
from agents.snapshots.serializers import read
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.parsers import json_body
from workspaces.requests import WorkspaceRequest, workspace_json


@require_http_methods(["GET", "PUT"])
@workspace_json
def draft(request: WorkspaceRequest, actor: Actor, agent_id: UUID) -> HttpResponse:
    """GET the draft, PUT a newer one: `revision` names the one it was made from."""
    actor.require(Scope.AGENTS_READ)
    agent = agents.get(by=actor, reference=agent_id)
    if request.method == "GET":
        return JsonResponse(drafts.as_json(drafts.of(agent)))
    body = read(DraftSerializer, json_body(request))
    saved = drafts.save(
        by=actor,
        agent=agent,
        expected_revision=None if body["force"] else body["revision"],
        spec=draft_spec(body),
        sample_input=body.get("sample_input"),
    )
    return JsonResponse(drafts.receipt(saved))
