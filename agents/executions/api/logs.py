"""`/api/v1/code-exec-logs`: the same runs, as the log of an agent or of a workflow."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.executions import executions, stats
from agents.executions.filters import ExecutionFilter
from agents.executions.models import Execution
from agents.executions.serializers import LogRowSerializer, LogStatsSerializer
from agents.registry import agents
from workspaces.enums import Scope
from workspaces.permissions import RequiresScope
from workspaces.requests import api_actor


class _Log(ListAPIView[Execution]):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ}
    serializer_class = LogRowSerializer
    filterset_class = ExecutionFilter
    ordering = ("-queued_at", "-id")
    queryset = Execution.objects.none()


class AgentLog(_Log):
    def get_queryset(self) -> Any:
        actor = api_actor(self.request)
        agent = agents.get(by=actor, reference=self.kwargs["agent"])
        return executions.listed(executions.visible(actor).filter(agent=agent))

    @extend_schema(operation_id="code_exec_logs_agent", summary="Runs of an agent", tags=["logs"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class AgentLogStats(APIView):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ}

    @extend_schema(
        operation_id="code_exec_logs_agent_stats",
        summary="Sums over the runs of an agent",
        tags=["logs"],
        responses=LogStatsSerializer,
    )
    def get(self, request: Request, agent: str) -> Response:
        actor = api_actor(request)
        found = agents.get(by=actor, reference=agent)
        return Response(LogStatsSerializer(stats.of_runs(executions.visible(actor).filter(agent=found))).data)


class WorkflowLog(_Log):
    """Runs that share a correlation id, as the steps of one workflow do; the id of a step finds them too."""

    def get_queryset(self) -> Any:
        return executions.listed(executions.correlated(api_actor(self.request), self.kwargs["workflow"]))

    @extend_schema(operation_id="code_exec_logs_workflow", summary="Runs of a workflow", tags=["logs"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
