"""Burying the dead and ending the living, as the first process of a sandbox must."""

from __future__ import annotations

import contextlib
import os
import signal


def reap(pid: int, *, wait: bool = False) -> int | None:
    """The wait status of `pid` if it has ended; buries others on the way."""
    while True:
        try:
            found, status = os.waitpid(-1, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            return 0
        if found == pid:
            return status
        if found == 0:
            return None


def reap_any(*, wait: bool = False) -> bool:
    """Bury the dead; whether anybody is left."""
    while True:
        try:
            if os.waitpid(-1, 0 if wait else os.WNOHANG)[0] == 0:
                return True
        except ChildProcessError:
            return False


def kill_everyone() -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
