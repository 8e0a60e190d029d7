"""The request's id: whose it is, and where it is found again."""

from __future__ import annotations

import asyncio
import logging
import re
from io import BytesIO

import pytest
import structlog
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient, Client, RequestFactory
from rest_framework.request import Request

from studio.middleware import RequestIdMiddleware
from workspaces.parsers import StrictJSONParser

pytestmark = pytest.mark.urls("tests.workspaces.api_urls")

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("sent", ["a", "0123-abc_DEF.7", "x" * 64])
def test_a_decent_id_is_kept(sent: str) -> None:
    answer = Client().get("/open", HTTP_X_REQUEST_ID=sent)
    assert (answer["X-Request-Id"], answer.json()) == (sent, {"request_id": sent})


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a\r\nSet-Cookie: x=1", "ä", "<script>", "a/b", "a\n"])
def test_any_other_is_replaced(sent: str) -> None:
    answer = Client().get("/open", HTTP_X_REQUEST_ID=sent)
    assert MADE.fullmatch(answer["X-Request-Id"])
    assert answer.json() == {"request_id": answer["X-Request-Id"]}


def test_each_request_gets_its_own() -> None:
    assert len({Client().get("/open")["X-Request-Id"] for _ in range(5)}) == 5


async def test_it_works_without_threads() -> None:
    answer = await AsyncClient().get("/open", headers={"X-Request-Id": "abc"})
    assert answer["X-Request-Id"] == "abc"


def test_log_lines_carry_it() -> None:
    seen = {}

    def view(request: HttpRequest) -> HttpResponseBase:
        seen.update(structlog.contextvars.get_contextvars())
        return HttpResponse()

    RequestIdMiddleware(view)(RequestFactory().get("/", HTTP_X_REQUEST_ID="abc"))
    assert seen["request_id"] == "abc"


def _pieces(body: bytes, **headers: str) -> ASGIRequest:
    """A request whose body came without a length, as the server hands it over."""
    sent = {"content-type": "application/json", "transfer-encoding": "chunked", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    return ASGIRequest(scope, BytesIO(body))


@pytest.mark.parametrize("body", [b'{"a": 1}', b""])
def test_a_body_in_pieces_is_read_whole(body: bytes) -> None:
    def view(request: HttpRequest) -> HttpResponseBase:
        return HttpResponse(str(Request(request, parsers=[StrictJSONParser()]).data))

    assert RequestIdMiddleware(view)(_pieces(body)).content.decode() == (  # type: ignore[union-attr]  # a sync view
        "{'a': 1}" if body else "{}"
    )


async def test_requests_at_once_do_not_mix() -> None:
    async def view(request: HttpRequest) -> HttpResponseBase:
        await asyncio.sleep(0)
        return HttpResponse(structlog.contextvars.get_contextvars()["request_id"])

    async def one(number: int) -> tuple[str, str]:
        request = RequestFactory().get("/", HTTP_X_REQUEST_ID=f"r{number}")
        answer = await middleware(request)  # type: ignore[misc]  # awaitable with an async view
        return answer.content.decode(), answer["X-Request-Id"]

    middleware = RequestIdMiddleware(view)
    answers = await asyncio.gather(*(one(number) for number in range(10)))
    assert answers == [(f"r{number}", f"r{number}") for number in range(10)]


@pytest.mark.django_db
def test_queries_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Client().get("/sign-in/link/", {"token": "a-secret-of-somebody"})
    lines = [str(record.msg) for record in caplog.records]
    assert [line for line in lines if "/sign-in/link/" in line] != []
    assert [line for line in lines if "a-secret-of-somebody" in line] == []
