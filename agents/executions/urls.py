"""The pages of runs, below /w/<workspace>/executions/."""

from __future__ import annotations

from django.urls import path

from agents.executions import views

urlpatterns = [
    path("w/<slug:slug>/executions/", views.execution_list, name="execution-list"),
    path("w/<slug:slug>/executions/<uuid:execution_id>/", views.execution_detail, name="execution-detail"),
    path(
        "w/<slug:slug>/executions/<uuid:execution_id>/cancel/",
        views.execution_cancel,
        name="execution-cancel",
    ),
    path(
        "w/<slug:slug>/executions/<uuid:execution_id>/rerun/", views.execution_rerun, name="execution-rerun"
    ),
]
