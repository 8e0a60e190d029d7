"""Whatever happens to the connection: no line is lost and none is shown twice."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import Agents, Windows
from tests.e2e.browser.desk import BROWSER, RUN_MS, Desk, Faults, shown, stored
from tests.e2e.browser.wire import Wire

pytestmark = BROWSER

LINES = 120
STREAM = f"import time\nfor n in range({LINES}):\n    print('line', n, flush=True)\n    time.sleep(0.02)"
WHOLE = [f"line {n}" for n in range(LINES)]


@pytest.fixture
def behind(windows: Windows, wire: Wire, faults: Faults) -> tuple[Desk, Wire]:
    """A desk whose network can fail."""
    faults.allow("WebSocket connection to|Failed to load resource|EventSource")
    return Desk(windows(base_url=wire.base_url).new_page()), wire


def _reach(desk: Desk, line: int) -> None:
    expect(desk.console.locator("li.out").nth(line)).to_be_attached(timeout=RUN_MS)


def test_a_reload_in_the_middle_shows_every_line_once(
    page: Page, desk: Desk, agents: Agents, api: httpx.Client
) -> None:
    desk.open(agents(STREAM))
    execution = desk.run()
    _reach(desk, 20)
    page.reload()
    desk.ready()
    desk.finish()
    assert desk.execution == execution
    assert shown(desk.console) == stored(api, execution) == WHOLE


def test_another_window_shows_the_same_run(page: Page, desk: Desk, agents: Agents, api: httpx.Client) -> None:
    desk.open(agents(STREAM))
    execution = desk.run()
    other = page.context.new_page()
    other.goto(f"/w/default/executions/{execution}/")
    expect(other.locator(".console li.end")).to_be_visible(timeout=RUN_MS)
    assert shown(other.locator(".console")) == stored(api, execution) == WHOLE
    expect(other.locator("#part-summary")).to_contain_text("Succeeded")


def test_connections_that_break_lose_and_repeat_nothing(
    behind: tuple[Desk, Wire], agents: Agents, api: httpx.Client
) -> None:
    desk, wire = behind
    desk.open(agents(STREAM))
    execution = desk.run()
    for line in (15, 50):
        _reach(desk, line)
        wire.cut()
    desk.finish()
    assert shown(desk.console) == stored(api, execution) == WHOLE
    assert sum("/ws/" in path for path in wire.asked) >= 3


def test_a_network_that_is_gone_for_a_while(
    behind: tuple[Desk, Wire], agents: Agents, api: httpx.Client
) -> None:
    desk, wire = behind
    desk.open(agents(STREAM))
    execution = desk.run()
    _reach(desk, 10)
    wire.refused.add("/")
    wire.cut()
    expect(desk.page.locator("[data-lost]")).to_contain_text("Connection lost. The run goes on")
    wire.refused.clear()
    desk.page.get_by_role("button", name="Try now").click()
    desk.finish()
    assert shown(desk.console) == stored(api, execution) == WHOLE
    expect(desk.page.locator("[data-lost]")).to_be_hidden()


@pytest.mark.parametrize(("refused", "used"), [({"/ws/"}, "/stream"), ({"/ws/", "/stream"}, "/events")])
def test_where_a_way_is_blocked_the_next_is_taken(
    behind: tuple[Desk, Wire], agents: Agents, api: httpx.Client, refused: set[str], used: str
) -> None:
    desk, wire = behind
    wire.refused = refused
    desk.open(agents(STREAM))
    execution = desk.run()
    _reach(desk, 5)
    expect(desk.console.locator("li.end")).to_have_count(0)
    desk.finish()
    assert shown(desk.console) == stored(api, execution) == WHOLE
    assert any(used in path and execution in path for path in wire.asked)
