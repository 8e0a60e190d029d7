"""Routes of the registry below /api/v1/."""

from __future__ import annotations

from django.urls import path

from agents.registry import api

urlpatterns = [
    path("code-agents", api.AgentListView.as_view(), name="code-agent-list"),
    path("code-agents/<uuid:agent_id>/restore", api.AgentRestoreView.as_view(), name="code-agent-restore"),
    path("code-agents/<str:reference>", api.AgentView.as_view(), name="code-agent-detail"),
    path("code-agents/<str:reference>/versions", api.VersionListView.as_view(), name="code-agent-versions"),
    path("code-agents/<str:reference>/diff", api.DiffView.as_view(), name="code-agent-diff"),
]
