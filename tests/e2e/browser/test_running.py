"""Write, run, watch, stop, and look at what came out."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import Agents, Elsewhere
from tests.e2e.browser.desk import BROWSER, RUN_MS, Desk, Faults, shown, stored

pytestmark = BROWSER

STARTERS = {
    "python": "SVG chart",
    "javascript": "JSON reshaper",
    "typescript": "Invoice totals",
    "bash": "Log analysis",
}
SLOW = "import time\nprint('first', flush=True)\ntime.sleep({seconds})\nprint('last')"
ARTIFACTS = """
from pathlib import Path
out = Path("out")
out.mkdir(exist_ok=True)
svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
(out / "a.svg").write_text(svg)
(out / "b.html").write_text('''<!doctype html><p id="said">still</p><script>
document.getElementById("said").textContent = "script ran";
parent.document.title = "taken over";
</script><img src="ELSEWHERE/pixel.png">
<form method="post" action="/sign-out/"><button>Win</button></form>''')
(out / "c.csv").write_text('name,amount\\n"Doe, Jane",3\\n')
(out / "d.bin").write_bytes(b"\\0\\1\\2")
result = {"made": 4, "nested": {"deep": [1, 2, None, True]}}
"""


@pytest.mark.parametrize("language", list(STARTERS))
def test_from_a_starter_to_a_result(page: Page, desk: Desk, api: httpx.Client, language: str) -> None:
    page.goto("/w/default/agents/new/")
    page.get_by_role("button", name=STARTERS[language]).click()
    desk.ready()
    expect(page.get_by_label("Language", exact=True)).to_have_value(language)
    execution = desk.run()
    desk.finish()
    assert shown(desk.console) == [_plain(line) for line in stored(api, execution)]
    desk.tab("Result")
    expect(page.locator("#result-tree")).not_to_contain_text("appears here")
    body = api.get(f"/api/v1/executions/{execution}").json()
    assert (body["status"], body["language"], body["has_result"]) == ("succeeded", language, True)


@pytest.mark.parametrize("place", [".monaco-editor .view-lines", "#input", "[data-tree]", "body"])
def test_ctrl_enter_runs_from_everywhere(page: Page, desk: Desk, agents: Agents, place: str) -> None:
    desk.open(agents("print('ran')"))
    if place != "body":
        page.locator(place).first.click()
    desk.run()
    desk.finish()
    assert shown(desk.console) == ["ran"]


def test_lines_appear_while_the_program_runs(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents(SLOW.format(seconds=1.5)))
    desk.run()
    expect(desk.console.locator("li.out")).to_have_text([re.compile("first")], timeout=RUN_MS)
    expect(desk.stop_button).to_be_visible()
    expect(desk.console.locator("li.end")).to_have_count(0)
    desk.finish()
    assert shown(desk.console) == ["first", "last"]


@pytest.mark.parametrize("how", ["button", "key"])
def test_stop_ends_the_run_and_says_who(page: Page, desk: Desk, agents: Agents, how: str) -> None:
    desk.open(agents(SLOW.format(seconds=60)))
    execution = desk.run()
    expect(desk.console.locator("li.out")).to_have_count(1, timeout=RUN_MS)
    if how == "button":
        desk.stop_button.click()
    else:
        page.keyboard.press("Control+.")
    desk.finish("Cancelled")
    expect(page.get_by_role("button", name="Run", exact=False).first).to_be_visible()
    page.goto(f"/w/default/executions/{execution}/")
    expect(page.locator("#part-summary")).to_contain_text("Cancelled")
    expect(page.locator("main")).to_contain_text("Cancelled by owner@localhost")


def test_a_failure_names_its_line_and_goes_there(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print('before')\n\nraise ValueError('no such luck')\n"))
    desk.run()
    desk.finish("Failed")
    expect(desk.console.locator("li.err").first).to_be_visible()
    desk.console.get_by_role("button", name="main.py:3").click()
    expect(page.locator("[data-cursor]")).to_have_text("Ln 3, Col 1")
    expect(page.locator(".squiggly-error").first).to_be_visible()


def test_artifacts_are_shown_and_cannot_reach_the_page(
    page: Page, desk: Desk, agents: Agents, faults: Faults, elsewhere: Elsewhere
) -> None:
    faults.allow("Blocked (script execution|form submission)")
    faults.allow(f"violates the following Content Security Policy|external request: {elsewhere.base_url}")
    desk.open(agents(ARTIFACTS.replace("ELSEWHERE", elsewhere.base_url)))
    desk.run()
    desk.finish()
    desk.tab("Artifacts")
    image = page.locator("img.preview-image")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40
    page.locator("summary", has_text="b.html").click()
    frame = page.frame_locator("iframe.preview-frame")
    expect(frame.locator("#said")).to_have_text("still")
    assert page.frames[-1].evaluate("self.origin") == "null"
    page.locator("summary", has_text="c.csv").click()
    expect(page.locator(".preview-table td")).to_have_text(["Doe, Jane", "3"])
    page.locator("summary", has_text="d.bin").click()
    expect(page.get_by_text("No preview for this kind of file.")).to_be_visible()
    frame.get_by_role("button", name="Win").click()
    with page.expect_download() as download:
        page.get_by_label("Download d.bin").click()
    assert download.value.path().read_bytes() == b"\0\1\2"
    assert (page.title().startswith("Agent"), elsewhere.asked) == (True, [])
    page.goto("/")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_the_other_host_would_notice(elsewhere: Elsewhere) -> None:
    """So that the test above could fail."""
    httpx.get(f"{elsewhere.base_url}/pixel.png")
    assert elsewhere.asked == ["/pixel.png"]


def test_html_opened_by_its_address_is_a_download(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents(ARTIFACTS))
    execution = desk.run()
    desk.finish()
    address = f"/api/v1/executions/{execution}/artifacts/b.html?preview=1"
    with page.expect_download() as download:
        page.evaluate("address => { location.href = address; }", address)
    assert download.value.suggested_filename == "b.html"


def test_the_result_is_a_tree_and_text(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents(ARTIFACTS))
    desk.run()
    desk.finish()
    desk.tab("Result")
    expect(page.locator("#result-tree")).to_contain_text("nested")
    page.locator("#p-result").get_by_role("button", name="Text").click()
    text = page.locator("#result-text").text_content()
    assert text == json.dumps({"made": 4, "nested": {"deep": [1, 2, None, True]}}, indent=2)


def test_input_arguments_stdin_and_variables_reach_the_program(
    page: Page, desk: Desk, agents: Agents
) -> None:
    code = "import os, sys\nprint(who, sys.argv[1:], sys.stdin.read(), os.environ['GREETING'])"
    desk.open(agents(code, env=["GREETING"]))
    page.locator("#input").fill('{"who": "Zoë"}')
    page.get_by_text("Arguments and standard input").click()
    page.get_by_label("Arguments", exact=True).fill("one 'two three'")
    page.get_by_label("Standard input", exact=True).fill("from stdin")
    page.locator("[data-env] input").last.fill("hello")
    desk.run()
    desk.finish()
    assert shown(desk.console) == ["Zoë ['one', 'two three'] from stdin hello"]


def test_input_that_is_not_json_starts_nothing(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print(1)"))
    page.locator("#input").fill('{"a": }')
    page.keyboard.press("Control+Enter")
    desk.toast("The input is not valid JSON")
    expect(page.locator("#input-error")).to_contain_text("Line 1, column")
    expect(page.locator("#input")).to_be_focused()
    expect(page.locator("[data-run-link]")).to_be_hidden()


def test_runs_are_found_again_in_the_history(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print('again')\nresult = 5", name="Found again"))
    execution = desk.run()
    desk.finish()
    desk.tab("History")
    row = page.locator("[data-history] tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Succeeded")
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile(execution))
    expect(page.locator(".console li.out")).to_have_text([re.compile("again")])
    expect(page.locator("#part-result")).to_contain_text("5")
    page.get_by_role("button", name="Exactly as it was").click()
    expect(page).not_to_have_url(re.compile(execution))
    expect(page.locator("#part-summary")).to_contain_text("Succeeded", timeout=RUN_MS)


def _plain(line: str) -> str:
    """A line without what only changes its looks."""
    return re.sub(r"\x1b\[[0-9;]*m", "", line)
