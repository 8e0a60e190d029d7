"""`/api/v1/executions`: start, list, read, follow, cancel and repeat runs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.executions import executions, follow, log, requests
from agents.executions.api import calls
from agents.executions.api.execute import IDEMPOTENCY_KEY
from agents.executions.enums import FINISHED
from agents.executions.filters import ExecutionFilter
from agents.executions.models import Execution
from agents.executions.serializers import (
    CancelSerializer,
    EventsSerializer,
    ExecutionRowSerializer,
    ExecutionSerializer,
    RerunSerializer,
    StartSerializer,
)
from agents.executions.types import RunRequest
from agents.registry import agents
from workspaces import access
from workspaces.access import Actor
from workspaces.enums import Scope, Source
from workspaces.exceptions import FieldError, Invalid, NotFound
from workspaces.models import Workspace
from workspaces.permissions import RequiresScope
from workspaces.requests import api_actor, plain_request, slug_of

MAX_SEQ = 2**31 - 1
KEEP_ALIVE = b": keep-alive\n\n"
KEEP_ALIVE_LOOKS = 15
"""Empty batches, one a second, between two comments that keep a connection open."""
AFTER = OpenApiParameter("after", int, description="Events with higher numbers only.")


def find(request: Request, execution_id: UUID, *, by_address: bool = False) -> tuple[Actor, Execution]:
    """The run that the caller may see, and who the caller is.

    `by_address`: for what a browser fetches by itself (an image, an event source) and cannot add
    headers to. A member of the run's workspace sees it then, whichever workspace they looked at last.
    """
    actor = api_actor(request)
    execution = executions.visible(actor).filter(pk=execution_id).first()
    if execution is None and by_address and actor.token is None and slug_of(plain_request(request)) is None:
        home = Workspace.objects.visible_to(actor.user).filter(executions__pk=execution_id).first()
        if home is not None:
            actor = access.actor(
                user=actor.user, workspace=home, source=Source.API, request_id=actor.request_id
            )
            execution = executions.visible(actor).filter(pk=execution_id).first()
    if execution is None:
        raise NotFound("There is no such run.")
    return actor, execution


class ExecutionCollection(ListAPIView[Execution]):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ, "POST": Scope.EXECUTIONS_WRITE}
    serializer_class = ExecutionRowSerializer
    filterset_class = ExecutionFilter
    ordering = ("-queued_at", "-id")
    queryset = Execution.objects.none()

    def get_queryset(self) -> Any:
        return executions.listed(executions.visible(api_actor(self.request)))

    @extend_schema(operation_id="executions_list", summary="List runs, newest first", tags=["executions"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="executions_start",
        summary="Start a run and return at once",
        tags=["executions"],
        parameters=[IDEMPOTENCY_KEY],
        request=StartSerializer,
        responses={202: ExecutionSerializer},
    )
    def post(self, request: Request) -> Response:
        actor = api_actor(request)
        data = calls.read(StartSerializer, request)
        return calls.accepted(executions.start(by=actor, request=_asked(actor, request, data)))


class ExecutionDetail(APIView):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ}

    @extend_schema(
        operation_id="executions_read",
        summary="Read a run",
        tags=["executions"],
        responses=ExecutionSerializer,
    )
    def get(self, request: Request, execution_id: UUID) -> Response:
        return Response(ExecutionSerializer(find(request, execution_id)[1]).data)


class ExecutionEvents(APIView):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ}

    @extend_schema(
        operation_id="executions_events",
        summary="Read a run's log",
        tags=["executions"],
        parameters=[AFTER, OpenApiParameter("limit", int, description="At most this many; up to 1000.")],
        responses=EventsSerializer,
    )
    def get(self, request: Request, execution_id: UUID) -> Response:
        _, execution = find(request, execution_id)
        after = _number(request, "after", 0, most=MAX_SEQ)
        limit = max(1, min(1000, _number(request, "limit", 1000, most=MAX_SEQ)))
        events = log.read(execution.id, after=after, limit=limit)
        last = events[-1].seq if events else after
        return Response(
            {
                "events": [event.as_json() for event in events],
                "next_after": last,
                "finished": execution.state in FINISHED and last >= execution.last_seq,
            }
        )


class AnyAccept(BaseContentNegotiation):
    """For answers that are not JSON, whatever the caller says to accept; errors still are."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        renderer: BaseRenderer = renderers[0]
        return renderer, renderer.media_type


