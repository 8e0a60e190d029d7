"""A newcomer's first two minutes, without a browser: start, open the link, make a token, call the API."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import httpx

from tests import servers


def test_from_an_empty_directory_to_a_run(tmp_path: Path) -> None:
    with servers.studio(tmp_path) as studio:
        with httpx.Client(base_url=studio.base_url, follow_redirects=True) as browser:
            landed = servers.sign_in(browser, studio.link)
            assert (landed.status_code, landed.url.path) == (200, "/")
            again = httpx.Client(base_url=studio.base_url, follow_redirects=True)
            used = again.get(studio.link)
            assert "sandloft_session" not in again.cookies
            assert used.status_code in {200, 404, 410}
        with studio.api(studio.token()) as api:
            answer = api.post("/api/v1/code/execute", json={"language": "python", "code": "print('hello')"})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["success"], body["stdout"], body["status"]) == (True, "hello\n", "succeeded")
        assert stat.S_IMODE(studio.data_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE((studio.data_dir / "secret-key").stat().st_mode) == 0o600
        assert studio.process.stop() == 0


def test_a_second_start_keeps_what_was_there_and_gives_a_new_link(tmp_path: Path) -> None:
    with servers.studio(tmp_path) as studio:
        first, token = studio.link, studio.token()
        assert studio.process.stop() == 0
    with servers.studio(tmp_path) as studio:
        assert studio.link != first
        with studio.api(token) as api:
            assert api.get("/api/v1/").json()["workspace"] == "default"


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        env = {"STUDIO_DATA_DIR": str(tmp_path / "data"), "PORT": str(port), "HOST": "127.0.0.1"}
        process = servers.Process("manage.py", "runstudio", env=env, log=tmp_path / "log")
        assert process.popen.wait(60) == 1
        process.close()
    assert process.output.startswith(f"CommandError: Port {port} on 127.0.0.1 is in use by another program.")
    assert [path.name for path in (tmp_path / "data").glob("*.sqlite3*")] == []


def test_one_process_serves_a_data_directory(tmp_path: Path) -> None:
    with servers.studio(tmp_path) as studio:
        env = {**studio.env, "PORT": str(servers.free_port())}
        second = servers.Process("manage.py", "runstudio", env=env, log=tmp_path / "second.log")
        assert second.popen.wait(60) == 1
        second.close()
        assert f"Another Sandloft (process {studio.process.popen.pid}) already serves" in second.output
        assert httpx.get(f"{studio.base_url}/readyz").status_code == 200
