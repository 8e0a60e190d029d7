"""Django's ASGI handler, with one thread per request that is kept for the next.

Middleware and views here are synchronous. Stock, each middleware crosses to a new thread and back;
that costs more than a small run. Here a request crosses once, to a thread of its own, and the
thread keeps its database connection. Views that are coroutines still run on the event loop.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import connections
from django.http.response import HttpResponseBase

KEPT_THREADS: Final = 24
"""How many idle threads wait for requests. More are started when needed, and end afterwards."""


class Handler(ASGIHandler):
    """Runs the whole of middleware and view in one go."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        executor = threads.take()
        try:
            async with ThreadSensitiveContext(executor=executor):
                await self.handle(scope, receive, send)
        finally:
            threads.give_back(executor)


class Threads:
    """Threads that wait for the next request, the one used last first."""

    def __init__(self, *, keep: int) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._idle: list[ThreadPoolExecutor] = []

    def take(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="request")

    def give_back(self, executor: ThreadPoolExecutor) -> None:
        """Keep the thread once it is done: a caller may be gone while the work goes on."""
        executor.submit(self._settle, executor)

    def _settle(self, executor: ThreadPoolExecutor) -> None:
        """The last thing a thread does for a request."""
        with self._lock:
            kept = len(self._idle) < self._keep
            if kept:
                self._idle.append(executor)
        if not kept:
            connections.close_all()
            executor.shutdown(wait=False)


threads: Final = Threads(keep=KEPT_THREADS)
