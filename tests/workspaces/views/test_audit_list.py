"""The audit log page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import client_for
from workspaces import audit
from workspaces.access import Actor
from workspaces.models import AuditEntry, User, Workspace

URL = "/w/acme/settings/audit/"


@pytest.fixture
def entries(actor: Actor, editor: User) -> None:
    """Two runs and an agent; the first run was three days ago."""
    old = audit.record(by=actor, action="execution.started", target=actor.workspace, label="old run")
    audit.record(by=actor, action="execution.cancelled", target=actor.workspace, label="new run")
    audit.record(by=actor, action="agent.created", target=actor.workspace, label="Sums")
    past = timezone.now() - timedelta(days=3)
    # The plain manager: the log's own refuses to be rewritten.
    AuditEntry._base_manager.filter(pk=old.pk).update(at=past)


def _labels(client: Client, **query: str) -> list[str]:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return [entry.object_label for entry in answer.context["page"] if entry.action != "workspace.created"]


@pytest.mark.usefixtures("entries")
def test_the_newest_come_first(as_owner: Client) -> None:
    assert _labels(as_owner) == ["Sums", "new run", "old run"]


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ({"q": "sum"}, ["Sums"]),
        ({"q": "execution"}, ["new run", "old run"]),
        ({"action": "execution."}, ["new run", "old run"]),
        ({"action": "execution.started"}, ["old run"]),
        ({"user": "owner@"}, ["Sums", "new run", "old run"]),
        ({"user": "nobody"}, []),
        ({"source": "page"}, ["Sums", "new run", "old run"]),
        ({"source": "api"}, []),
        ({"q": "%"}, []),
        ({"q": "' OR 1=1 --"}, []),
        ({"since": "2000-01-01"}, ["Sums", "new run", "old run"]),
        ({"until": "2000-01-01"}, []),
    ],
)
def test_filters_are_in_the_address(as_owner: Client, query: dict[str, str], labels: list[str]) -> None:
    assert _labels(as_owner, **query) == labels
    assert as_owner.get(URL, query).context["filters"] | query == as_owner.get(URL, query).context["filters"]


@pytest.mark.usefixtures("entries")
def test_days_are_whole(as_owner: Client) -> None:
    day = (timezone.now() - timedelta(days=3)).date().isoformat()
    assert _labels(as_owner, since=day, until=day) == ["old run"]


@pytest.mark.parametrize(
    "query",
    [{"since": "yesterday"}, {"source": "magic"}, {"q": "x" * 201}, {"cursor": "nonsense!"}, {"q": "a\0b"}],
)
def test_bad_filters_are_a_clear_400(as_owner: Client, query: dict[str, str]) -> None:
    answer = as_owner.get(URL, query)
    assert (answer.status_code, answer.templates[0].name) == (400, "error.html")


def test_pages_follow_one_another(as_owner: Client, actor: Actor) -> None:
    for number in range(60):
        audit.record(by=actor, action="row.added", target=actor.workspace, label=str(number))
    first = as_owner.get(URL, {"action": "row."})
    second = as_owner.get(first.context["next_url"])
    labels = [entry.object_label for page in (first, second) for entry in page.context["page"]]
    assert labels == [str(number) for number in reversed(range(60))]
    assert second.context["next_url"] == ""
    assert second.context["filters"]["action"] == "row."


def test_nobody_else_reads_it(
    editor: User, as_viewer: Client, as_outsider: Client, workspace: Workspace
) -> None:
    clients = (client_for(editor), as_viewer, as_outsider, Client())
    assert [client.get(URL).status_code for client in clients] == [403, 403, 404, 302]


@pytest.mark.usefixtures("entries")
def test_entries_of_elsewhere_are_not_there(as_outsider: Client, admin: User) -> None:
    theirs = as_outsider.get("/w/elsewhere/settings/audit/").content.decode()
    assert "new run" not in theirs
    assert "new run" in client_for(admin).get(URL).content.decode()


def test_what_is_shown_is_text(as_owner: Client, actor: Actor) -> None:
    evil = "<img src=x onerror=alert(1)>"
    audit.record(by=actor, action="row.added", target=actor.workspace, label=evil, after={"name": evil})
    assert evil not in as_owner.get(URL).content.decode()
