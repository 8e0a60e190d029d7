"""What wraps every request."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from io import SEEK_END
from typing import cast

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_structlog.middlewares import RequestMiddleware

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class RequestIdMiddleware:
    """Gives each request an id: the caller's `X-Request-Id` if it is a decent one, else a new one.

    The id is `request.request_id`, a member of every log line, problem and audit entry, and the
    answer's `X-Request-Id`.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Sync | Async) -> None:
        self.get_response = get_response
        self.asynchronous = iscoroutinefunction(get_response)
        if self.asynchronous:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.asynchronous:
            return self._acall(request)
        identify(request)
        measure(request)
        return marked(request, cast(Sync, self.get_response)(request))

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        identify(request)
        measure(request)
        return marked(request, await cast(Async, self.get_response)(request))


class RequestLogMiddleware(RequestMiddleware):
    """Logs requests without their query: sign-in links and searches are nobody else's business."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


def identify(request: HttpRequest) -> str:
    """Settle the request's id, for us and for the request logger that reads the header again."""
    sent = request.META.get("HTTP_X_REQUEST_ID", "")
    request_id = sent if ACCEPTED.fullmatch(sent) else uuid.uuid4().hex
    request.META["HTTP_X_REQUEST_ID"] = request_id
    request.request_id = request_id  # type: ignore[attr-defined]  # WorkspaceRequest has it
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def measure(request: HttpRequest) -> None:
    """Give a body that came in pieces its length: without one, parsers take it for empty."""
    body = getattr(request, "_stream", None)
    if "HTTP_TRANSFER_ENCODING" not in request.META or "CONTENT_LENGTH" in request.META or body is None:
        return
    body.seek(0, SEEK_END)
    request.META["CONTENT_LENGTH"] = str(body.tell())
    body.seek(0)


def marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers["X-Request-Id"] = request.META["HTTP_X_REQUEST_ID"]
    return response
