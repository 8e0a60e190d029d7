"""What is answered where no view could: a page for people, a problem document for programs."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory

from studio.views import errors

pytestmark = pytest.mark.django_db


def request(path: str) -> HttpRequest:
    return RequestFactory().get(path)


def test_a_missing_page_is_a_page() -> None:
    answer = Client().get("/nowhere/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing is here" in answer.content.decode()


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/nowhere", "/v1/models", "/mcp"])
def test_a_missing_route_of_the_api_is_a_problem(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    body = answer.json()
    assert (body["type"], body["status"]) == ("/problems/not-found", 404)
    assert body["request_id"] == answer.headers["X-Request-Id"]


def test_a_host_that_is_not_ours_is_a_bad_request() -> None:
    assert Client().get("/api/v1/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("path", "media_type"), [("/", "text/html"), ("/api/v1/x", "application/problem+json")]
)
def test_a_defect_of_ours_answers_in_the_caller_s_form(path: str, media_type: str) -> None:
    answer = errors.server_error(request(path))
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (500, media_type)


def test_a_form_without_its_token_is_refused_as_a_page() -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a@example.org", "password": "x"})
    assert answer.status_code == 403
    assert "This form is out of date" in answer.content.decode()


def test_a_stale_csrf_token_on_the_api_is_a_problem() -> None:
    answer = errors.csrf_failure(request("/api/v1/executions"), reason="it is stale")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert b"it is stale" in answer.content
