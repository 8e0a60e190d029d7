"""What an outsider can make a server keep."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from django.conf import settings

from tests.e2e.conftest import LiveStudio

LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
MORE = 3 * LIMIT
HEAD = "POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n"


def _longest_unnamed_file(pid: int) -> int:
    sizes = [0]
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if "(deleted)" in str(entry.readlink()):
                sizes.append(entry.stat().st_size)
    return max(sizes)


def _port(live_studio: LiveStudio) -> int:
    return int(live_studio.base_url.rpartition(":")[2])


def test_a_body_of_anybody_is_not_kept_beyond_the_limit(live_studio: LiveStudio) -> None:
    pid = live_studio.studio.process.popen.pid
    with socket.create_connection(("127.0.0.1", _port(live_studio)), 30) as connection:
        connection.sendall(HEAD.format(MORE).encode())
        longest = 0
        for _ in range(MORE // (1 << 20)):
            connection.sendall(bytes(1 << 20))
            longest = max(longest, _longest_unnamed_file(pid))
        assert 0 < longest <= LIMIT + 1
        assert connection.recv(64).startswith(b"HTTP/1.1 4")


def test_whoever_goes_on_sending_is_cut_off(live_studio: LiveStudio) -> None:
    with socket.create_connection(("127.0.0.1", _port(live_studio)), 30) as connection:
        connection.sendall(HEAD.format(1 << 40).encode())
        cut = False
        for _ in range(32 * LIMIT // (1 << 20)):
            try:
                connection.sendall(bytes(1 << 20))
            except OSError:
                cut = True
                break
        assert cut
