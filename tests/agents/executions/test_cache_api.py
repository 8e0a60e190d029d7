"""`/api/v1/code/cache` and `cache: true`, on the real sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from agents.executions.models import CachedResult, Execution
from agents.registry.models import Agent
from tests.agents.executions.scripted import problem
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)

CODE = {"code": "import random\nprint('hi')\nresult = random.random()", "cache": True}


def execute(api: APIClient, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = api.post("/api/v1/code/execute", {**CODE, **more}, format="json").json()
    return body


def test_the_second_answer_comes_from_the_cache(api: APIClient) -> None:
    first, second = execute(api), execute(api)
    assert [first["cached"], second["cached"]] == [False, True]
    same = ("success", "status", "result", "stdout", "stderr", "exit_code", "error", "artifacts")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    assert set(first) == set(second)
    assert (second["runtime"], second["execution_id"] != first["execution_id"]) == ("cache", True)
    run = api.get(f"/api/v1/executions/{second['execution_id']}").json()
    assert (run["status"], run["cached"], run["runtime"]) == ("succeeded", True, "cache")
    assert execute(api, cache=False)["cached"] is False


def test_an_agent_can_be_called_so_too(api: APIClient, agent: Agent, workspace: Workspace) -> None:
    url = f"/api/v1/code-agents/{agent.slug}/execute"
    started = api.post(url, {"input": 1, "cache": True}, format="json").json()
    execution = Execution.objects.get(pk=started["id"])
    now = timezone.now()
    CachedResult.objects.create(
        workspace=workspace,
        key=execution.cache_key,
        execution=execution,
        has_result=True,
        result=1,
        run_ms=3.0,
        size_bytes=1,
        created_at=now,
        used_at=now,
    )
    answer = api.post(url, {"input": 1, "cache": True}, format="json", headers={"Prefer": "wait=5"})
    assert (answer.status_code, answer.json()["cached"], answer.json()["result"]) == (200, True, 1)
    later = api.post(url, {"input": 1, "cache": True}, format="json")
    assert (later.status_code, later.json()["status"], later.json()["cached"]) == (202, "succeeded", True)


def test_the_numbers_and_clearing(api: APIClient) -> None:
    execute(api)
    execute(api)
    stats = api.get("/api/v1/code/cache/stats").json()
    assert stats["success"] is True
    numbers = stats["cache_stats"]
    assert (numbers["total_cached_executions"], numbers["total_cache_hits"]) == (1, 1)
    assert (numbers["cache_hit_rate"], numbers["average_execution_time_ms"] > 0) == (0.5, True)
    assert 0 < numbers["total_bytes"] < numbers["max_bytes"]
    kept = api.delete("/api/v1/code/cache?older_than_hours=1")
    assert kept.json() == {"success": True, "entries_deleted": 0}
    CachedResult.objects.update(created_at=timezone.now() - timedelta(hours=1.5))
    assert api.delete("/api/v1/code/cache?older_than_hours=1.25").json()["entries_deleted"] == 1
    execute(api)
    assert api.delete("/api/v1/code/cache").json() == {"success": True, "entries_deleted": 1}
    assert api.delete("/api/v1/code/cache").json() == {"success": True, "entries_deleted": 0}


@pytest.mark.parametrize(
    "query",
    ["older_than_hours=x", "older_than_hours=-1", "older_than_hours=nan", "older_than_hours=1e99", "older=1"],
)
def test_what_is_not_understood_clears_nothing(api: APIClient, query: str) -> None:
    execute(api)
    assert problem(api.delete(f"/api/v1/code/cache?{query}")) == (400, "invalid")
    assert CachedResult.objects.count() == 1
