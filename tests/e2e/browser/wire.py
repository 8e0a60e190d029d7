"""The network between a browser and the studio: it can refuse addresses and be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

HEAD_END = b"\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Wire:
    """Carries TCP to `port`, one request per connection.

    Requests whose path has one of `refused` in it get 403, as of a proxy that does not know websockets.
    `cut()` breaks every open connection at once; `asked` remembers the paths that were let through.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.refused: set[str] = set()
        self.asked: list[str] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Break the connections that are open."""
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Wire:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            head = _head(near)
            path = head.split(b" ", 2)[1].decode() if head else ""
            if not head or any(part in path for part in self.refused):
                near.sendall(REFUSED if head else b"")
                return
            self.asked.append(path)
            with socket.create_connection(("127.0.0.1", self.port)) as far:
                self._open |= {near, far}
                far.sendall(_single(head))
                answers = threading.Thread(target=_pump, args=(far, near), daemon=True)
                answers.start()
                _pump(near, far)
                answers.join()
                self._open -= {near, far}


def _head(near: socket.socket) -> bytes:
    """What came up to and with the end of the request's head, perhaps with some of its body."""
    got = b""
    while HEAD_END not in got:
        more = near.recv(65536)
        if not more:
            return b""
        got += more
    return got


def _single(head: bytes) -> bytes:
    """The request as the only one of its connection; an upgrade stays one."""
    lines, rest = head.split(HEAD_END, 1)
    if b"\r\nupgrade: websocket" not in lines.lower():
        kept = [line for line in lines.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        lines = b"\r\n".join([*kept, b"Connection: close"])
    return lines + HEAD_END + rest


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
