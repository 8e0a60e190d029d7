"""A caller who goes away while a run goes on, on the real server."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests import servers

pytestmark = pytest.mark.timeout(120)

CODE = "import time\nprint('before', flush=True)\ntime.sleep(1.5)\nprint('after')\nresult = 'kept'"


def test_the_run_of_a_caller_who_went_away_is_kept_and_holds_up_nobody(tmp_path: Path) -> None:
    with servers.studio(tmp_path) as studio:
        token = studio.token()
        with studio.api(token) as api:
            assert api.post("/api/v1/code/execute", json={"code": "1"}).status_code == 200
            hang_up(studio, token)
            began_at = time.monotonic()
            (newest,) = api.get("/api/v1/executions?page_size=1&status=running").json()["results"]
            assert time.monotonic() - began_at < 1

            def ended() -> Any:
                return api.get(newest["url"]).json()["finished_at"]

            servers.eventually(ended, seconds=20, what="the end of the run")
            body = api.get(newest["url"]).json()
            events = api.get(newest["events_url"]).json()["events"]
    assert (body["status"], body["result"]) == ("succeeded", "kept")
    text = "".join(event["data"]["text"] for event in events if event["kind"] == "stdout")
    assert text == "before\nafter\n"


def hang_up(studio: servers.Studio, token: str) -> None:
    """Ask for a run that takes a while, and close the connection once it goes on."""
    body = json.dumps({"code": CODE}).encode()
    head = (
        "POST /api/v1/code/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(studio.env["PORT"]))) as connection:
        connection.sendall(head.encode() + body)
        with studio.api(token) as api:
            servers.eventually(
                lambda: api.get("/api/v1/executions?status=running").json()["results"],
                seconds=20,
                what="the start of the run",
            )
