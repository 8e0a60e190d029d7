"""Which web pages may open websockets here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier
from django.conf import settings

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class OwnOrigin:
    """Lets through pages of the allowed hosts, and programs that bring a token.

    A browser always names the page's origin and sends cookies by itself, so what comes with cookies must
    come from our pages: not from another port of the same host either, which cookies do not tell apart.
    A program names no origin; a token is nothing that a browser adds by itself.
    """

    def __init__(self, application: Application) -> None:
        self._open = application
        self._checked: Application = AllowedHostsOriginValidator(application)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        sent = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = sent.get(b"origin")
        if origin is None and sent.get(b"authorization", "").lower().startswith("bearer "):
            await self._open(scope, receive, send)
        elif origin is not None and not _is_ours(origin, sent.get(b"host", "")):
            await WebsocketDenier()(scope, receive, send)
        else:
            await self._checked(scope, receive, send)


def _is_ours(origin: str, host: str) -> bool:
    """Whether its pages may send us forms. Behind a proxy the host may not be the one people see."""
    try:
        return origin in settings.CSRF_TRUSTED_ORIGINS or urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
