"""`/api/v1/code-exec-logs`: the same runs, as the log of an agent and of a workflow."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from agents.executions import executions, requests, runner
from agents.executions.models import Execution
from agents.executions.requests import Given
from agents.registry import versions
from agents.registry.models import Agent
from tests.agents.executions.scripted import ok, out, problem, yielding
from workspaces.access import Actor

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_logs_of_an_agent_and_of_a_workflow(
    api: APIClient, agent: Agent, actor: Actor, finished: Execution
) -> None:
    version = versions.get(by=actor, agent=agent, number=1)
    given = Given(correlation_id="flow-7")
    runs = [executions.start(by=actor, request=requests.of_version(version, given)) for _ in range(3)]
    runner.execute(runs[0].id, choose=yielding(ok(1)))
    runner.execute(runs[1].id, choose=yielding(out("no outcome")))
    log = api.get(f"/api/v1/code-exec-logs/agent/{agent.slug}").json()["results"]
    assert [row["execution_id"] for row in log] == [str(run.id) for run in reversed(runs)]
    assert [row["status"] for row in log] == ["queued", "failed", "succeeded"]
    stats = api.get(f"/api/v1/code-exec-logs/agent/{agent.id}/stats").json()
    assert {name: stats[name] for name in ("total", "succeeded", "failed", "unfinished", "success_rate")} == {
        "total": 3,
        "succeeded": 1,
        "failed": 1,
        "unfinished": 1,
        "success_rate": 0.5,
    }
    assert stats["by_status"] == {"queued": 1, "failed": 1, "succeeded": 1}
    for workflow in ("flow-7", str(runs[1].id)):
        rows = api.get(f"/api/v1/code-exec-logs/workflow/{workflow}").json()["results"]
        assert {row["execution_id"] for row in rows} == {str(run.id) for run in runs}
    assert api.get("/api/v1/code-exec-logs/workflow/none").json()["results"] == []
    assert problem(api.get("/api/v1/code-exec-logs/agent/nobody"))[0] == 404
    assert problem(api.get("/api/v1/code-exec-logs/agent/nobody/stats"))[0] == 404
