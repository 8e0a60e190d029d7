"""Lists page by page: complete, in order, and deaf to made-up cursors."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import RequestFactory
from rest_framework.test import APIClient

from workspaces import audit, pagination
from workspaces.access import Actor
from workspaces.exceptions import Invalid
from workspaces.models import AuditEntry

ROWS = "/api/v1/rows"

pytestmark = pytest.mark.urls("tests.workspaces.api_urls")


@pytest.fixture
def rows(actor: Actor) -> list[str]:
    """Labels of seven rows, the newest first."""
    for number in range(7):
        audit.record(by=actor, action="row.added", target=actor.workspace, label=str(number))
    return [str(number) for number in reversed(range(7))]


def test_following_next_sees_every_row_once(api: APIClient, rows: list[str]) -> None:
    seen, link = [], f"{ROWS}?page_size=3"
    while link:
        body = api.get(link).json()
        assert set(body) == {"results", "next", "previous"}
        seen.append([row["object_label"] for row in body["results"]])
        link = body["next"]
    assert seen == [rows[:3], rows[3:6], rows[6:]]


def test_previous_leads_back(api: APIClient, rows: list[str]) -> None:
    first = api.get(f"{ROWS}?page_size=3").json()
    second = api.get(first["next"]).json()
    assert first["previous"] is None
    assert api.get(second["previous"]).json()["results"] == first["results"]


def test_rows_that_come_meanwhile_shift_nothing(api: APIClient, actor: Actor, rows: list[str]) -> None:
    first = api.get(f"{ROWS}?page_size=3").json()
    audit.record(by=actor, action="row.added", target=actor.workspace, label="new")
    second = api.get(first["next"]).json()
    assert [row["object_label"] for row in second["results"]] == rows[3:6]


def test_rows_of_one_moment_are_all_seen(actor: Actor, api: APIClient) -> None:
    at = audit.record(by=actor, action="row.added", target=actor.workspace, label="0").at
    for number in range(1, 7):
        audit.record(by=actor, action="row.added", target=actor.workspace, label=str(number))
    # The plain manager: the log's own refuses to be rewritten.
    AuditEntry._base_manager.filter(action="row.added").update(at=at)
    seen, link = [], f"{ROWS}?page_size=2"
    while link:
        body = api.get(link).json()
        seen += [row["object_label"] for row in body["results"]]
        link = body["next"]
    assert sorted(seen) == [str(number) for number in range(7)]


def _cursor(text: str) -> str:
    return quote(b64encode(text.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "ÿ",
        "====",
        "a" * 20_000,
        _cursor("p=yesterday"),
        _cursor("p=\0"),
        _cursor("p=2026-13-45T00:00:00"),
        _cursor("p=1e400"),
        _cursor("o=-1"),
        _cursor("o=x"),
        _cursor("p=99999-01-01"),
        _cursor("p=' OR 1=1 --"),
    ],
)
def test_a_made_up_cursor_is_a_400_problem(api: APIClient, rows: list[str], cursor: str) -> None:
    answer = api.get(f"{ROWS}?cursor={cursor}")
    assert answer.status_code == 400, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/cursor"]


@pytest.mark.parametrize("size", ["0", "-1", "x", "1.5", "", "99999999999", "²", "1e3"])
def test_a_bad_page_size_is_a_400_problem(api: APIClient, rows: list[str], size: str) -> None:
    answer = api.get(f"{ROWS}?page_size={size}")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/page_size"]


def test_a_page_holds_at_most_two_hundred(api: APIClient, actor: Actor) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(workspace=actor.workspace, actor="x", action="row.added", object_type="row", object_id="1")
        for _ in range(201)
    )
    assert len(api.get(f"{ROWS}?page_size=5000").json()["results"]) == 200
    assert len(api.get(ROWS).json()["results"]) == 50


def test_page_of_serves_plain_pages(rows: list[str]) -> None:
    entries = AuditEntry.objects.filter(action="row.added")
    request = RequestFactory().get("/audit/?q=x")
    first = pagination.page_of(request, entries, ordering=("-id",), page_size=4)
    assert [entry.object_label for entry in first.items] == rows[:4]
    assert (first.previous_url, urlsplit(first.next_url).path) == ("", "/audit/")
    assert parse_qs(urlsplit(first.next_url).query)["q"] == ["x"]
    second = pagination.page_of(RequestFactory().get(first.next_url), entries, ordering=("-id",), page_size=4)
    assert [entry.object_label for entry in second.items] == rows[4:]
    assert second.next_url == ""
    back = pagination.page_of(
        RequestFactory().get(second.previous_url), entries, ordering=("-id",), page_size=4
    )
    assert back.items == first.items


def test_page_of_refuses_made_up_cursors(rows: list[str]) -> None:
    request = RequestFactory().get(f"/audit/?cursor={_cursor('p=x')}")
    with pytest.raises(Invalid):
        pagination.page_of(request, AuditEntry.objects.all(), ordering=("-id",))
