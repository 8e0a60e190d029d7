"""The first process of a sandbox, from fresh namespaces to the last report.

It is forked straight into the namespaces, and either runs one program at once, or starts one
ahead and waits with it for the job.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import select
import signal
import socket
from collections.abc import Iterator
from typing import Any

from runtimes.sandbox import artifacts, birth, channel, confine, processes, syscalls
from runtimes.sandbox.ahead import Filters, Waiting, start_ahead
from runtimes.sandbox.box import Box
from runtimes.sandbox.channel import Kind
from runtimes.sandbox.meter import Meter, shared_memory

NAME = b"sandbox"
"""What process lists show for the spawner, and for the first process of each sandbox."""


def serve(control: socket.socket, stdout: int, stderr: int, filters: Filters) -> None:
    """Everything from the fresh namespaces to the last report; the caller exits after it."""
    with refusing(control):
        syscalls.die_with_parent()
        job = receive(control)
        if job is None:
            return
        if "ahead" in job:
            birth.enter(job["disk_bytes"])
            waiting = start_ahead(job["ahead"], stdout, stderr, filters)
            wait_and_run(control, waiting, filters)
            return
        birth.enter(job["limits"]["disk_bytes"])
        birth.write_files(job["files"])
        sealed = -1 if job["handed"] is None else birth.sealed(job["handed"].encode())
        birth.hide()
        confine.give_up_power(filters.program)
        box = Box(control, job)
        box.stdout, box.stderr, box.sealed = stdout, stderr, sealed
        box.run()


@contextlib.contextmanager
def refusing(control: socket.socket) -> Iterator[None]:
    """Tell the server which step failed; nothing of the user's has run then."""
    try:
        yield
    except OSError as error:
        report = {
            "step": error.filename or "set-up",
            "errno": error.errno or 0,
            "message": error.strerror or "",
        }
        with contextlib.suppress(OSError):
            channel.send_json(control, Kind.REFUSED, report)


def receive(control: socket.socket) -> dict[str, Any] | None:
    text = channel.receive_job(control)
    return None if text is None else json.loads(text)


def wait_and_run(control: socket.socket, waiting: Waiting, filters: Filters, *, forked: bool = False) -> None:
    """Restrict ourselves, say when the program waits, hand it the job, and watch over it."""
    birth.hide()
    if forked:  # else we have both from the spawner, whose image ours is
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        syscalls.forget_arguments(NAME)
    confine.give_up_power(filters.watcher)
    if os.read(waiting.result_end, 1) != b"R":
        raise OSError(errno.ECHILD, "the program did not get ready", "start ahead")
    waiting.spare = shared_memory(waiting.pid) if forked else 0
    rehearse()
    channel.send(control, Kind.READY)
    job = receive(control)
    if job is None:
        return
    birth.write_files(job["files"])
    box = Box(control, job)
    box.waiting, box.filters = waiting, filters
    box.run()


def rehearse() -> None:
    """Go once through what a run needs, so that its pages are ours before anybody waits for them."""
    json.loads(json.dumps({"limits": {"a": 1.5}, "files": {"b": "c"}}))
    Meter(1 << 40).sample()
    processes.reap_any()
    for item in artifacts.walk():
        del item
    os.statvfs("/agent")
    resource.getrusage(resource.RUSAGE_CHILDREN)
    select.poll().poll(0)
