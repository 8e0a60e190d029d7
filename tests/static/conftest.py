"""A browser on a site that has nothing but the static files, and a run's log that can be cut at will."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.architecture.tree import ROOT
from tests.e2e.conftest import chromium as chromium
from tests.static.unreliable import UnreliableLog

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
BLANK = b'<!doctype html><meta name="icons" content="/static/icons.svg"><title>Modules</title><main></main>'


class _Site(BaseHTTPRequestHandler):
    """`/` is an empty page, `/static/` our files, `/events` and `/stream` the log as JSON and as SSE."""

    log: UnreliableLog

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        after = int(parse_qs(address.query).get("after", ["0"])[0])
        if address.path == "/events":
            self._events(after)
        elif address.path == "/stream":
            self._stream(after)
        elif address.path.startswith("/static/"):
            self._file(address.path)
        else:
            self._send("text/html; charset=utf-8", BLANK)

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""

    def _events(self, after: int) -> None:
        if "polling" in self.log.broken:
            self.send_error(503)
            return
        events = self.log.after(after)[:7]
        finished = bool(events) and events[-1]["kind"] == "end"
        body = {"events": events, "next_after": events[-1]["seq"] if events else after, "finished": finished}
        self._send("application/json", json.dumps(body).encode())

    def _stream(self, after: int) -> None:
        if "sse" in self.log.broken:
            self.send_error(404)
            return
        frames = [
            f"id: {event['seq']}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n"
            for event in self.log.cut(after, way="sse")
        ]
        self._send("text/event-stream", ": keep-alive\n\n".join(["", *frames]).encode())

    def _file(self, path: str) -> None:
        file = ROOT / path.lstrip("/")
        if not file.is_file():
            self.send_error(404)
            return
        self._send(TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes())

    def _send(self, media_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, UnreliableLog]]:
    """The site's address, and the log behind it."""
    with UnreliableLog() as log:
        handler: Any = type("Site", (_Site,), {"log": log})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", log
        server.shutdown()
        server.server_close()


@pytest.fixture
def log(served: tuple[str, UnreliableLog]) -> UnreliableLog:
    _, log = served
    log.reset()
    return log


@pytest.fixture(scope="module")
def tab(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser.new_page(locale="en-GB")
        browser.close()


@pytest.fixture
def page(tab: Page, served: tuple[str, UnreliableLog]) -> Page:
    """An empty page that remembers nothing."""
    tab.goto(served[0])
    tab.evaluate("localStorage.clear()")
    return tab
