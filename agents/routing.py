"""The websockets of this app."""

from __future__ import annotations

from typing import Any

from django.urls import path

from agents.executions.consumers import ExecutionConsumer

websocket_urlpatterns: list[Any] = [
    path("ws/v1/executions/<uuid:execution_id>/", ExecutionConsumer.as_asgi(), name="execution-socket"),
]
