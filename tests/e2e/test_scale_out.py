"""The same code on servers: PostgreSQL, a Redis-protocol server, a web process and a separate worker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests import servers

pytestmark = [pytest.mark.scaleout, pytest.mark.xdist_group("scaleout"), pytest.mark.timeout(240)]

LINES = 5
STREAM = (
    "import time\nfor n in range(5):\n    print('line', n, flush=True)\n    time.sleep(0.4)\nresult = 'done'"
)
ENDLESS = "import time\nprint('up', flush=True)\nwhile True: time.sleep(1)"
QUICK = {"RUN_LEASE_SECONDS": "4", "RUN_HEARTBEAT_SECONDS": "1", "RUN_REAP_SECONDS": "1"}


@dataclass(frozen=True)
class Cluster:
    studio: servers.Studio
    folder: Path
    token: str

    @property
    def api(self) -> httpx.Client:
        return self.studio.api(self.token)

    def worker(self, name: str) -> servers.Process:
        args = ["-m", "celery", "--app", "studio", "worker", "--pool", "threads", "--concurrency", "2"]
        log = self.folder / f"{name}.log"
        process = servers.Process(
            *args, "--hostname", name, "--loglevel", "INFO", env=dict(self.studio.env), log=log
        )
        try:
            process.wait_for("ready.")
        except AssertionError:
            process.close()
            raise
        return process

    def start(self, code: str) -> dict[str, Any]:
        with self.api as api:
            answer = api.post("/api/v1/executions", json={"language": "python", "code": code, "timeout": 120})
        assert answer.status_code == 202, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def read(self, execution: dict[str, Any]) -> dict[str, Any]:
        with self.api as api:
            body: dict[str, Any] = api.get(f"/api/v1/executions/{execution['id']}").json()
        return body

    def wait_for(self, execution: dict[str, Any], status: str, *, seconds: float) -> None:
        servers.eventually(
            lambda: self.read(execution)["status"] == status, seconds=seconds, what=f"the state {status}"
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with servers.postgres() as database, servers.redis() as broker:
        settings = {"DATABASE_URL": database, "REDIS_URL": broker, **QUICK}
        with servers.studio(folder, **settings) as studio:
            yield Cluster(studio, folder, studio.token())


@pytest.fixture
def worker(cluster: Cluster) -> Iterator[servers.Process]:
    process = cluster.worker(f"worker-{time.monotonic_ns()}@localhost")
    yield process
    process.close()


def follow(cluster: Cluster, execution: dict[str, Any]) -> list[tuple[float, dict[str, Any]]]:
    """Every event as the websocket brings it, with the moment it came."""
    url = cluster.studio.base_url.replace("http", "ws") + f"/ws/v1/executions/{execution['id']}/?after=0"
    got: list[tuple[float, dict[str, Any]]] = []
    with connect(url, additional_headers={"Authorization": f"Bearer {cluster.token}"}) as socket:
        for frame in socket:
            got += [(time.monotonic(), event) for event in json.loads(frame)]
    return got


def test_a_run_streams_from_the_worker_to_a_socket_of_the_web_process(
    cluster: Cluster, worker: servers.Process
) -> None:
    execution = cluster.start(STREAM)
    got = follow(cluster, execution)
    events = [event for _, event in got]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert "".join(event["data"]["text"] for event in events if event["kind"] == "stdout") == "".join(
        f"line {n}\n" for n in range(LINES)
    )
    assert events[-1]["kind"] == "end"
    assert events[-1]["data"]["status"] == "succeeded"
    first = next(at for at, event in got if event["kind"] == "stdout")
    assert got[-1][0] - first > 1, "the lines came all at once, not as they were printed"
    assert cluster.read(execution)["result"] == "done"
    assert "agents.executions.run[" in worker.output


def test_a_run_waits_for_a_worker_and_then_runs(cluster: Cluster) -> None:
    execution = cluster.start("result = 1")
    assert cluster.read(execution)["status"] == "queued"
    process = cluster.worker("late@localhost")
    try:
        cluster.wait_for(execution, "succeeded", seconds=30)
    finally:
        process.close()


def test_a_worker_that_is_killed_leaves_no_run_behind(cluster: Cluster) -> None:
    """Nobody is left to run tasks: the web process notices."""
    process = cluster.worker("doomed@localhost")
    execution = cluster.start(ENDLESS)
    cluster.wait_for(execution, "running", seconds=30)
    process.close()
    cluster.wait_for(execution, "lost", seconds=30)
    body = cluster.read(execution)
    assert body["error"]["type"] == "WorkerLost"
    with cluster.api as api:
        events = api.get(f"/api/v1/executions/{execution['id']}/events").json()
    assert events["finished"] is True
    assert events["events"][-1]["kind"] == "end"


def test_a_running_program_is_cancelled_through_the_web_process(
    cluster: Cluster, worker: servers.Process
) -> None:
    execution = cluster.start(ENDLESS)
    cluster.wait_for(execution, "running", seconds=30)
    with cluster.api as api:
        assert api.post(f"/api/v1/executions/{execution['id']}/cancel", json={}).status_code in {200, 202}
    cluster.wait_for(execution, "cancelled", seconds=10)


def test_a_worker_that_is_told_to_stop_goes_with_status_0(cluster: Cluster) -> None:
    process = cluster.worker("polite@localhost")
    try:
        assert process.stop() == 0
    finally:
        process.close()


def test_health_sees_the_parts(cluster: Cluster, worker: servers.Process) -> None:
    with cluster.api as api:
        report = api.get("/api/v1/health/detailed").json()
    assert report["mode"] == "scaled out"
    assert {name: part["status"] for name, part in report["services"].items()} == dict.fromkeys(
        ("database", "broker", "workers", "channel_layer", "storage"), "healthy"
    )
    assert report["services"]["database"]["detail"] == "postgresql"
