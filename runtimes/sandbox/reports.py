"""What the first process of a sandbox tells the server when the program is dead."""

from __future__ import annotations

import os
import socket
import stat

from runtimes.sandbox import artifacts, channel
from runtimes.sandbox.channel import Kind

_NAMED = 5


def send_result(control: socket.socket, written: bytes, path: str | None, at_most: int) -> None:
    """What the program wrote into the result pipe, or into the result file where there is one."""
    content = written if path is None else _read_regular(path, at_most + 1)
    channel.send_chunks(control, Kind.RESULT, content)


def send_artifacts(control: socket.socket, at_most: int, most_bytes: int) -> None:
    count, room = 0, most_bytes
    skipped: list[artifacts.Skipped] = []
    for item in artifacts.walk():
        if isinstance(item, artifacts.Skipped):
            skipped.append(item)
            continue
        with open(item.descriptor, "rb", buffering=0) as file:
            if count == at_most:
                reason = f"a run keeps at most {count} files (artifact_count)"
                skipped.append(artifacts.Skipped(item.name, reason))
            elif item.size > room:
                reason = f"a run keeps at most {most_bytes} bytes (artifact_bytes)"
                skipped.append(artifacts.Skipped(item.name, reason))
            else:
                count, room = count + 1, room - item.size
                _send_artifact(control, item.name, file.read(item.size) or b"")
    _send_notes(control, skipped)


def _send_artifact(control: socket.socket, name: str, content: bytes) -> None:
    channel.send_json(control, Kind.ARTIFACT, {"name": name, "size": len(content)})
    channel.send_chunks(control, Kind.CONTENT, content)


def _send_notes(control: socket.socket, skipped: list[artifacts.Skipped]) -> None:
    for item in skipped[:_NAMED]:
        text = f"out/{item.name} was not kept: {item.reason}.\n"
        channel.send(control, Kind.NOTE, text.encode("utf-8", "replace"))
    if len(skipped) > _NAMED:
        text = f"{len(skipped) - _NAMED} more files in out/ were not kept.\n"
        channel.send(control, Kind.NOTE, text.encode())


def _read_regular(path: str, at_most: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with open(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        return file.read(at_most) or b""
