"""The pages of versions."""

from __future__ import annotations

import pytest
from django.test import Client

from agents.registry import drafts, versions
from agents.registry.models import Version
from tests import factories
from tests.agents.registry import samples
from workspaces.access import Actor
from workspaces.models import User


def url(version: Version, tail: str = "") -> str:
    return f"/w/acme/agents/{version.agent_id}/versions/{tail}"


def test_the_list_and_one_of_them(as_viewer: Client, actor: Actor, version: Version) -> None:
    versions.put(by=actor, agent=version.agent, spec=samples.spec(text="<b>two</b>"))
    listed = as_viewer.get(url(version)).context
    assert [row.number for row in listed["versions"]] == [2, 1]
    page = as_viewer.get(url(version, "2/"))
    assert page.context["files"] == [{"path": "main.py", "text": "<b>two</b>"}]
    assert "&lt;b&gt;two" in page.content.decode()
    assert page.context["config"] == {"runtime": "auto"}


@pytest.mark.parametrize("number", ["0", "9", "99999999999999999999"])
def test_a_version_that_is_none(as_owner: Client, version: Version, number: str) -> None:
    assert as_owner.get(url(version, f"{number}/")).status_code == 404
    assert as_owner.post(url(version, f"{number}/restore/")).status_code == 404


def test_restore_goes_to_the_editor(as_owner: Client, actor: Actor, version: Version) -> None:
    versions.put(by=actor, agent=version.agent, spec=samples.spec(text="two = 2"))
    answer = as_owner.post(url(version, "1/restore/"))
    assert answer["Location"] == f"/w/acme/agents/{version.agent_id}/edit/"
    assert drafts.of(version.agent).snapshot == version.snapshot


@pytest.mark.parametrize(("who", "status"), [("outsider", 404), (None, 302)])
def test_others_see_nothing(who: str | None, status: int, outsider: User, version: Version) -> None:
    client = factories.client_for(outsider if who else None)
    assert [client.get(url(version, tail)).status_code for tail in ("", "1/")] == [status] * 2


def test_an_agent_of_another_workspace_is_not_found_in_this_one(outsider: User, version: Version) -> None:
    client = factories.client_for(outsider)
    assert client.get(f"/w/elsewhere/agents/{version.agent_id}/versions/1/").status_code == 404
