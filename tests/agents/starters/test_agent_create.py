"""Where an agent begins: the gallery and the empty file."""

from __future__ import annotations

import pytest
from django.test import Client

from agents.registry import drafts
from agents.registry.models import Agent
from agents.snapshots import snapshots
from agents.starters import starters
from workspaces.models import AuditEntry

URL = "/w/acme/agents/new/"


def test_the_gallery_shows_all(as_owner: Client) -> None:
    page = as_owner.get(URL)
    assert [starter.slug for starter in page.context["starters"]] == [
        starter.slug for starter in starters.all()
    ]
    assert [str(language) for language in page.context["languages"]] == [
        "python",
        "javascript",
        "typescript",
        "bash",
    ]


def test_a_starter_becomes_an_agent(as_owner: Client) -> None:
    answer = as_owner.post(URL, {"starter": "invoice-totals"})
    agent = Agent.objects.get()
    starter = starters.get("invoice-totals")
    spec = snapshots.spec(drafts.of(agent).snapshot)
    assert answer["Location"] == f"/w/acme/agents/{agent.pk}/edit/"
    assert (agent.slug, agent.name, agent.tags) == (
        "invoice-totals",
        "Invoice totals",
        ["finance", "typescript"],
    )
    assert (agent.sample_input, agent.versions.count()) == (starter.sample_input, 0)
    assert (spec.files, spec.entry, spec.entry_point) == (starter.files, "main.ts", "main")
    assert list(AuditEntry.objects.filter(object_type="agent").values_list("action", flat=True)) == [
        "agent.created"
    ]


def test_the_same_starter_twice_and_under_another_name(as_owner: Client) -> None:
    for name in ("", "", "  Mine  "):
        as_owner.post(URL, {"starter": "csv-cleaner", "name": name})
    rows = Agent.objects.order_by("created_at").values_list("slug", "name")
    assert list(rows) == [("csv-cleaner", "CSV cleaner"), ("csv-cleaner-2", "CSV cleaner"), ("mine", "Mine")]


@pytest.mark.parametrize("language", ["python", "javascript", "typescript", "bash"])
def test_an_empty_file(as_owner: Client, language: str) -> None:
    as_owner.post(URL, {"name": "Blank", "language": language})
    agent = Agent.objects.get()
    assert (agent.draft.snapshot.language, list(agent.draft.snapshot.files)) == (
        language,
        [agent.draft.snapshot.entry],
    )


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"name": "", "language": "python"}, 422),
        ({"name": "x" * 121, "language": "python"}, 422),
        ({"name": "a\0b", "language": "python"}, 422),
        ({"name": "x", "language": "cobol"}, 422),
        ({"starter": "absent"}, 404),
        ({"starter": "../blank"}, 404),
        ({"starter": "csv-cleaner", "name": "x" * 121}, 400),
    ],
)
def test_what_cannot_be_made_is_told(as_owner: Client, form: dict[str, str], status: int) -> None:
    assert as_owner.post(URL, form).status_code == status
    assert Agent.objects.count() == 0


def test_viewers_look_and_do_not_make(as_viewer: Client) -> None:
    assert as_viewer.get(URL).status_code == 200
    assert as_viewer.post(URL, {"starter": "csv-cleaner"}).status_code == 403
    assert as_viewer.post(URL, {"name": "x", "language": "python"}).status_code == 403
    assert Agent.objects.count() == 0


def test_outsiders_and_nobody(as_owner: Client, as_outsider: Client, as_anonymous: Client) -> None:
    assert (
        as_outsider.get(URL).status_code,
        as_outsider.post(URL, {"starter": "csv-cleaner"}).status_code,
    ) == (404, 404)
    assert as_anonymous.get(URL)["Location"] == "/sign-in/?next=/w/acme/agents/new/"
    assert as_anonymous.post(URL, {"starter": "csv-cleaner"}).status_code == 302
    assert Agent.objects.count() == 0
