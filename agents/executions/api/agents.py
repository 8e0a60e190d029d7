"""`/api/v1/code-agents/{id}/execute`: run a version of an agent."""

from __future__ import annotations

import time

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.executions import executions, requests, slots
from agents.executions.api import calls
from agents.executions.api.execute import IDEMPOTENCY_KEY
from agents.executions.enums import FINISHED
from agents.executions.models import Execution
from agents.executions.serializers import AgentRunSerializer, ExecuteAnswerSerializer, ExecutionSerializer
from agents.registry import agents
from workspaces.enums import Scope
from workspaces.exceptions import Busy
from workspaces.permissions import RequiresScope
from workspaces.requests import api_actor

PREFER_WAIT = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`wait=N`: answer with the outcome if the run ends within N seconds. `handling=strict`.",
)


class AgentExecute(APIView):
    permission_classes = [RequiresScope]
    scopes = {"POST": Scope.EXECUTIONS_WRITE}

    @extend_schema(
        operation_id="code_agents_execute",
        summary="Run an agent",
        description="The active version, else the newest, unless `version` names one. "
        "Without `Prefer: wait=N` the answer is 202 at once.",
        tags=["code-agents"],
        parameters=[IDEMPOTENCY_KEY, PREFER_WAIT],
        request=AgentRunSerializer,
        responses={
            200: ExecuteAnswerSerializer,
            202: ExecutionSerializer,
            409: OpenApiResponse(description="The agent has no version."),
        },
    )
    def post(self, request: Request, agent: str) -> Response:
        actor = api_actor(request)
        actor.require(Scope.AGENTS_READ)
        wait = calls.wait_seconds(request)
        found = agents.get(by=actor, reference=agent)
        data = calls.read(AgentRunSerializer, request)
        version = requests.version_to_run(
            by=actor, agent=found, number=data.get("version") or calls.version_asked(request)
        )
        execution = executions.start(
            by=actor, request=requests.of_version(version, calls.given(request, data))
        )
        if not _ended(execution, wait):
            return calls.accepted(execution)
        answer = calls.ended(request, execution)
        answer.headers["Preference-Applied"] = f"wait={int(wait)}"
        return answer


def _ended(execution: Execution, wait: float) -> bool:
    """Whether it ended while the caller waited; who finds all slots for waiting taken does not wait."""
    if not wait:
        return False
    try:
        with slots.take(execution.workspace_id, wait_seconds=0):
            return _ends_within(execution, wait)
    except Busy:
        return False


def _ends_within(execution: Execution, seconds: float) -> bool:
    """Look at the row, ever more seldom, until the run has ended or the time is over."""
    end = time.monotonic() + seconds
    pause = 0.01
    while True:
        execution.refresh_from_db(fields=["state"])
        if execution.state in FINISHED:
            execution.refresh_from_db()
            return True
        if time.monotonic() + pause > end:
            return False
        time.sleep(pause)
        pause = min(0.2, pause * 1.5)
