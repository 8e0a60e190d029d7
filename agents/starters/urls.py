"""The route of the gallery, below the name of the workspace."""

from __future__ import annotations

from django.urls import path

from agents.starters import views

urlpatterns = [path("w/<slug:slug>/agents/new/", views.agent_create, name="agent-create")]
