"""What passes between the server and a sandbox: one kind byte and a payload per message.

The socket is SOCK_SEQPACKET, so that messages of two writers never mix and a writer killed in
the middle leaves no half message. Large things travel in chunks.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from enum import Enum
from typing import Any

CHUNK = 64 * 1024
_LENGTH = struct.Struct("!Q")


class Kind(bytes, Enum):
    PIDFD = b"P"
    """From the spawner, with the descriptor of the sandbox's first process."""
    REFUSED = b"F"
    """Set-up failed: {"step", "errno", "message"}. Nothing of the user's has run."""
    READY = b"W"
    """A program that was started ahead waits for its job; followed by its spare memory, in bytes."""
    STARTED = b"S"
    """The program begins."""
    NOTE = b"N"
    """A sentence for the user, shown on stderr."""
    ARTIFACT = b"A"
    """{"name", "size"}, followed by CONTENT messages."""
    CONTENT = b"a"
    RESULT = b"R"
    """A chunk of what the program wrote into the result pipe. Untrusted."""
    ENDED = b"E"
    """How the program ended, seen from inside: {"status", "stage", "limit", ...}."""
    REAPED = b"X"
    """From the spawner, after the last process is gone: {"cpu_ms", "peak", "status"}."""


def send(channel: socket.socket, kind: Kind, payload: bytes = b"") -> None:
    channel.send(kind.value + payload)


def send_json(channel: socket.socket, kind: Kind, value: dict[str, Any]) -> None:
    send(channel, kind, json.dumps(value).encode("ascii"))


def send_chunks(channel: socket.socket, kind: Kind, content: bytes) -> None:
    for start in range(0, len(content), CHUNK):
        send(channel, kind, content[start : start + CHUNK])


def send_job(channel: socket.socket, job: bytes) -> None:
    channel.send(_LENGTH.pack(len(job)))
    view = memoryview(job)
    for start in range(0, len(job), CHUNK):
        channel.send(view[start : start + CHUNK])


def receive_job(channel: socket.socket) -> bytes | None:
    """The whole job; None when the other side went away first."""
    header = channel.recv(_LENGTH.size)
    if len(header) != _LENGTH.size:
        return None
    left = _LENGTH.unpack(header)[0]
    chunks: list[bytes] = []
    while left:
        chunk = channel.recv(CHUNK)
        if not chunk:
            return None
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def split(message: bytes) -> tuple[bytes, bytes]:
    return message[:1], message[1:]


def pending(channel: socket.socket) -> Iterator[bytes]:
    """Messages that can be had without waiting; an empty one means the other side is gone."""
    while True:
        try:
            message = channel.recv(CHUNK + 64, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        yield message
        if not message:
            return
