"""Every error of the API in one shape."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.test import APIClient

from tests.workspaces.api_urls import FAILURES
from workspaces import problems
from workspaces.exceptions import Busy, Conflict, FieldError, Invalid, Unauthenticated

pytestmark = [pytest.mark.urls("tests.workspaces.api_urls"), pytest.mark.django_db]

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id", "errors"}


def _get(how: str) -> tuple[Any, dict[str, Any]]:
    answer = APIClient(raise_request_exception=False).get(f"/api/v1/failing/{how}")
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer["X-Request-Id"]
    assert body["instance"] == f"/api/v1/failing/{how}"
    return answer, body


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("invalid", 400, "invalid"),
        ("conflict", 409, "conflict"),
        ("busy", 429, "busy"),
        ("throttled", 429, "busy"),
        ("missing", 404, "not-found"),
        ("denied", 403, "forbidden"),
        ("too-big", 413, "too-large"),
        ("defect", 500, "server-error"),
    ],
)
def test_each_failure_has_its_status_and_type(how: str, status: int, code: str) -> None:
    answer, body = _get(how)
    assert (answer.status_code, body["type"]) == (status, f"/problems/{code}")
    assert set(body) >= MEMBERS


def test_field_errors_are_pointers() -> None:
    assert _get("invalid")[1]["errors"] == [{"pointer": "/files/a.py", "message": "Too long."}]


def test_extra_members_go_along() -> None:
    assert _get("conflict")[1]["current"] == {"revision": 3}


@pytest.mark.parametrize(("how", "seconds"), [("busy", "7"), ("throttled", "4")])
def test_too_many_requests_say_when_to_come_back(how: str, seconds: str) -> None:
    assert _get(how)[0]["Retry-After"] == seconds


@pytest.mark.parametrize("how", ["missing", "denied", "defect"])
def test_internals_stay_inside(how: str) -> None:
    content = _get(how)[0].content.decode()
    assert "row 7" not in content
    assert "secret" not in content
    assert "hunter2" not in content
    assert "ZeroDivision" not in content


def test_a_defect_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        _get("defect")
    events = [record.msg for record in caplog.records if record.name == "studio.problems"]
    assert [(event["event"], event["exc_info"]) for event in events if isinstance(event, dict)] == [
        ("request_failed", FAILURES["defect"])
    ]


def test_log_lines_of_a_defect_show_no_local_variables(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        _get("defect")
    ours = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    lines = "".join(ours[0].format(record) for record in caplog.records)
    assert "ZeroDivisionError" in lines
    assert "locals" not in lines


def test_serializer_errors_become_pointers() -> None:
    answer = APIClient().post(
        "/api/v1/failing/body", {"name": "far too long", "tags": [1, "x"]}, format="json"
    )
    body = answer.json()
    assert (answer.status_code, body["type"]) == (400, "/problems/invalid")
    assert body["errors"] == [
        {"pointer": "/name", "message": "Ensure this field has no more than 5 characters."},
        {"pointer": "/tags/1", "message": "A valid integer is required."},
    ]
    assert body["detail"] == "/name: Ensure this field has no more than 5 characters. (2 problems)"


@pytest.mark.parametrize("value", [[], "x", 3, None])
def test_a_body_of_the_wrong_type_is_named(value: object) -> None:
    answer = APIClient().post("/api/v1/failing/body", json.dumps(value), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"] != []


def test_wrong_methods_and_formats_are_problems(api: APIClient) -> None:
    answer = api.put("/api/v1/echo", {}, format="json")
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"
    answer = api.get("/api/v1/echo", HTTP_ACCEPT="text/csv")
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/not-acceptable")


def test_problem_response_serves_plain_views() -> None:
    request = RequestFactory().get("/somewhere")
    request.request_id = "r-1"  # type: ignore[attr-defined]  # the middleware sets it
    answer = problems.problem_response(
        Conflict("Moved on.", errors=[FieldError("/revision", "Old.")], extra={"current": 1}), request
    )
    assert json.loads(answer.content) == {
        "type": "/problems/conflict",
        "title": "Somebody was faster",
        "status": 409,
        "detail": "Moved on.",
        "instance": "/somewhere",
        "request_id": "r-1",
        "errors": [{"pointer": "/revision", "message": "Old."}],
        "current": 1,
    }


def test_problem_response_carries_the_headers_of_its_status() -> None:
    request = RequestFactory().get("/somewhere")
    assert problems.problem_response(Busy("Full.", retry_after_seconds=0), request)["Retry-After"] == "1"
    challenge = problems.problem_response(Unauthenticated("Who?"), request)["WWW-Authenticate"]
    assert challenge == 'Bearer realm="sandloft"'
    assert not problems.problem_response(Invalid("No."), request).has_header("Retry-After")
