"""Pure parts of the modules: paths, input, tables, numbers, phases."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def _call(page: Page, module: str, function: str, *arguments: Any) -> Any:
    script = "async ([module, name, given]) => (await import(`/static/js/${module}.js`))[name](...given)"
    return page.evaluate(script, [module, function, list(arguments)])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("a.py", True),
        ("dir/deep/ü b.txt", True),
        ("", False),
        ("/etc/passwd", False),
        ("../x", False),
        ("a/../b", False),
        ("a//b", False),
        ("a\\b", False),
        ("a\0b", False),
        ("taken.py", False),
        ("taken.py/inside", False),
        ("folder", False),
        ("x" * 256, False),
    ],
)
def test_paths(page: Page, path: str, allowed: bool) -> None:
    problem = _call(page, "studio/files", "pathProblem", path, ["taken.py", "folder/a.py"])
    assert (problem == "") is allowed


def test_tree_has_folders_first(page: Page) -> None:
    nodes = _call(page, "studio/files", "treeOf", ["b.py", "a/z.py", "a/b/c.py", "A.md"], ["empty"])
    assert [node["path"] for node in nodes] == ["a", "empty", "A.md", "b.py"]
    assert [node["path"] for node in nodes[0]["children"]] == ["a/b", "a/z.py"]


@pytest.mark.parametrize(
    ("text", "value"), [("", None), ("  ", None), ("null", None), ('{"a": [1]}', {"a": [1]}), ('"x"', "x")]
)
def test_input_that_is_json(page: Page, text: str, value: Any) -> None:
    assert _call(page, "studio/input", "parseInput", text) == {"value": value, "error": ""}


def test_input_that_is_not_says_where(page: Page) -> None:
    found = _call(page, "studio/input", "parseInput", '{\n  "a": 1,\n}')
    assert found["error"].startswith("Line 3, column 1: ")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"a": }', "Line 1, column 7: “}” is not expected here"),
        ("[1, 2", "Line 1, column 6: the text ends too early"),
        ('{"a": 1,\n "b" 2}', "Line 2, column 6: “2” is not expected here"),
        ("[1,]", "Line 1, column 4: “]” is not expected here"),
        ("01", "Line 1, column 2: “1” is not expected here"),
        ('["\\x"]', 'Line 1, column 2: “"” is not expected here'),
        ("🦀", "Line 1, column 1: “🦀” is not expected here"),
    ],
)
def test_where_json_breaks(page: Page, text: str, error: str) -> None:
    assert _call(page, "studio/input", "parseInput", text)["error"] == error


@pytest.mark.parametrize("text", ["{", "[1, 2", "NaN", "{'a': 1}", "1 2", "\x00"])
def test_input_that_is_not_json_is_an_error(page: Page, text: str) -> None:
    assert _call(page, "studio/input", "parseInput", text)["error"] != ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a  b", ["a", "b"]),
        ("'a b' \"c d\" e\\ f", ["a b", "c d", "e f"]),
        ("--x='1 2'3", ["--x=1 23"]),
        ('"a\\"b"', ['a"b']),
        ("'' x", ["", "x"]),
    ],
)
def test_arguments(page: Page, text: str, words: list[str]) -> None:
    assert _call(page, "studio/input", "splitArguments", text) == words


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ('a,b\r\n"x, ""y""",2', [["a", "b"], ['x, "y"', "2"]]),
        ("a;b\n1;2,5", [["a", "b"], ["1", "2,5"]]),
        ("a\tb\n", [["a", "b"]]),
        ("", []),
    ],
)
def test_tables(page: Page, text: str, rows: list[list[str]]) -> None:
    assert _call(page, "artifacts", "parseCsv", text) == rows


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 ms"),
        (0.44, "0.4 ms"),
        (9.96, "10 ms"),
        (1398.2, "1,398 ms"),
        (30_012, "30.0 s"),
        (600_000, "10 min"),
    ],
)
def test_durations(page: Page, ms: float, text: str) -> None:
    assert _call(page, "format", "duration", ms) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (77_594_624, "74 MiB"), (5_000_000_000, "4.7 GiB")],
)
def test_sizes(page: Page, count: int, text: str) -> None:
    assert _call(page, "format", "bytes", count) == text


def test_phases_fill_the_bar_and_none_is_invisible(page: Page) -> None:
    script = """
    async timings => {
      const { draw } = await import("/static/js/phases.js");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      draw(svg, timings);
      return [...svg.children].map(part => [part.getAttribute("class"), Number(part.getAttribute("width"))]);
    }"""
    parts = page.evaluate(script, {"queue_ms": 0.4, "setup_ms": 8.7, "run_ms": 1393, "collect_ms": 0})
    assert [css for css, _ in parts] == ["q", "st", "r"]
    assert min(width for _, width in parts) >= 6
    assert round(sum(width for _, width in parts) + 3 * 2) == 1000
    assert page.evaluate(script, {}) == []


def test_large_json_is_drawn_in_portions(page: Page) -> None:
    script = """
    async () => {
      const { show } = await import("/static/js/json-tree.js");
      const box = document.querySelector("main");
      show(box, Array.from({ length: 1000 }, (_, n) => ({ n })));
      const before = box.querySelectorAll("summary").length;
      box.querySelector("details").open = true;
      await new Promise(resolve => setTimeout(resolve));
      const shown = box.querySelectorAll("details > details").length;
      return [before, shown, box.querySelector(".more").textContent];
    }"""
    assert page.evaluate(script) == [1, 200, "800 more entries"]


def test_json_shows_markup_as_text(page: Page) -> None:
    script = """
    async () => {
      const { show } = await import("/static/js/json-tree.js");
      const box = document.querySelector("main");
      show(box, { "<b>key</b>": "<img src=x>" });
      return [box.querySelectorAll("b, img").length, box.querySelector(".leaf").textContent];
    }"""
    assert page.evaluate(script) == [0, '"<b>key</b>": "<img src=x>"']
