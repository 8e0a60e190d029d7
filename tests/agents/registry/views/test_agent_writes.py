"""Details, trash and restore: the forms of agent pages."""

from __future__ import annotations

import pytest
from django.test import Client

from agents.registry import agents
from agents.registry.models import Agent, Version
from tests import factories
from workspaces.models import User

FORM = {"name": "Renamed", "description": "Line\r\nline", "tags": "One, two,, ", "visibility": "workspace"}


People = dict[str, User]


@pytest.fixture
def people(owner: User, viewer: User, outsider: User) -> People:
    return {"owner": owner, "viewer": viewer, "outsider": outsider}


def url(agent: Agent, verb: str) -> str:
    return f"/w/acme/agents/{agent.pk}/{verb}/"


def test_the_owner_changes_details(as_owner: Client, agent: Agent) -> None:
    answer = as_owner.post(url(agent, "details"), FORM)
    agent.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, f"/w/acme/agents/{agent.pk}/edit/")
    assert (agent.name, agent.description, agent.tags) == ("Renamed", "Line\nline", ["one", "two"])


def test_a_bad_detail_is_told_and_changes_nothing(as_owner: Client, agent: Agent) -> None:
    answer = as_owner.post(url(agent, "details"), {**FORM, "name": ""})
    agent.refresh_from_db()
    assert (answer.status_code, agent.name, agent.tags) == (400, "Greeter", [])


def test_delete_trash_restore(as_owner: Client, agent: Agent) -> None:
    assert as_owner.post(url(agent, "delete"))["Location"] == "/w/acme/agents/"
    assert [row.pk for row in as_owner.get("/w/acme/agents/").context["page"]] == []
    assert [row.pk for row in as_owner.get("/w/acme/agents/trash/").context["agents"]] == [agent.pk]
    assert as_owner.post(url(agent, "restore"))["Location"] == f"/w/acme/agents/{agent.pk}/edit/"
    assert [row.pk for row in as_owner.get("/w/acme/agents/").context["page"]] == [agent.pk]
    assert as_owner.post(url(agent, "restore")).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("outsider", 404), (None, 302)])
def test_others_change_nothing(who: str | None, status: int, people: People, version: Version) -> None:
    agent = version.agent
    client = factories.client_for(people[who] if who else None)
    verbs = ["details", "delete", "versions/1/restore"]
    answers = [client.post(url(agent, verb), FORM) for verb in verbs]
    agents.delete(by=factories.actor_for(people["owner"], agent.workspace), agent=agent)
    answers.append(client.post(url(agent, "restore"), FORM))
    assert [answer.status_code for answer in answers] == [status] * 4
    assert who or all(answer["Location"].startswith("/sign-in/") for answer in answers)
    agent.refresh_from_db()
    assert (agent.name, agent.deleted_at is None, agent.draft.revision) == ("Greeter", False, 1)


def test_a_get_changes_nothing(as_owner: Client, version: Version) -> None:
    verbs = ["details", "delete", "restore", "versions/1/restore"]
    assert [as_owner.get(url(version.agent, verb)).status_code for verb in verbs] == [405] * 4


def test_forms_need_their_csrf_token(owner: User, agent: Agent) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(url(agent, "delete")).status_code == 403
    assert client.put(url(agent, "draft"), "{}", content_type="application/json").status_code == 403
