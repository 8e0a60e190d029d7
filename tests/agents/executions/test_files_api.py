"""`GET /api/v1/executions/{id}/artifacts/{name}`: files of a user's making, kept behind a wall."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from agents.executions.models import Execution
from tests.agents.executions.scripted import HTML

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/executions"


def test_files_are_saved_and_never_shown_by_themselves(api: APIClient, finished: Execution) -> None:
    answer = api.get(f"{URL}/{finished.id}/artifacts/page.html")
    assert (answer.status_code, answer.content) == (200, HTML)
    assert answer["Content-Disposition"] == "attachment; filename=\"page.html\"; filename*=UTF-8''page.html"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "allow-" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert "public" not in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "disposition", "media_type"),
    [
        ("page.html", "inline", "text/html; charset=utf-8"),
        ("a/plot.svg", "inline", "image/svg+xml"),
        ("we%22ird%3B%C3%BC.csv", "inline", "text/plain; charset=utf-8"),
        ("x.exe", "attachment", None),
    ],
)
def test_a_preview_stays_behind_the_wall(
    api: APIClient, finished: Execution, name: str, disposition: str, media_type: str | None
) -> None:
    url = f"{URL}/{finished.id}/artifacts/{name}?preview=1"
    framed = api.get(url, headers={"Sec-Fetch-Dest": "iframe"})
    assert framed["Content-Disposition"].split(";")[0] == disposition
    assert framed["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert framed["X-Content-Type-Options"] == "nosniff"
    if media_type:
        assert framed["Content-Type"] == media_type
    opened = api.get(url, headers={"Sec-Fetch-Dest": "document"})
    assert opened["Content-Disposition"].startswith("attachment")


def test_a_name_cannot_break_its_header(api: APIClient, finished: Execution) -> None:
    answer = api.get(f"{URL}/{finished.id}/artifacts/we%22ird%3B%C3%BC.csv")
    assert answer["Content-Disposition"] == (
        "attachment; filename=\"we_ird__.csv\"; filename*=UTF-8''we%22ird%3B%C3%BC.csv"
    )


@pytest.mark.parametrize(
    "name",
    [
        *("../page.html", "..%2fpage.html", "%2e%2e/page.html", "a/../page.html", "/page.html", "page.html/"),
        *("a%5cplot.svg", "page.html%00", "page.html%0d%0aX-A:%20b", "PAGE.HTML", "nothing", "%ff"),
    ],
)
def test_tricks_with_names_find_nothing(api: APIClient, finished: Execution, name: str) -> None:
    assert api.get(f"{URL}/{finished.id}/artifacts/{name}").status_code == 404
    assert api.get(f"{URL}/{finished.id}/artifacts/page.html").status_code == 200
