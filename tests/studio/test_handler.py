"""One thread per request, kept for the next."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from studio.handler import Handler, Threads
from tests.servers import eventually

together = threading.Barrier(8)


mine = threading.local()


def again(request: HttpRequest) -> HttpResponse:
    """Whether this thread has served before, with the database connection that it has now."""
    connection.ensure_connection()
    before, mine.connection = getattr(mine, "connection", None), connection.connection
    return HttpResponse("again" if before is mine.connection else "first")


def meet(request: HttpRequest) -> HttpResponse:
    together.wait(20)
    return HttpResponse("met")


async def coroutine(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse("awaited")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> Any:
        yield b"one,"
        await asyncio.sleep(0)
        yield b"two"

    return StreamingHttpResponse(parts())


urlpatterns = [
    path("again", again),
    path("meet", meet),
    path("coroutine", coroutine),
    path("stream", stream),
]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


async def get(handler: Handler, address: str) -> tuple[int, str]:
    sent: list[dict[str, Any]] = []
    requests = [{"type": "http.request", "body": b""}]

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost")]
    scope = {"type": "http", "method": "GET", "path": address, "query_string": b"", "headers": headers}
    await handler(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


@pytest.fixture
def handler() -> Any:
    with override_settings(ROOT_URLCONF=__name__):
        yield Handler()


async def test_the_next_request_finds_the_thread_and_its_connection(handler: Handler) -> None:
    answers = [await get(handler, "/again") for _ in range(20)]
    assert set(answers) <= {(200, "first"), (200, "again")}
    assert (200, "again") in answers


async def test_requests_at_the_same_time_run_side_by_side(handler: Handler) -> None:
    answers = await asyncio.gather(*(get(handler, "/meet") for _ in range(8)))
    assert answers == [(200, "met")] * 8


async def test_coroutines_and_streams_are_served(handler: Handler) -> None:
    assert await get(handler, "/coroutine") == (200, "awaited")
    assert await get(handler, "/stream") == (200, "one,two")


async def test_a_thread_that_is_still_at_work_is_not_given_away() -> None:
    threads = Threads(keep=1)
    busy = threads.take()
    release = threading.Event()
    busy.submit(release.wait, 20)
    threads.give_back(busy)
    other = threads.take()
    assert other is not busy
    release.set()
    busy.shutdown(wait=True)
    assert threads.take() is busy
    other.shutdown()


async def test_no_more_threads_are_kept_than_wanted() -> None:
    threads = Threads(keep=1)
    taken = [threads.take() for _ in range(3)]
    for executor in taken:
        threads.give_back(executor)

    def ended() -> bool:
        workers: list[Any] = [getattr(executor, "_threads") for executor in taken]  # noqa: B009  # private
        return len([thread for of in workers for thread in of if thread.is_alive()]) == 1

    eventually(ended, seconds=10, what="The end of the others")
    threads.take().shutdown()
