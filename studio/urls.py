"""Every route of the product, by package."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from studio.views import agent_edit, api, errors, health, home

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

pages: list[URLPattern] = [
    path("", home.home, name="home"),
    path("w/<slug:slug>/studio/", home.studio, name="studio"),
    path("w/<slug:slug>/agents/<uuid:agent_id>/edit/", agent_edit.agent_edit, name="agent-edit"),
    re_path(r"^dashboard/sandbox/?$", home.dashboard, {"to": "studio"}, name="dashboard-sandbox"),
    re_path(
        r"^dashboard/sandbox/analytics/?$",
        home.dashboard,
        {"to": "agents:execution-list"},
        name="dashboard-analytics",
    ),
    re_path(
        r"^dashboard/observability/?$",
        home.dashboard,
        {"to": "agents:execution-list"},
        name="dashboard-observability",
    ),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

interface: list[URLPattern | URLResolver] = [
    path("api/v1/", api.RootView.as_view(), name="api-root"),
    path("api/v1/health/detailed", health.HealthView.as_view(), name="health-detailed"),
    path("api/v1/", include("agents.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", api.api_docs, name="api-docs"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *pages,
    *interface,
    path("", include("workspaces.urls")),
    path("", include("agents.urls")),
    path("admin/", admin.site.urls),
]
