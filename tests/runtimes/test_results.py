from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.sandbox.results import Frame, parse_file, parse_frame


def test_a_frame_with_a_result() -> None:
    assert parse_frame(b'{"result": [1, "\xc3\xa9"]}\n') == Frame(has_result=True, result=[1, "é"])


def test_only_the_first_frame_counts() -> None:
    assert parse_frame(b'{"result": 1}\n{"result": 2}\n').result == 1


def test_nothing_is_no_result() -> None:
    assert parse_frame(b"") == Frame()


@pytest.mark.parametrize(
    "content",
    [
        b'{"result": 1}',
        b"\n",
        b"[]\n",
        b"5\n",
        b"\xff\n",
        b"{\n",
        b'{"result": NaN}\n',
        b'{"result": 1e999}\n',
        b'{"result": ' + b"9" * 5000 + b"}\n",
        b'{"result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
        b'{"result": ' + b"[" * 300 + b"]" * 300 + b"}\n",
    ],
)
def test_nonsense_is_an_invalid_result_and_never_an_error(content: bytes) -> None:
    frame = parse_frame(content)
    assert not frame.has_result
    assert frame.invalid


def test_an_error_is_taken_field_by_field() -> None:
    frame = parse_frame(b'{"error": {"type": "ValueError", "message": 5, "file": "a.py", "line": true}}\n')
    assert frame.error is not None
    assert (frame.error.type, frame.error.message, frame.error.file, frame.error.line) == (
        "ValueError",
        "",
        "a.py",
        None,
    )


@given(st.binary(max_size=200))
def test_anything_at_all_can_be_parsed(content: bytes) -> None:
    parse_frame(content)
    parse_frame(b"{" + content + b"}\n")
    parse_file(content, 100)


def test_a_result_file() -> None:
    assert parse_file(b' {"a": 1}\n', 100) == Frame(has_result=True, result={"a": 1})
    assert parse_file(b" \n", 100) == Frame()
    assert parse_file(b"hello", 100).invalid is not None
    assert "result_bytes" in (parse_file(b"1" * 101, 100).invalid or "")
