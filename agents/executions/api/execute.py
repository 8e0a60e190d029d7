"""`POST /api/v1/code/execute`: run code and wait for its end."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.executions import executions, requests
from agents.executions.api import calls
from agents.executions.serializers import ExecuteAnswerSerializer, ExecuteSerializer
from workspaces.enums import Scope
from workspaces.permissions import RequiresScope
from workspaces.requests import api_actor

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key with the same body gives the run of the first time instead of another one.",
)
PREFER_STRICT = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`handling=strict`: a run that fails is a 422 problem.",
)


class CodeExecute(APIView):
    permission_classes = [RequiresScope]
    scopes = {"POST": Scope.EXECUTIONS_WRITE}

    @extend_schema(
        operation_id="code_execute",
        summary="Run code and wait for its end",
        description=(
            "Runs in a sandbox of its own. What the program does wrong is an answer with `success: false`; "
            "`execution_id` names the run, which is kept with its log."
        ),
        tags=["code"],
        parameters=[IDEMPOTENCY_KEY, PREFER_STRICT],
        request=ExecuteSerializer,
        responses={
            200: ExecuteAnswerSerializer,
            422: OpenApiResponse(description="The run failed, and the caller prefers strict handling."),
            429: OpenApiResponse(description="Too many callers wait for runs."),
        },
    )
    def post(self, request: Request) -> Response:
        actor = api_actor(request)
        data = calls.read(ExecuteSerializer, request)
        asked = calls.given(request, data)
        run = requests.of_code(calls.code_of(data, entry_point=None), asked)
        return calls.ended(request, executions.run_inline(by=actor, request=run))
