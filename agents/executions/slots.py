"""How many callers may wait for runs in one process at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from workspaces.exceptions import Busy

_lock = threading.Lock()
_taken = 0


@contextmanager
def take() -> Iterator[None]:
    """Hold one slot; `Busy` when all `RUN_INLINE_CONCURRENCY` are taken."""
    global _taken  # noqa: PLW0603  # a counter of the process, guarded by the lock
    with _lock:
        if _taken >= settings.RUN_INLINE_CONCURRENCY:
            raise Busy(
                f"{_taken} synchronous runs are under way, as many as this server takes at once. "
                "Try again in a moment, or start the run with POST /api/v1/executions and read it later."
            )
        _taken += 1
    try:
        yield
    finally:
        with _lock:
            _taken -= 1
