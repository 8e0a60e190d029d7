"""Which web pages may open websockets here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from channels.security.websocket import AllowedHostsOriginValidator

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class OwnOrigin:
    """Lets through pages of the allowed hosts, and programs that bring a token.

    A browser always names the page's origin and sends cookies by itself, so what comes with cookies must
    come from our pages. A program names no origin; a token is nothing that a browser adds by itself.
    """

    def __init__(self, application: Application) -> None:
        self._open = application
        self._checked: Application = AllowedHostsOriginValidator(application)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        sent = {name for name, _ in scope["headers"]}
        by_token = b"authorization" in sent and b"origin" not in sent
        await (self._open if by_token else self._checked)(scope, receive, send)
