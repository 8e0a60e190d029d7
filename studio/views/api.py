"""The root of the API and its reference."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from studio.version import VERSION
from workspaces import requests
from workspaces.access import Actor
from workspaces.requests import WorkspaceRequest, workspace_page


class RootView(APIView):
    """Where things are, and who asks."""

    @extend_schema(operation_id="root", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        actor = requests.api_actor(request)
        links = {
            "code_execute": "api:code-execute",
            "code_agents": "api:code-agent-list",
            "executions": "api:execution-list",
            "health": "health-detailed",
            "schema": "api-schema",
            "docs": "api-docs",
        }
        return Response(
            {
                "product": "Sandloft",
                "version": VERSION,
                "workspace": actor.workspace.slug,
                "user": actor.user.email,
                "scopes": sorted(actor.scopes),
                "links": {name: request.build_absolute_uri(reverse(to)) for name, to in links.items()},
            }
        )


@require_safe
@workspace_page
def api_docs(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    """The reference, where each call can be tried with the rights of the session."""
    return render(request, "studio/api_docs.html")
