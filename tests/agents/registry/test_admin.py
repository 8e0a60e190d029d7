"""Agents in the administration site: superusers look, nobody writes."""

from __future__ import annotations

import pytest
from django.test import Client

from agents.registry.models import Agent, Version
from tests import factories
from workspaces.models import User


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root@example.org", "secret")


def urls(version: Version) -> list[str]:
    return [
        "/admin/agents/agent/",
        "/admin/agents/agent/?q=greet",
        f"/admin/agents/agent/{version.agent_id}/change/",
        "/admin/agents/version/",
        f"/admin/agents/version/{version.pk}/change/",
    ]


def test_superusers_look(superuser: User, version: Version) -> None:
    client = factories.client_for(superuser)
    answers = [client.get(url) for url in urls(version)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert "Greeter" in answers[2].content.decode()


def test_superusers_write_nothing(superuser: User, version: Version) -> None:
    client = factories.client_for(superuser)
    agent, saved = (f"/admin/agents/{noun}" for noun in ("agent", "version"))
    posts = [
        client.post(f"{agent}/{version.agent_id}/change/", {"name": "Mine"}),
        client.post(f"{saved}/{version.pk}/change/", {"number": 9}),
        client.post(f"{agent}/{version.agent_id}/delete/", {"post": "yes"}),
        client.post(f"{saved}/{version.pk}/delete/", {"post": "yes"}),
        client.post(f"{agent}/add/", {"name": "New"}),
    ]
    assert [answer.status_code for answer in posts] == [403] * 5
    action = {"action": "delete_selected", "_selected_action": [str(version.agent_id)], "post": "yes"}
    client.post(f"{agent}", action)
    assert [(row.name, row.versions.count()) for row in Agent.objects.all()] == [("Greeter", 1)]


def test_staff_and_owners_see_nothing(owner: User, version: Version) -> None:
    staff = factories.make_user("staff@example.org")
    staff.is_staff = True
    staff.save()
    clients: list[Client] = [factories.client_for(staff), factories.client_for(owner)]
    assert {client.get(url).status_code for client in clients for url in urls(version)} == {302, 403}
