"""What tests of the registry may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from agents.registry import agents, versions
from agents.registry.models import Agent, Version
from tests import factories
from tests.agents.registry import samples
from workspaces.access import Actor
from workspaces.models import User, Workspace


@pytest.fixture
def agent(actor: Actor) -> Agent:
    """The owner's agent, of which nothing is saved as a version."""
    return agents.create(by=actor, spec=samples.spec())


@pytest.fixture
def version(actor: Actor, agent: Agent) -> Version:
    """Version 1 of `agent`."""
    return versions.save(by=actor, agent=agent, changelog="First")


@pytest.fixture
def editor_actor(editor: User, workspace: Workspace) -> Actor:
    return factories.actor_for(editor, workspace)


@pytest.fixture
def made(api: APIClient) -> dict[str, Any]:
    """What the API answered when it made an agent."""
    body = samples.body(changelog="First", tags=["hello"])
    answer = api.post("/api/v1/code-agents", body, format="json")
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())
