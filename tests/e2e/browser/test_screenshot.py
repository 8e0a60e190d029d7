"""The picture in the README: the studio after a run, taken anew with UPDATE_SCREENSHOT=1."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from tests.architecture.tree import ROOT
from tests.e2e.browser.desk import BROWSER, Desk

pytestmark = BROWSER

PICTURE = ROOT / "docs" / "screenshot.png"
MOST_BYTES = 300_000
SETTLE = """() => {
  for (const time of document.querySelectorAll(".console time")) time.textContent = "09:41:00.000";
  for (const word of document.querySelectorAll("[data-save-state] span:last-of-type")) {
    word.lastChild.textContent = "Draft saved 09:41:00";
  }
}"""


def test_the_picture_can_be_taken(page: Page, desk: Desk) -> None:
    page.goto("/w/default/agents/new/")
    page.get_by_role("button", name="SVG chart").click()
    desk.ready()
    desk.run()
    desk.finish()
    desk.tab("Artifacts")
    page.get_by_role("separator").focus()
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    page.evaluate("document.activeElement.blur()")
    image = page.locator("img.preview-image")
    expect(image).to_be_visible()
    image.evaluate("image => image.decode()")
    page.evaluate(SETTLE)
    picture = page.screenshot(animations="disabled", caret="hide")
    assert len(picture) < MOST_BYTES
    if os.environ.get("UPDATE_SCREENSHOT") == "1":
        PICTURE.write_bytes(picture)


def test_the_readme_shows_the_picture() -> None:
    if not PICTURE.exists():
        pytest.fail("docs/screenshot.png is missing: run this file with UPDATE_SCREENSHOT=1")
    assert "docs/screenshot.png" in (ROOT / "README.md").read_text("utf-8")
    assert PICTURE.stat().st_size < MOST_BYTES
