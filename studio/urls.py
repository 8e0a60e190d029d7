"""Every route of the product, by package."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
]
if find_spec("workspaces.urls"):
    urlpatterns.append(path("", include("workspaces.urls")))
if find_spec("agents.urls"):
    urlpatterns.append(path("", include("agents.urls")))
if find_spec("agents.api_urls"):
    urlpatterns.append(path("api/v1/", include("agents.api_urls")))

handler400 = "studio.views.errors.bad_request"
handler403 = "studio.views.errors.permission_denied"
handler404 = "studio.views.errors.page_not_found"
handler500 = "studio.views.errors.server_error"
