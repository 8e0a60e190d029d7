"""Following a run: every line once and in order, however often the connection breaks."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.static.unreliable import UnreliableLog

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FOLLOW = """
async ({ websocket, after }) => {
  const { RunStream } = await import("/static/js/run-stream.js");
  const events = [], states = [];
  const stream = new RunStream({
    urls: { websocket, stream: "/stream", events: "/events" }, after,
    onEvents: fresh => events.push(...fresh.map(event => event.seq)),
    onState: (state, detail) => states.push(state === "live" ? `live by ${detail}` : state),
  });
  await stream.finished;
  return { events, states };
}
"""
ALL = list(range(1, 32))


def _follow(page: Page, log: UnreliableLog, *, after: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(FOLLOW, {"websocket": log.url, "after": after})
    return found


def test_a_cut_websocket_loses_and_repeats_nothing(page: Page, log: UnreliableLog) -> None:
    found = _follow(page, log)
    assert found["events"] == ALL
    assert log.asked == [("websocket", 0), ("websocket", 12), ("websocket", 24)]
    assert found["states"][-1] == "done"
    assert "lost" in found["states"]


def test_the_server_does_repeat_lines(log: UnreliableLog) -> None:
    """So that the test above could fail."""
    assert [event["seq"] for event in log.cut(12, way="test")][:3] == [11, 12, 13]


def test_a_missing_line_is_asked_for_again(page: Page, log: UnreliableLog) -> None:
    log.skip = 5
    found = _follow(page, log)
    assert found["events"] == ALL
    assert log.asked[:2] == [("websocket", 0), ("websocket", 5)]


def test_without_websockets_server_sent_events_follow(page: Page, log: UnreliableLog) -> None:
    log.broken = {"websocket"}
    log.portion = 100
    found = _follow(page, log)
    assert found["events"] == ALL
    assert "live by sse" in found["states"]


def test_without_any_stream_polling_follows(page: Page, log: UnreliableLog) -> None:
    log.broken = {"websocket", "sse"}
    found = _follow(page, log)
    assert found["events"] == ALL
    assert found["states"] == [*found["states"][:-1], "done"]
    assert "live by polling" in found["states"]


def test_where_websockets_never_opened_nothing_is_called_lost(page: Page, log: UnreliableLog) -> None:
    log.portion = 100
    script = FOLLOW.replace("{ websocket, after }", "{ after }").replace(
        "urls: { websocket,", "urls: { websocket: '/none',"
    )
    found = page.evaluate(script, {"after": 0})
    assert found["events"] == ALL
    assert found["states"] == ["connecting", "live by sse", "done"]


def test_it_begins_after_what_is_known(page: Page, log: UnreliableLog) -> None:
    assert _follow(page, log, after=20)["events"] == ALL[20:]