class ExecutionStream(APIView):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ}
    content_negotiation_class = AnyAccept
    http_method_names = ["get", "options"]  # HEAD would wait for the end of the run to say nothing.

    @extend_schema(
        operation_id="executions_stream",
        summary="Follow a run's log as server-sent events",
        description="`Last-Event-ID` or `after` says where to go on. The stream ends after the event `end`.",
        tags=["executions"],
        parameters=[AFTER, OpenApiParameter("Last-Event-ID", int, OpenApiParameter.HEADER)],
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
    )
    def get(self, request: Request, execution_id: UUID) -> HttpResponseBase:
        actor, execution = find(request, execution_id, by_address=True)
        after = _number(request, "after", 0, most=MAX_SEQ)
        if request.headers.get("Last-Event-ID"):
            after = max(after, _digits("Last-Event-ID", request.headers["Last-Event-ID"], most=MAX_SEQ))
        return StreamingHttpResponse(
            _server_sent(actor, execution.id, after),
            content_type="text/event-stream; charset=utf-8",
            headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"},
        )


class ExecutionCancel(APIView):
    permission_classes = [RequiresScope]
    scopes = {"POST": Scope.EXECUTIONS_WRITE}

    @extend_schema(
        operation_id="executions_cancel",
        summary="Cancel a run",
        description="A run that has ended stays as it is. Cancelling again changes nothing.",
        tags=["executions"],
        request=CancelSerializer,
        responses=ExecutionSerializer,
    )
    def post(self, request: Request, execution_id: UUID) -> Response:
        data = calls.read(CancelSerializer, request)
        actor, execution = find(request, execution_id)
        cancelled = executions.cancel(by=actor, execution=execution, reason=data["reason"])
        return Response(ExecutionSerializer(cancelled).data)


class ExecutionRerun(APIView):
    permission_classes = [RequiresScope]
    scopes = {"POST": Scope.EXECUTIONS_WRITE}

    @extend_schema(
        operation_id="executions_rerun",
        summary="Run it again",
        tags=["executions"],
        parameters=[IDEMPOTENCY_KEY],
        request=RerunSerializer,
        responses={202: ExecutionSerializer, 409: OpenApiResponse(description="There is nothing to run.")},
    )
    def post(self, request: Request, execution_id: UUID) -> Response:
        data = calls.read(RerunSerializer, request)
        actor, execution = find(request, execution_id)
        key = requests.idempotency_key(request.headers.get("Idempotency-Key"))
        again = executions.rerun(
            by=actor,
            execution=execution,
            mode=data["mode"],
            idempotency_key=key,
            fingerprint=calls.fingerprint(request) if key else "",
            **({"input": data["input"]} if "input" in data else {}),
        )
        return calls.accepted(again)


def _asked(actor: Actor, request: Request, data: dict[str, Any]) -> RunRequest:
    given = calls.given(request, data)
    if "agent" not in data:
        return requests.of_code(calls.code_of(data, entry_point=None), given)
    actor.require(Scope.AGENTS_READ)
    agent = agents.get(by=actor, reference=data["agent"])
    if data["draft"]:
        return requests.of_draft(agent, given)
    return requests.of_version(
        requests.version_to_run(by=actor, agent=agent, number=data.get("version")), given
    )


async def _server_sent(actor: Actor, execution_id: UUID, after: int) -> AsyncGenerator[bytes]:
    """The log as server-sent events; a comment first, so that the client sees the connection open."""
    yield KEEP_ALIVE
    idle = 0
    with contextlib.suppress(follow.NoLongerVisible):
        async with contextlib.aclosing(follow.follow(actor, execution_id, after=after)) as batches:
            async for events in batches:
                idle = 0 if events else idle + 1
                for event in events:
                    data = json.dumps(event.as_json())
                    yield f"id: {event.seq}\nevent: {event.kind.value}\ndata: {data}\n\n".encode()
                if idle and idle % KEEP_ALIVE_LOOKS == 0:
                    yield KEEP_ALIVE


def _number(request: Request, name: str, default: int, *, most: int) -> int:
    text = request.query_params.get(name)
    return default if text is None else _digits(name, text, most=most)


def _digits(name: str, text: str, *, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= most:
        return int(text)
    problem = FieldError(f"/{name}", "must be a number from 0")
    raise Invalid(f"{name} must be a number from 0.", errors=[problem])
