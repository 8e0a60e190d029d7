"""Django's ASGI handler, with one thread per request that is kept for the next.

Middleware and views here are synchronous. Stock, each middleware crosses to a new thread and back;
that costs more than a small run. Here a request crosses once, to a thread of its own, and the
thread keeps its database connection. Views that are coroutines still run on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import connections
from django.http import FileResponse
from django.urls import set_script_prefix

KEPT_THREADS: Final = 24
"""How many idle threads wait for requests. More are started when needed, and end afterwards."""


class Handler(ASGIHandler):
    """Runs signals, middleware and view in one go."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        executor = threads.take()
        try:
            async with ThreadSensitiveContext(executor=executor):
                await self.handle(scope, receive, send)
        finally:
            threads.give_back(executor)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """As Django's: answer until the caller is gone."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        gone = asyncio.create_task(self.listen_for_disconnect(receive))
        answer = asyncio.create_task(self._answer(scope, body, send))
        try:
            await asyncio.wait([gone, answer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, answer):
                task.cancel()
            ends = await asyncio.gather(gone, answer, return_exceptions=True)
            body.close()
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, RequestAborted):
                raise end

    async def _answer(self, scope: Any, body: Any, send: Any) -> None:
        response = await sync_to_async(self._respond)(scope, body)
        # When the caller is gone, what the response holds open is closed all the same.
        with contextlib.suppress(asyncio.CancelledError):
            await self.send_response(response, send)
        if response.streaming:
            await sync_to_async(response.close)()

    def _respond(self, scope: Any, body: Any) -> Any:
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()  # Its content is there; the end of the request need not cross over again.
        return response


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
