"""The server's handle to its spawner: started when first needed, restarted when it dies.

Safe for many threads, and for processes that fork: a child starts a spawner of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtimes.sandbox.birth import WRITING_FILES
from runtimes.sandbox.layout import Plan
from runtimes.sandbox.spawner import REQUESTS

_SOURCE_ROOT = Path(__file__).resolve().parents[2]
_START = "import sys; sys.path.insert(0, {root!r}); from runtimes.sandbox.spawner import main; main()"
_READY_SECONDS = 30.0


class Unavailable(Exception):
    """No sandbox can be had on this host. The text says why and what to enable."""

    @classmethod
    def of(cls, report: dict[str, Any]) -> Unavailable:
        return cls(_advice(report))


@dataclass(slots=True)
class _Live:
    requests: socket.socket
    process: subprocess.Popen[bytes]


def _advice(report: dict[str, Any]) -> str:
    """Words for the administrator about a step that the host forbade."""
    step, code = str(report.get("step")), int(report.get("errno") or 0)
    reason = f"{step}: {os.strerror(code)}"
    if step == WRITING_FILES:
        return f"The program's files do not fit on the run's disk (disk_bytes): {os.strerror(code)}."
    if "proc" in step and "mount" in step:
        what = (
            "This host hides parts of /proc, as containers do. Start the container with "
            "--security-opt systempaths=unconfined (Docker) or --security-opt unmask=ALL (Podman)."
        )
    elif code == 28:
        what = "User namespaces are turned off. Enable them: sysctl -w user.max_user_namespaces=15000."
    elif "namespace" in step or "map" in step or "mount" in step or "pivot" in step:
        what = (
            "This host forbids user namespaces to ordinary users. Enable them "
            "(sysctl -w kernel.unprivileged_userns_clone=1 on Debian, "
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 or an AppArmor profile with "
            "`userns,` on Ubuntu 23.10 and newer), or start the container with "
            "--security-opt seccomp=unconfined --security-opt apparmor=unconfined "
            "--security-opt systempaths=unconfined."
        )
    else:
        what = "A system call that the sandbox needs is refused here."
    return f"Sandbox unavailable ({reason}). {what} Code will not be run without isolation."


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


class Client:
    def __init__(self, interpreter: str, plan: Plan) -> None:
        self._interpreter = interpreter
        self._plan = plan
        self._lock = threading.Lock()
        self._live: _Live | None = None
        _clients.add(self)

    def request(self, control: socket.socket, stdout: int, stderr: int) -> None:
        """Have a sandbox started on these descriptors; they stay ours to close.

        Raises Unavailable when the host allows no sandbox.
        """
        self._send(b"run", [control.fileno(), stdout, stderr])

    def zygote(self, start: dict[str, Any]) -> socket.socket:
        """Have an interpreter started inside that forks sandboxes; requests to it go over the socket.

        Raises Unavailable.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._send(json.dumps(start).encode("ascii"), [theirs.fileno()])
            except BaseException:
                ours.close()
                raise
        return ours

    def _send(self, message: bytes, descriptors: list[int]) -> None:
        for attempt in (1, 2):
            live = self._ready()
            try:
                socket.send_fds(live.requests, [message], descriptors)
                return
            except OSError as error:
                self._discard(live)
                if attempt == 2:
                    raise Unavailable(
                        f"Sandbox unavailable: its spawner does not answer ({error})."
                    ) from error

    def close(self) -> None:
        """End the spawner, and every sandbox that still runs."""
        with self._lock:
            live, self._live = self._live, None
        if live is not None:
            _end(live)

    def _ready(self) -> _Live:
        with self._lock:
            if self._live is not None and self._live.process.poll() is not None:
                live, self._live = self._live, None
                _end(live)
            if self._live is None:
                self._live = _start(self._interpreter, self._plan)
            return self._live

    def _discard(self, live: _Live) -> None:
        with self._lock:
            if self._live is live:
                self._live = None
                _end(live)

    def forget(self) -> None:
        """After a fork, in the child: the spawner is the parent's."""
        live, self._live, self._lock = self._live, None, threading.Lock()
        if live is not None:
            with contextlib.suppress(OSError):
                live.requests.close()
            live.process.returncode = 0  # not our child; silences Popen's complaint


def _end(live: _Live) -> None:
    with contextlib.suppress(OSError):
        live.requests.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        live.process.wait(5)


def _start(interpreter: str, plan: Plan) -> _Live:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = _launch(interpreter, theirs)
    live = _Live(ours, process)
    try:
        _hand_over(live, plan)
        report = json.loads(_await_ready(live))
    except (OSError, ValueError) as error:
        _end(live)
        raise Unavailable(
            f"Sandbox unavailable: its spawner did not start ({error or 'no answer'})."
        ) from error
    if not report["ok"]:
        _end(live)
        raise Unavailable.of(report)
    return live


def _launch(interpreter: str, theirs: socket.socket) -> subprocess.Popen[bytes]:
    """Start the spawner with an empty environment and nothing of ours but its socket."""
    number = theirs.fileno()
    code = _START.format(root=str(_SOURCE_ROOT))
    # The socket keeps its number through the exec and is moved to the agreed one inside.
    code = f"import os; os.dup2({number}, {REQUESTS}); {code}" if number != REQUESTS else code
    return subprocess.Popen(
        [interpreter, "-I", "-S", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=[number],
        env={},
        cwd="/",
        start_new_session=True,
    )


def _hand_over(live: _Live, plan: Plan) -> None:
    if live.process.stdin is not None:
        with live.process.stdin as stdin:
            stdin.write(json.dumps(plan.as_json()).encode("ascii"))


def _await_ready(live: _Live) -> bytes:
    live.requests.settimeout(_READY_SECONDS)
    try:
        return live.requests.recv(65536)
    finally:
        live.requests.settimeout(None)


def _after_fork() -> None:
    for client in list(_clients):
        client.forget()


os.register_at_fork(after_in_child=_after_fork)
