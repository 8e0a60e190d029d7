"""The pages that put the packages together."""

from __future__ import annotations

import json
import shlex

import pytest
from django.test import Client

from agents.registry import agents
from agents.registry.models import Agent
from agents.registry.types import AgentSpec, Details
from agents.snapshots.types import SnapshotSpec
from studio import snippets
from workspaces.access import Actor
from workspaces.models import Workspace


@pytest.fixture
def agent(actor: Actor) -> Agent:
    code = SnapshotSpec(language="python", files={"main.py": "result = 1"}, entry="main.py", entry_point=None)
    details: Details = {"name": "It's me", "sample_input": '{"name": "O\'Hara"}'}
    return agents.create(by=actor, spec=AgentSpec(code=code, details=details))


def test_the_studio_leads_to_the_gallery_when_there_is_no_agent(
    as_owner: Client, workspace: Workspace
) -> None:
    answer = as_owner.get(f"/w/{workspace.slug}/studio/")
    assert answer.headers["Location"] == f"/w/{workspace.slug}/agents/new/"


def test_the_studio_leads_to_the_agent_edited_last(
    as_owner: Client, workspace: Workspace, agent: Agent
) -> None:
    answer = as_owner.get(f"/w/{workspace.slug}/studio/")
    assert answer.headers["Location"] == f"/w/{workspace.slug}/agents/{agent.pk}/edit/"


def test_bookmarks_without_a_workspace_lead_to_the_current_one(
    as_owner: Client, workspace: Workspace, agent: Agent
) -> None:
    as_owner.get(f"/w/{workspace.slug}/agents/")
    for path in ("/dashboard/sandbox", "/dashboard/sandbox/"):
        assert as_owner.get(path).headers["Location"] == f"/w/{workspace.slug}/studio/"


def test_only_the_editor_may_style_itself(as_owner: Client, workspace: Workspace, agent: Agent) -> None:
    def policy(path: str) -> dict[str, str]:
        header = as_owner.get(path).headers["Content-Security-Policy"]
        return dict(part.strip().split(" ", 1) for part in header.split(";"))

    editor, elsewhere = policy(f"/w/{workspace.slug}/agents/{agent.pk}/edit/"), policy("/")
    assert editor["style-src"] == "'self' 'unsafe-inline'"
    assert elsewhere["style-src"] == "'self'"
    assert {name: value for name, value in editor.items() if name != "style-src"} == {
        name: value for name, value in elsewhere.items() if name != "style-src"
    }
    assert editor["script-src"] == "'self'"


def test_the_editor_gets_the_draft(as_owner: Client, workspace: Workspace, agent: Agent) -> None:
    answer = as_owner.get(f"/w/{workspace.slug}/agents/{agent.pk}/edit/")
    assert answer.context["draft_json"]["files"] == {"main.py": "result = 1"}
    assert answer.context["limits_max"] == {"timeout": 600.0, "memory_mb": 2048.0}


def test_the_curl_call_survives_quotes(agent: Agent) -> None:
    words = shlex.split(snippets.calls(agent)["curl"].replace("\\\n", " "))
    assert words[:2] == ["curl", f"http://127.0.0.1:8000/api/v1/code-agents/{agent.slug}/execute"]
    assert json.loads(words[-1]) == {"input": {"name": "O'Hara"}}


def test_the_python_call_compiles(agent: Agent) -> None:
    compile(snippets.calls(agent)["python"], "call.py", "exec")


def test_unfinished_sample_input_is_left_out(agent: Agent) -> None:
    agent.sample_input = '{"name": '
    assert '{"input": null}' in snippets.calls(agent)["curl"]
