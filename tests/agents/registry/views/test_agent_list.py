"""The list of agents."""

from __future__ import annotations

import pytest
from django.test import Client

from agents.executions.enums import Kind, State
from agents.executions.models import Execution
from agents.registry import agents, versions
from agents.registry.models import Agent
from tests.agents.registry import samples
from workspaces.access import Actor
from workspaces.enums import Source

URL = "/w/acme/agents/"


@pytest.fixture
def several(actor: Actor, outside_actor: Actor) -> None:
    agents.create(by=actor, spec=samples.spec("Alpha", tags=["data"], description="First of all"))
    agents.create(by=actor, spec=samples.spec("Beta", visibility="private"))
    agents.create(by=outside_actor, spec=samples.spec("Foreign"))
    versions.create_agent(by=actor, spec=samples.spec("Gamma"))


def names(client: Client, query: str = "") -> list[str]:
    return [agent.name for agent in client.get(URL + query).context["page"]]


def test_shows_what_one_may_see(several: None, as_owner: Client, as_viewer: Client) -> None:
    assert names(as_owner) == ["Gamma", "Beta", "Alpha"]
    assert names(as_viewer) == ["Gamma", "Alpha"]


def test_outsiders_and_nobody(several: None, as_outsider: Client, as_anonymous: Client) -> None:
    assert as_outsider.get(URL).status_code == 404
    assert as_anonymous.get(URL)["Location"] == "/sign-in/?next=/w/acme/agents/"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=first", ["Alpha"]),
        ("?q=first&language=bash", []),
        ("?language=python&q=a", ["Gamma", "Beta", "Alpha"]),
        ("?tag=data", ["Alpha"]),
        ("?status=active", []),
        ("?language=cobol", ["Gamma", "Beta", "Alpha"]),
        ("?q=%00", ["Gamma", "Beta", "Alpha"]),
    ],
)
def test_filters_are_in_the_address(several: None, as_owner: Client, query: str, found: list[str]) -> None:
    assert names(as_owner, query) == found


def test_a_filter_stays_in_the_form(several: None, as_owner: Client) -> None:
    context = as_owner.get(f"{URL}?q=first&language=python").context
    assert context["filters"] == {"q": "first", "language": "python", "status": "", "tag": ""}
    assert context["total"] == 1


def test_htmx_gets_the_rows_alone(several: None, as_owner: Client) -> None:
    part = as_owner.get(f"{URL}?q=first", headers={"HX-Request": "true"}).content.decode()
    assert ("Alpha" in part, "Gamma" in part, "<html" in part) == (True, False, False)


def test_usage_is_beside_each(actor: Actor, as_owner: Client, agent: Agent) -> None:
    for state in (State.FAILED, State.SUCCEEDED):
        Execution.objects.create(
            workspace=actor.workspace,
            kind=Kind.AGENT,
            state=state,
            agent=agent,
            snapshot=agent.draft.snapshot,
            source=Source.API,
        )
    (row,) = as_owner.get(URL).context["page"]
    newest = Execution.objects.order_by("-queued_at")[0]
    assert (row.run_count, row.last_run_state, row.last_run_at) == (2, "succeeded", newest.queued_at)
    assert (row.latest_number, row.language) == (None, "python")


def test_pages(actor: Actor, as_owner: Client) -> None:
    for number in range(51):
        agents.create(by=actor, spec=samples.spec(f"Agent {number}"))
    first = as_owner.get(f"{URL}?q=agent").context
    second = as_owner.get(first["next_url"]).context
    assert (len(first["page"]), len(second["page"]), second["next_url"]) == (50, 1, "")
    assert as_owner.get(f"{URL}?cursor=garbage").status_code == 400


def test_markup_in_a_name_stays_text(actor: Actor, as_owner: Client) -> None:
    agents.create(by=actor, spec=samples.spec("<script>alert(1)</script>"))
    page = as_owner.get(URL).content.decode()
    assert ("<script>alert(1)" in page, "&lt;script&gt;alert(1)" in page) == (False, True)
