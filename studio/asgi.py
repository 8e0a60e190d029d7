"""The ASGI application: HTTP to Django, websockets to the consumers."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from studio.origins import OwnOrigin

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
http = get_asgi_application()  # Loads the apps: consumers import models.

from agents.routing import websocket_urlpatterns  # noqa: E402  # the apps must be loaded first

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": OwnOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
