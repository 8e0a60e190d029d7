"""Bodies this process has lately used."""

from __future__ import annotations

import threading
from collections import OrderedDict


class BodyCache:
    """A bounded, thread-safe map from hash to body that drops what was used longest ago."""

    def __init__(self, *, total_bytes: int, body_bytes: int) -> None:
        self._total_bytes = total_bytes
        self._body_bytes = body_bytes
        self._held_bytes = 0
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str) -> bytes | None:
        with self._lock:
            body = self._bodies.get(sha256)
            if body is not None:
                self._bodies.move_to_end(sha256)
            return body

    def put(self, sha256: str, body: bytes) -> None:
        """Keep `body`, unless it is larger than one body may be."""
        if len(body) > self._body_bytes:
            return
        with self._lock:
            if sha256 not in self._bodies:
                self._bodies[sha256] = body
                self._held_bytes += len(body)
            self._bodies.move_to_end(sha256)
            while self._held_bytes > self._total_bytes:
                self._held_bytes -= len(self._bodies.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._bodies.clear()
            self._held_bytes = 0
