"""Agents over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from agents.registry import agents, diffs, drafts, versions
from agents.registry.filters import AgentFilter
from agents.registry.models import Agent, Version
from agents.registry.serializers import (
    AgentPostSerializer,
    AgentPutSerializer,
    AgentRowSerializer,
    AgentSerializer,
    DetailsSerializer,
    DiffSerializer,
    VersionSerializer,
    agent_spec,
    as_agent,
    as_row,
)
from agents.snapshots import snapshots
from agents.snapshots.serializers import read
from agents.snapshots.types import SnapshotSpec
from workspaces.enums import Scope
from workspaces.exceptions import FieldError, Invalid, NotFound
from workspaces.permissions import RequiresScope
from workspaces.requests import api_actor

REFERENCE = OpenApiParameter("reference", str, OpenApiParameter.PATH, description="Id or slug of the agent.")
VERSION = OpenApiParameter("version", int, description="Number of a version; the newest if left out.")
READ_WRITE = {
    "GET": Scope.AGENTS_READ,
    "POST": Scope.AGENTS_WRITE,
    "PUT": Scope.AGENTS_WRITE,
    "PATCH": Scope.AGENTS_WRITE,
    "DELETE": Scope.AGENTS_WRITE,
}


class AgentListView(GenericAPIView[Agent]):
    permission_classes = [RequiresScope]
    scopes = READ_WRITE
    serializer_class = AgentRowSerializer
    filterset_class = AgentFilter
    ordering = ("-created_at", "-pk")

    def get_queryset(self) -> Any:
        rows = Agent.objects.visible_to(api_actor(self.request)).select_related(
            "active_version", "created_by"
        )
        return rows.with_newest_version().with_newest_rows()

    @extend_schema(operation_id="code_agents_list")
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows = [
            as_row(agent, next(iter(agent.newest_versions), None), agent.language) for agent in page or []
        ]
        return self.get_paginated_response(AgentRowSerializer(rows, many=True).data)

    @extend_schema(request=AgentPostSerializer, responses={201: AgentSerializer})
    def post(self, request: Request) -> Response:
        body = read(AgentPostSerializer, request.data)
        actor = api_actor(request)
        version = versions.create_agent(by=actor, spec=agent_spec(body), changelog=body["changelog"])
        answer = _answer(agents.get(by=actor, reference=version.agent_id), version)
        where = request.build_absolute_uri(f"{request.path}/{version.agent_id}")
        return Response(answer, status=201, headers={"Location": where})


@extend_schema_view(get=extend_schema(parameters=[REFERENCE, VERSION]))
@extend_schema(parameters=[REFERENCE])
class AgentView(GenericAPIView[Agent]):
    permission_classes = [RequiresScope]
    scopes = READ_WRITE
    serializer_class = AgentSerializer
    pagination_class = None
    filter_backends = []

    def get(self, request: Request, reference: str) -> Response:
        actor = api_actor(request)
        agent = agents.get(by=actor, reference=reference)
        asked = request.query_params.get("version")
        if asked is not None:
            version: Version | None = versions.get(by=actor, agent=agent, number=_number("version", asked))
        else:
            version = versions.newest(agent)
        return Response(_answer(agent, version))

    @extend_schema(request=AgentPutSerializer)
    def put(self, request: Request, reference: str) -> Response:
        """Save the body as the agent's next version."""
        actor = api_actor(request)
        agent = agents.get(by=actor, reference=reference)
        body = read(AgentPutSerializer, request.data)
        version = versions.put(by=actor, agent=agent, spec=agent_spec(body), changelog=body["changelog"])
        return Response(_answer(agents.get(by=actor, reference=agent.pk), version))

    @extend_schema(request=DetailsSerializer)
    def patch(self, request: Request, reference: str) -> Response:
        """Change what is said about the agent, without a new version."""
        actor = api_actor(request)
        agent = agents.get(by=actor, reference=reference)
        agents.update_details(by=actor, agent=agent, **read(DetailsSerializer, request.data))
        agent = agents.get(by=actor, reference=agent.pk)
        return Response(_answer(agent, versions.newest(agent)))

    @extend_schema(responses={204: OpenApiResponse(description="It is in the trash.")})
    def delete(self, request: Request, reference: str) -> Response:
        actor = api_actor(request)
        agents.delete(by=actor, agent=agents.get(by=actor, reference=reference))
        return Response(status=204)


class AgentRestoreView(GenericAPIView[Agent]):
    permission_classes = [RequiresScope]
    scopes = READ_WRITE
    serializer_class = AgentSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(request=None)
    def post(self, request: Request, agent_id: UUID) -> Response:
        """Bring an agent back from the trash, by its id."""
        actor = api_actor(request)
        agent = Agent.objects.trash_of(actor).filter(pk=agent_id).first()
        if agent is None:
            raise NotFound("There is no such agent in the trash.")
        agents.restore(by=actor, agent=agent)
        agent = agents.get(by=actor, reference=agent.pk)
        return Response(_answer(agent, versions.newest(agent)))


@extend_schema(parameters=[REFERENCE])
class VersionListView(GenericAPIView[Version]):
    permission_classes = [RequiresScope]
    scopes = READ_WRITE
    serializer_class = VersionSerializer
    filter_backends = []
    ordering = ("-number",)

    def get_queryset(self) -> Any:
        actor = api_actor(self.request)
        agent = agents.get(by=actor, reference=self.kwargs["reference"])
        return Version.objects.visible_to(actor).filter(agent=agent).select_related("created_by")

    @extend_schema(operation_id="code_agents_versions_list")
    def get(self, request: Request, reference: str) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(VersionSerializer(page, many=True).data)


class DiffView(GenericAPIView[Agent]):
    permission_classes = [RequiresScope]
    scopes = READ_WRITE
    serializer_class = DiffSerializer
    pagination_class = None
    filter_backends = []

    @extend_schema(
        parameters=[
            REFERENCE,
            OpenApiParameter("from", str, required=True, description="Number of a version, or `draft`."),
            OpenApiParameter("to", str, required=True, description="Number of a version, or `draft`."),
        ]
    )
    def get(self, request: Request, reference: str) -> Response:
        """What changed between two versions, or a version and the draft."""
        agent = agents.get(by=api_actor(request), reference=reference)
        before, old = self._side(agent, "from")
        after, new = self._side(agent, "to")
        found = {"files": diffs.files(old, new), "settings": diffs.settings(old, new)}
        return Response(DiffSerializer({"before": before, "after": after, **found}).data)

    def _side(self, agent: Agent, parameter: str) -> tuple[int | None, SnapshotSpec]:
        asked = self.request.query_params.get(parameter, "")
        if asked == "draft":
            return None, snapshots.spec(drafts.of(agent).snapshot)
        number = _number(parameter, asked)
        version = versions.get(by=api_actor(self.request), agent=agent, number=number)
        return number, snapshots.spec(version.snapshot)


def _answer(agent: Agent, version: Version | None) -> Any:
    snapshot = version.snapshot if version else drafts.of(agent).snapshot
    return AgentSerializer(as_agent(agent, version, snapshots.spec(snapshot))).data


def _number(parameter: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        problem = FieldError(f"/{parameter}", "must be the number of a version")
        raise Invalid(f"{parameter} {problem.message}.", errors=[problem])
    return int(text)
