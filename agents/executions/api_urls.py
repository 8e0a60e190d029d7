"""The API's routes of runs, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from agents.executions.api import agents, cache, execute, files, logs, runs

urlpatterns = [
    path("code/execute", execute.CodeExecute.as_view(), name="code-execute"),
    path("code/cache", cache.ResultCache.as_view(), name="result-cache"),
    path("code/cache/stats", cache.ResultCacheStats.as_view(), name="result-cache-stats"),
    path("code-agents/<str:agent>/execute", agents.AgentExecute.as_view(), name="agent-execute"),
    path("executions", runs.ExecutionCollection.as_view(), name="execution-list"),
    path("executions/<uuid:execution_id>", runs.ExecutionDetail.as_view(), name="execution-detail"),
    path("executions/<uuid:execution_id>/events", runs.ExecutionEvents.as_view(), name="execution-events"),
    path("executions/<uuid:execution_id>/stream", runs.ExecutionStream.as_view(), name="execution-stream"),
    path("executions/<uuid:execution_id>/cancel", runs.ExecutionCancel.as_view(), name="execution-cancel"),
    path("executions/<uuid:execution_id>/rerun", runs.ExecutionRerun.as_view(), name="execution-rerun"),
    path(
        "executions/<uuid:execution_id>/artifacts/<path:name>",
        files.ExecutionArtifact.as_view(),
        name="execution-artifact",
    ),
    path("code-exec-logs/agent/<str:agent>", logs.AgentLog.as_view(), name="agent-log"),
    path("code-exec-logs/agent/<str:agent>/stats", logs.AgentLogStats.as_view(), name="agent-log-stats"),
    path("code-exec-logs/workflow/<str:workflow>", logs.WorkflowLog.as_view(), name="workflow-log"),
]
