"""The run console: colours, lines, limits, filters and search."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PARSE = """
async lines => {
  const { parse, plainState } = await import("/static/js/ansi.js");
  const state = plainState();
  return lines.map(line => parse(line, state).map(run => [run.text, run.classes]));
}
"""
OPEN = """
async html => {
  const { RunConsole } = await import("/static/js/console.js");
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const box = document.adoptNode(parsed.querySelector("[data-console]"));
  document.querySelector("main").replaceChildren(box);
  window.log = new RunConsole(box, { name: () => "test" });
  window.feed = events => {
    const ts = "2026-01-01T10:00:00.5Z";
    log.add(events.map(([kind, data], index) => ({ kind, data, seq: index + 1, ts })));
    log.flush();
    return [...box.querySelectorAll(".console li > span")].map(line => line.textContent);
  };
}
"""


@pytest.fixture
def console(page: Page) -> Page:
    page.evaluate(OPEN, render_to_string("components/_console.html"))
    return page


def _feed(page: Page, *events: tuple[str, dict[str, Any]]) -> list[str]:
    lines: list[str] = page.evaluate("events => feed(events)", list(events))
    return lines


def _out(text: str) -> tuple[str, dict[str, Any]]:
    return "stdout", {"text": text}


# --- ANSI -----------------------------------------------------------------------------------------


def test_colours_become_classes_and_last_over_lines(page: Page) -> None:
    found = page.evaluate(PARSE, ["a\x1b[31mb\x1b[1mc", "d\x1b[0me"])
    assert found == [[["a", ""], ["b", "a-red"], ["c", "a-red a-bold"]], [["d", "a-red a-bold"], ["e", ""]]]


@pytest.mark.parametrize(
    ("code", "classes"),
    [
        ("38;5;196", "a-red"),
        ("38;5;240", "a-dim"),
        ("38;2;10;200;10", "a-grn"),
        ("48;5;21", "a-bg-blu"),
        ("97;44", "a-wht a-bg-blu"),
        ("90", "a-dim"),
        ("3;4;7", "a-italic a-underline a-inverse"),
        ("38;5", "a-blk"),
        ("999", ""),
    ],
)
def test_colour_codes(page: Page, code: str, classes: str) -> None:
    assert page.evaluate(PARSE, [f"\x1b[{code}mx"]) == [[["x", classes]]]


def test_other_sequences_and_control_characters_are_dropped(page: Page) -> None:
    line = "\x1b]0;title\x07a\x1b[2Kb\x1b[10;20Hc\x00\x08d\x1b(Be\x1b]8;;http://x\x1b\\f"
    (runs,) = page.evaluate(PARSE, [line])
    assert "".join(text for text, _ in runs) == "abcdef"
    assert {classes for _, classes in runs} == {""}


def test_a_sequence_cut_in_two_is_put_together(console: Page) -> None:
    _feed(console, _out("a\x1b[3"), _out("1mred\n"))
    assert console.locator(".console .a-red").all_inner_texts() == ["red"]


# --- Lines ----------------------------------------------------------------------------------------


def test_pieces_of_a_line_are_one_row(console: Page) -> None:
    assert _feed(console, _out("one "), _out("two\nthr"), _out("ee\n\nlast")) == [
        "one two",
        "three",
        "",
        "last",
    ]


def test_streams_do_not_mix_inside_a_line(console: Page) -> None:
    assert _feed(console, _out("out "), ("stderr", {"text": "err\n"}), _out("more\n")) == ["out more", "err"]


def test_a_carriage_return_begins_the_line_anew(console: Page) -> None:
    assert _feed(console, _out("10 %\r50 %\r"), _out("100 %\r\nnext\n")) == ["100 %", "next"]


def test_markup_stays_text(console: Page) -> None:
    assert _feed(console, _out("<img src=x onerror=alert(1)>\n")) == ["<img src=x onerror=alert(1)>"]
    assert console.locator(".console img").count() == 0


def test_at_most_five_thousand_rows_and_the_whole_text(console: Page) -> None:
    text = "".join(f"{n}\n" for n in range(12_000))
    assert len(_feed(console, _out(text))) <= 5_200
    assert "earlier lines are not shown" in console.locator(".dropped").inner_text()
    assert console.evaluate("log.text()") == text


def test_a_line_without_end_is_broken_up(console: Page) -> None:
    lines = _feed(console, *[_out("x" * 10_000) for _ in range(10)])
    assert "".join(lines) == "x" * 100_000
    assert max(map(len, lines)) <= 16_384


def test_the_end_says_how_it_went(console: Page) -> None:
    end = {
        "status": "timed_out",
        "exit_code": 137,
        "timings": {"total_ms": 30_012},
        "usage": {"peak_memory_bytes": 2**26},
    }
    assert _feed(console, ("end", end)) == ["timed out in 30.0 s · exit 137 · peak 64 MiB"]


def test_an_error_names_its_place(console: Page) -> None:
    error = {"type": "KeyError", "message": "'k'", "traceback": "…", "file": "a.py", "line": 3, "limit": None}
    assert _feed(console, ("error", error)) == ["KeyError: 'k' a.py:3"]


# --- Toolbar --------------------------------------------------------------------------------------


def test_stream_filter(console: Page) -> None:
    console.add_style_tag(path="static/css/data.css")
    _feed(console, _out("out\n"), ("stderr", {"text": "err\n"}))
    assert console.locator("[data-errors]").inner_text() == "1"
    console.click('[data-stream="stderr"]')
    assert [row.is_visible() for row in console.locator(".console li").all()] == [False, True]


def test_search_counts_rows_and_moves(console: Page) -> None:
    _feed(console, _out("apple\nbanana\n\x1b[31mPine\x1b[0mapple\n"))
    console.fill(".search input", "APPLE")
    assert console.locator("[data-hits]").inner_text() == "1 of 2"
    console.keyboard.press("Enter")
    assert console.locator("[data-hits]").inner_text() == "2 of 2"
    assert console.locator(".console .current").inner_text().endswith("Pineapple")
    console.fill(".search input", "cherry")
    assert console.locator("[data-hits]").inner_text() == "none"


def test_timestamps_and_wrap_are_remembered(console: Page) -> None:
    console.click('[data-toggle="times"]')
    console.evaluate(OPEN, render_to_string("components/_console.html"))
    assert console.locator('[data-toggle="times"]').get_attribute("aria-pressed") == "false"
    assert console.locator('[data-toggle="wrap"]').get_attribute("aria-pressed") == "true"


def test_a_lost_connection_is_said_and_taken_back(console: Page) -> None:
    console.evaluate("log.connection('lost', { retryMs: 4000, last: 164 })")
    line = console.locator("[data-lost]")
    assert (
        line.inner_text()
        .strip()
        .startswith("Connection lost. The run goes on; lines are caught up from 164. Next try in 4 s.")
    )
    console.evaluate("log.connection('live')")
    assert not line.is_visible()
