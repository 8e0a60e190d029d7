"""The ASGI application: HTTP to Django, websockets to the consumers."""

from __future__ import annotations

import os

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter

from studio.origins import OwnOrigin

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
django.setup(set_prefix=False)  # Loads the apps: consumers import models.

from agents.routing import websocket_urlpatterns  # noqa: E402  # the apps must be loaded first
from studio.handler import Handler  # noqa: E402  # likewise

application = ProtocolTypeRouter(
    {
        "http": Handler(),
        "websocket": OwnOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
