"""What the editor loads and saves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from agents.registry import agents, drafts
from agents.registry.models import Agent, Draft
from agents.registry.serializers import DraftSerializer, draft_spec
from agents.snapshots.serializers import read
from agents.snapshots.types import SnapshotConfig
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import FieldError, Invalid
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
    try:
        return JsonResponse(drafts.receipt(_save(actor, agent, json_body(request))))
    except Invalid as error:
        raise Invalid(error.detail, errors=[_inside(item) for item in error.errors]) from error


def _save(actor: Actor, agent: Agent, json: Any) -> Draft:
    body = read(DraftSerializer, json)
    return drafts.save(
        by=actor,
        agent=agent,
        expected_revision=None if body["force"] else body["revision"],
        spec=draft_spec(body),
        sample_input=body.get("sample_input"),
    )


def _inside(error: FieldError) -> FieldError:
    """The store speaks of settings where the API has them; a draft has them below `config`."""
    setting = error.pointer.split("/")[1] in SnapshotConfig.__dataclass_fields__
    return FieldError(f"/config{error.pointer}", error.message) if setting else error
