"""One sandbox as the server holds it: its socket, the pipes it writes to, its first process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runtimes.sandbox import channel
from runtimes.sandbox.channel import Kind
from runtimes.types import Stream

Launch = Callable[[socket.socket, int, int], None]
"""Has a sandbox forked on a control socket, a pipe for stdout and one for stderr."""


@dataclass(slots=True)
class Cell:
    control: socket.socket
    ends: dict[int, Stream]
    ahead: bool = False
    """Whether it was started ahead of its job."""
    pidfd: int = -1
    born_at: float = field(default_factory=time.monotonic)

    @property
    def pid(self) -> int:
        """Its first process, as the host counts."""
        with open(f"/proc/self/fdinfo/{self.pidfd}", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pid:"))

    def kill(self) -> None:
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Let go of it. One that has not been given a job ends by itself then."""
        self.control.close()
        for descriptor in (*self.ends, self.pidfd):
            if descriptor >= 0:
                os.close(descriptor)
        self.ends, self.pidfd = {}, -1

    def await_ready(self, seconds: float) -> bool:
        """Whether its program came to the point where it waits for a job."""
        deadline = time.monotonic() + seconds
        poller = select.poll()
        poller.register(self.control, select.POLLIN)
        while poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            message = self.receive()
            if message[:1] == Kind.READY.value:
                return True
            if message[:1] != Kind.PIDFD.value:
                return False
        return False

    def receive(self) -> bytes:
        """The next message; empty when the other side is gone. Keeps the descriptor of the process."""
        message, descriptors, _, _ = socket.recv_fds(self.control, channel.CHUNK + 64, 1)
        if descriptors:
            self.pidfd = descriptors[0]
        return message

    def alive(self) -> bool:
        """Nothing is to be read from one that waits, except that it has ended."""
        poller = select.poll()
        poller.register(self.control, select.POLLIN)
        return not poller.poll(0)


def make(launch: Launch) -> Cell:
    """Raises Unavailable and OSError, as `launch` does."""
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    cell = Cell(control, {})
    try:
        with theirs, contextlib.ExitStack() as handed:
            launch(theirs, *(_pipe(cell, stream, handed) for stream in Stream))
    except BaseException:
        cell.close()
        raise
    return cell


def _pipe(cell: Cell, stream: Stream, handed: contextlib.ExitStack) -> int:
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    cell.ends[read_end] = stream
    handed.callback(os.close, write_end)
    os.set_blocking(read_end, False)
    return write_end
