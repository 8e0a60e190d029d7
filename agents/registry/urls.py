"""Routes of the registry's pages, below the name of the workspace."""

from __future__ import annotations

from django.urls import include, path

from agents.registry.views import agents, drafts, versions

_agent = [
    path("draft/", drafts.draft, name="draft"),
    path("details/", agents.agent_update, name="agent-update"),
    path("delete/", agents.agent_delete, name="agent-delete"),
    path("restore/", agents.agent_restore, name="agent-restore"),
    path("versions/", versions.version_list, name="version-list"),
    path("versions/<int:number>/", versions.version_detail, name="version-detail"),
    path("versions/<int:number>/restore/", versions.version_restore, name="version-restore"),
]

urlpatterns = [
    path("w/<slug:slug>/agents/", agents.agent_list, name="agent-list"),
    path("w/<slug:slug>/agents/trash/", agents.agent_trash, name="agent-trash"),
    path("w/<slug:slug>/agents/<uuid:agent_id>/", include(_agent)),
]
