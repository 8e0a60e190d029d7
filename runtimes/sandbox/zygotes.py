"""The server's handle to an interpreter that forks sandboxes."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from dataclasses import dataclass, field

from runtimes.sandbox.client import Client
from runtimes.sandbox.languages.recipes import Ahead
from runtimes.sandbox.spawner import RETIRE

MOST_RUNS = 500
MOST_SECONDS = 600.0
"""Its children share a hash seed and a memory layout: no more of them than this."""


@dataclass(slots=True)
class Zygote:
    requests: socket.socket
    born_at: float = field(default_factory=time.monotonic)
    runs: int = 0
    ready: bool = False

    def launch(self, control: socket.socket, stdout: int, stderr: int) -> None:
        self.runs += 1
        descriptors = [control.fileno(), stdout, stderr]
        socket.send_fds(self.requests, [b"run"], descriptors, socket.MSG_NOSIGNAL)

    def await_ready(self, seconds: float) -> bool:
        if not self.ready and _readable(self.requests, seconds):
            with contextlib.suppress(OSError):
                self.ready = self.requests.recv(64) == b"ready"
        return self.ready

    @property
    def worn(self) -> bool:
        return self.runs >= MOST_RUNS or time.monotonic() - self.born_at > MOST_SECONDS

    @property
    def gone(self) -> bool:
        """It says nothing after its first word, so there is something to read only at its end."""
        return self.ready and _readable(self.requests, 0)

    def retire(self) -> None:
        """It ends when its last sandbox has; until then our end must stay open."""
        with contextlib.suppress(OSError):
            self.requests.send(RETIRE, socket.MSG_NOSIGNAL)

    def close(self) -> None:
        self.requests.close()


def _readable(requests: socket.socket, seconds: float) -> bool:
    poller = select.poll()
    poller.register(requests, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def start(client: Client, ahead: Ahead) -> Zygote:
    """Raises Unavailable and OSError."""
    return Zygote(client.zygote({"argv": list(ahead.argv), "env": dict(ahead.env)}))
