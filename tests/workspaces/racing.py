"""Several callers of one function at the same moment, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def at_once(call: Callable[[], T], times: int = 2) -> list[T | Exception]:
    """What `times` threads got that began together: a value or the exception each."""
    start = threading.Barrier(times)
    got: list[T | Exception] = []

    def run() -> None:
        try:
            start.wait(10)
            got.append(call())
        except Exception as error:
            got.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return got
