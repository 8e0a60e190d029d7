"""A run's log behind connections that break: what `run-stream.js` must survive."""

from __future__ import annotations

import contextlib
import json
import threading
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

Event = dict[str, Any]


class UnreliableLog:
    """Thirty numbered lines and an end. A connection brings at most `portion` events, then breaks.

    `broken` names the ways that do not work at all; `asked` remembers each connection as (way, after).
    """

    def __init__(self, lines: int = 30) -> None:
        kinds = [*["stdout"] * lines, "end"]
        self.events: list[Event] = [
            {
                "execution": "x",
                "seq": n,
                "ts": "2026-01-01T00:00:00Z",
                "kind": kind,
                "data": {"text": f"{n}\n"},
            }
            for n, kind in enumerate(kinds, start=1)
        ]
        self._server: Server | None = None
        self.reset()

    def reset(self) -> None:
        self.portion = 12
        self.skip = 0
        self.broken: set[str] = set()
        self.asked: list[tuple[str, int]] = []

    def after(self, number: int) -> list[Event]:
        return [event for event in self.events if event["seq"] > number]

    def cut(self, after: int, *, way: str) -> list[Event]:
        """What one connection brings: two events that are known already, then a portion of the new ones."""
        self.asked.append((way, after))
        fresh = self.after(after)[: self.portion]
        if self.skip and len(self.asked) == 1:
            del fresh[self.skip]
        return [*self.events[max(0, after - 2) : after], *fresh]

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/"

    def __enter__(self) -> UnreliableLog:
        self._server = serve(self._serve, "127.0.0.1", 0)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.shutdown()

    def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        query = parse_qs(urlsplit(socket.request.path).query)
        if "websocket" in self.broken:
            socket.close(1011)
            return
        events = self.cut(int(query["after"][0]), way="websocket")
        with contextlib.suppress(ConnectionClosed):
            for at in range(0, len(events), 5):
                socket.send(json.dumps(events[at : at + 5]))
            if events and events[-1]["kind"] == "end":
                socket.close(1000)
            else:
                socket.socket.close()  # As a cable that is pulled out: no closing handshake.
