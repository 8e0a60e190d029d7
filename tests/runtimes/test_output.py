from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.sandbox.output import Reader, parse_progress
from runtimes.types import Output, Progress, Stream


def read(*chunks: bytes, stream: Stream = Stream.STDOUT) -> list[Output | Progress]:
    reader = Reader(stream)
    seen = [event for chunk in chunks for event in reader.feed(chunk)]
    return [*seen, *reader.feed(b"", final=True)]


def text(events: list[Output | Progress]) -> str:
    return "".join(one.text for one in events if isinstance(one, Output))


def progress(events: list[Output | Progress]) -> list[tuple[float, str]]:
    return [(one.percent, one.message) for one in events if isinstance(one, Progress)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("::progress 40 half way", (40, "half way")),
        ("::progress 40", (40, "")),
        ("::progress 40%  x ", (40, "x")),
        ("::progress 150 over", (100, "over")),
        ("::progress -5 under", (0, "under")),
        ("::progress 33.3 é", (33.3, "é")),
        ("::progress 1e2 all\r", (100, "all")),
        ("::progress 1e300 huge", (100, "huge")),
    ],
)
def test_progress_lines(line: str, expected: tuple[float, str]) -> None:
    found = parse_progress(line)
    assert found is not None
    assert (found.percent, found.message) == expected


@pytest.mark.parametrize(
    "line",
    [
        "::progress",
        "::progress x",
        "::progress nan",
        "::progress inf y",
        " ::progress 1",
        "::progress 1x",
        "",
    ],
)
def test_what_is_not_progress_stays_output(line: str) -> None:
    assert parse_progress(line) is None
    events = read(f"{line}\n".encode())
    assert (text(events), progress(events)) == (f"{line}\n", [])


def test_progress_between_lines_is_taken_out() -> None:
    events = read(b"a\n::progress 1 x\nb\n::progress 2\n::progress bad\n")
    assert text(events) == "a\nb\n::progress bad\n"
    assert progress(events) == [(1, "x"), (2, "")]


def test_progress_is_looked_for_on_stdout_only() -> None:
    events = read(b"::progress 1\n", stream=Stream.STDERR)
    assert text(events) == "::progress 1\n"


def test_only_what_may_become_progress_is_held_back() -> None:
    reader = Reader(Stream.STDOUT)
    assert text(list(reader.feed(b"half a line"))) == "half a line"
    assert text(list(reader.feed(b"\n::pro"))) == "\n"
    assert text(list(reader.feed(b"x"))) == "::prox"


def test_a_character_is_never_split() -> None:
    assert [one.text for one in read(b"\xe2\x82", b"\xac!") if isinstance(one, Output)] == ["€!"]


def test_nuls_stay_and_rubbish_is_replaced() -> None:
    assert text(read(b"a\0b\xff\xfe")) == "a\0b\ufffd\ufffd"


@given(
    st.lists(
        st.binary(max_size=12) | st.sampled_from([b"::progress ", b"5", b" m", b"\n", b"::"]), max_size=20
    )
)
def test_nothing_depends_on_where_the_chunks_end(chunks: list[bytes]) -> None:
    whole = read(b"".join(chunks))
    parts = read(*chunks)
    assert (text(parts), progress(parts)) == (text(whole), progress(whole))


def test_a_million_short_lines_take_linear_time() -> None:
    assert len(text(read(*[b":x\n" * 1000] * 300))) == 900_000
