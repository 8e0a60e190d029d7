"""JSON bodies: what is read, what is refused, and that each refusal names its reason."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from workspaces import parsers
from workspaces.exceptions import Invalid

ECHO = "/api/v1/echo"
JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' [1, -2.5e3, "x", null, true] ', [1, -2500.0, "x", None, True]),
        (b'"\\ud800"', "\ud800"),
        (b'"\\u0000"', "\0"),
        (b'{"a": {"b": 1}, "c": {"b": 2}}', {"a": {"b": 1}, "c": {"b": 2}}),
        (b"9" * 4300, int("9" * 4300)),
        (b"[" * 64 + b"]" * 64, json.loads("[" * 64 + "]" * 64)),
        ('"\u00e4\U0001f600"'.encode(), "\u00e4\U0001f600"),
    ],
)
def test_json_is_read(body: bytes, value: Any) -> None:
    assert parsers.loads(body) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "line 1, column 2"),
        (b"{'a': 1}", "not JSON"),
        (b"{} {}", "Extra data"),
        (b"NaN", "NaN is no number"),
        (b"[Infinity]", "Infinity is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b"1e999", "too large"),
        (b"[-1e400]", "too large"),
        (b'{"a": 1, "a": 1}', "'a' occurs twice"),
        (b'{"x": [{"b": 1, "c": 2, "b": 3}]}', "'b' occurs twice"),
        (b'{"a": 1, "\\u0061": 2}', "'a' occurs twice"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
        (b"[" * 200_000 + b"]" * 200_000, "deeper than 64"),
        (b"[" * 200_000, "deeper than 64"),
        (b"9" * 4301, "too many digits"),
        (b"-" + b"9" * 100_000, "too many digits"),
        (b'"\xff"', "not UTF-8: byte 1"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'"a\nb"', "control character"),
        (b'{"a": 01}', "not JSON"),
    ],
)
def test_anything_else_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parsers.loads(body)
    assert reason in refusal.value.detail
    assert len(refusal.value.detail) < 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_what_json_can_say_comes_back(value: Any) -> None:
    assert parsers.loads(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    with suppress(Invalid):
        parsers.loads(body)


# --- Over HTTP ------------------------------------------------------------------------------------

pytestmark = pytest.mark.urls("tests.workspaces.api_urls")


@pytest.mark.parametrize("body", [b"NaN", b'{"a": 1, "a": 2}', b"[" * 100_000, b'"\xff"', b"9" * 5000])
def test_a_bad_body_is_a_400_problem(api: APIClient, body: bytes) -> None:
    answer = api.post(ECHO, body, content_type=JSON)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_ten_megabytes_are_read(api: APIClient) -> None:
    text = "x" * 10_000_000
    answer = api.post(ECHO, json.dumps([text]).encode(), content_type=JSON)
    assert (answer.status_code, answer.json()) == (200, [text])


def test_more_than_the_limit_is_413(api: APIClient) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        assert api.post(ECHO, b'"' + b"x" * 998 + b'"', content_type=JSON).status_code == 200
        answer = api.post(ECHO, b'"' + b"x" * 999 + b'"', content_type=JSON)
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/too-large"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"]
)
def test_other_formats_are_415(api: APIClient, kind: str) -> None:
    answer = api.post(ECHO, b'{"a": 1}', content_type=kind)
    assert (answer.status_code, answer["Content-Type"]) == (415, "application/problem+json")


def test_no_body_is_no_data(api: APIClient) -> None:
    answer = api.post(ECHO)
    assert (answer.status_code, answer.json()) == (200, {})


def test_surrogates_go_there_and_back(api: APIClient) -> None:
    answer = api.post(ECHO, b'{"a": "\\ud800\\u0000"}', content_type=JSON)
    assert (answer.status_code, json.loads(answer.content)) == (200, {"a": "\ud800\0"})
