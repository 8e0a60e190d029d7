"""A real server of this tree on a data directory of its own, for as long as it is measured."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
START_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Served:
    port: int
    token: str

    def client(self) -> Client:
        return Client(self.port, self.token)


class Client:
    """One connection that is kept open, as a service that calls often has it."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def execute(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A run that succeeds; anything else is no measurement and raises `RuntimeError`."""
        answer = self._ask("POST", "/api/v1/code/execute", json.dumps(body).encode())
        if not answer.get("success"):
            raise RuntimeError(f"The run did not succeed: {answer}")
        return answer

    def empty(self) -> dict[str, Any]:
        """The least that an authenticated request does."""
        return self._ask("GET", "/api/v1/executions?page_size=1", None)

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path} was answered {response.status}: {content[:300]!r}")
        answer: dict[str, Any] = json.loads(content)
        return answer

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def served() -> Iterator[Served]:
    """`manage.py runstudio`; gone with its data when the block ends."""
    with tempfile.TemporaryDirectory(prefix="sandloft-bench-") as folder:
        port = _free_port()
        env = {
            **{
                name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
            },
            "DJANGO_SETTINGS_MODULE": "studio.settings",
            "STUDIO_DATA_DIR": f"{folder}/data",
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }
        log = Path(folder, "log")
        with log.open("wb") as sink:
            server = subprocess.Popen(
                [sys.executable, "manage.py", "runstudio"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait(server, port, log)
            yield Served(port, _token(env))
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _token(env: Mapping[str, str]) -> str:
    made = subprocess.run(
        [sys.executable, "manage.py", "token", "create", "--workspace", "default", "--name", "bench"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
