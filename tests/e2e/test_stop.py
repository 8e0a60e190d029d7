"""Stopping and dying: whatever happens to the process, no run is left without an end."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests import servers

pytestmark = pytest.mark.timeout(180)

ENDLESS = "import time\nprint('up', flush=True)\nwhile True: time.sleep(1)"
MARK = "sandloft-stop-test-"


def start(api: httpx.Client, code: str = ENDLESS) -> str:
    answer = api.post("/api/v1/executions", json={"language": "python", "code": code, "timeout": 300})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def status(api: httpx.Client, execution: str) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"/api/v1/executions/{execution}").json()
    return body


def until_running(api: httpx.Client, execution: str) -> None:
    def printed() -> bool:
        events = api.get(f"/api/v1/executions/{execution}/events").json()["events"]
        return any(event["kind"] == "stdout" for event in events)

    servers.eventually(printed, seconds=30, what="the first line of output")


def sandboxed() -> int:
    """How many processes of sandboxes there are that these tests started."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += MARK in path.read_text("utf-8", "replace")
    return found


def test_a_stop_ends_what_runs_and_who_watches_and_is_quick(tmp_path: Path) -> None:
    with servers.studio(tmp_path) as studio:
        token = studio.token()
        with studio.api(token) as api:
            execution = start(api)
            until_running(api, execution)
            inline = threading.Thread(target=post_inline, args=[studio, token], daemon=True)
            inline.start()
            url = studio.base_url.replace("http", "ws") + f"/ws/v1/executions/{execution}/?after=0"
            with connect(url, additional_headers={"Authorization": f"Bearer {token}"}):
                began = time.monotonic()
                assert studio.process.stop(seconds=30) == 0
                took = time.monotonic() - began
        assert took < 15
    with servers.studio(tmp_path) as again, again.api(token) as api:
        body = status(api, execution)
        assert (body["status"], body["error"]["type"]) == ("lost", "Interrupted")
        rows = api.get("/api/v1/executions").json()["results"]
        assert {row["status"] for row in rows} <= {"lost", "failed", "cancelled"}


def post_inline(studio: servers.Studio, token: str) -> None:
    """Waits for a run in the web process itself; it is cut off when that stops."""
    try:
        with studio.api(token) as api:
            api.post("/api/v1/code/execute", json={"language": "python", "code": ENDLESS, "timeout": 60})
    except httpx.HTTPError:
        return


def test_a_killed_process_leaves_no_run_and_no_program_behind(tmp_path: Path) -> None:
    name = f"{MARK}{time.monotonic_ns()}"
    code = (
        f"import subprocess\nprint('up', flush=True)\nsubprocess.run(['bash', '-c', 'sleep 300; : {name}'])"
    )
    with servers.studio(tmp_path) as studio:
        token = studio.token()
        with studio.api(token) as api:
            execution = start(api, code)
            until_running(api, execution)
            servers.eventually(sandboxed, seconds=10, what="the program of the run")
            studio.process.kill()
    servers.eventually(lambda: sandboxed() == 0, seconds=10, what="the end of the program")
    with servers.studio(tmp_path) as again, again.api(token) as api:
        body = status(api, execution)
        assert (body["status"], body["error"]["type"]) == ("lost", "WorkerLost")
        second = start(api, "result = 1")
        servers.eventually(
            lambda: status(api, second)["status"] == "succeeded", seconds=30, what="a run after the crash"
        )


def test_runs_that_waited_are_run_after_a_restart(tmp_path: Path) -> None:
    with servers.studio(tmp_path, EMBEDDED_WORKER_THREADS="1") as studio:
        token = studio.token()
        with studio.api(token) as api:
            until_running(api, start(api))
            waiting = start(api, "result = 'at last'")
            assert status(api, waiting)["status"] == "queued"
            studio.process.kill()
    with servers.studio(tmp_path) as again, again.api(token) as api:
        servers.eventually(
            lambda: status(api, waiting)["status"] == "succeeded", seconds=30, what="the run that waited"
        )
        assert status(api, waiting)["result"] == "at last"
