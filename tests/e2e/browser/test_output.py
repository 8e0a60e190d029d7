"""Output is data: whatever a program prints, the page shows it and stays itself."""

from __future__ import annotations

import time

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import Agents
from tests.e2e.browser.desk import BROWSER, Desk, shown, stored

pytestmark = BROWSER

MARKUP = "<script>document.title='taken over'</script><img src=x onerror=\"document.title='taken over'\">"
ODD = f"""
print({MARKUP!r})
print("\\x1b[31mred\\x1b[0m plain \\x1b[1;32mgreen\\x1b[0m")
print("nul[\\0] bell[\\a]")
print("right \\u202e to left, 🦀, é, \\u0645\\u0631\\u062d\\u0628\\u0627")
print("half", end="\\r")
print("whole line")
print("x" * 100_000)
print("", end="")
print()
print("tab\\there")
"""
MANY = 20_000
FLOOD = f"for n in range({MANY}):\n    print('line', n)"


def test_markup_colours_and_odd_characters(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents(ODD))
    desk.run()
    desk.finish()
    rows = shown(desk.console)
    assert rows[0] == MARKUP
    assert rows[1] == "red plain green"
    assert desk.console.locator("li.out").nth(1).locator(".a-red").text_content() == "red"
    assert rows[2].startswith("nul[") and "bell[" in rows[2]
    assert rows[3] == "right \u202e to left, 🦀, é, \u0645\u0631\u062d\u0628\u0627"
    assert rows[4] == "whole line"
    assert "".join(rows[5:-2]) == "x" * 100_000
    assert rows[-2:] == ["", "tab\there"]
    assert page.title() != "taken over"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_twenty_thousand_lines_leave_the_page_usable(
    page: Page, desk: Desk, agents: Agents, api: httpx.Client
) -> None:
    desk.open(agents(FLOOD))
    execution = desk.run()
    worst = 0.0
    for _ in range(200):
        began = time.monotonic()
        ended = page.evaluate(
            "new Promise(go => requestAnimationFrame(() => go(!!document.querySelector('.console li.end'))))"
        )
        worst = max(worst, time.monotonic() - began)
        if ended:
            break
    desk.finish()
    assert worst < 2, f"the page did not answer for {worst:.1f} s"
    rows = shown(desk.console)
    assert len(rows) <= 5_200
    lines = stored(api, execution)
    assert len(lines) == MANY
    assert rows == lines[-len(rows) :]
    expect(desk.console.locator(".dropped")).to_contain_text("earlier lines are not shown")
    page.get_by_label("Search output").fill("line 19999")
    expect(page.locator("[data-hits]")).to_have_text("1 of 1")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download output").click()
    assert download.value.path().read_text().splitlines() == lines


def test_streams_can_be_told_apart(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("import sys\nprint('fine')\nprint('trouble', file=sys.stderr)"))
    desk.run()
    desk.finish()
    assert (shown(desk.console), shown(desk.console, "err")) == (["fine"], ["trouble"])
    page.locator(".console-box").get_by_role("button", name="stderr").click()
    expect(desk.console.locator("li.out")).to_be_hidden()
    expect(desk.console.locator("li.err")).to_be_visible()


def test_reading_back_stops_following(page: Page, desk: Desk, agents: Agents) -> None:
    code = "import time\nfor n in range(300):\n    print('line', n, flush=True)\n    time.sleep(0.01)"
    desk.open(agents(code))
    desk.run()
    expect(desk.console.locator("li.out").nth(60)).to_be_attached()
    desk.console.hover()
    page.mouse.wheel(0, -600)
    expect(page.get_by_role("button", name="Follow the newest line")).to_have_attribute(
        "aria-pressed", "false"
    )
    where = desk.console.evaluate("log => log.scrollTop")
    desk.finish()
    assert abs(desk.console.evaluate("log => log.scrollTop") - where) < 5
    page.get_by_role("button", name="Newest line", exact=True).click()
    assert desk.console.evaluate("log => log.scrollHeight - log.scrollTop - log.clientHeight") < 5
