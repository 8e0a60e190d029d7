"""Everything by keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import Agents
from tests.e2e.browser.desk import BROWSER, Desk

pytestmark = BROWSER

FOCUS = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const label = at.getAttribute("aria-label") || at.labels?.[0]?.textContent;
  const name = label || at.textContent || at.title || at.id, editor = at.closest(".monaco-editor") !== null;
  return {
    name: name.trim().replace(/\\s+/g, " "), tag: at.tagName,
    seen: editor || box.width > 0 && box.height > 0,
    ring: editor || at.matches("input, textarea") || style.outlineStyle !== "none"
      || style.boxShadow !== "none",
  };
}"""


def _walk(page: Page, *, most: int = 120) -> list[str]:
    """The names of what Tab reaches, in order, the editor among them, until it comes round."""
    names: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at["tag"] == "BODY" or (names and at["name"] == names[0]):
            break
        assert at["seen"], f"{at['name']!r} has the focus and cannot be seen"
        assert at["ring"], f"{at['name']!r} has the focus and does not show it"
        names.append(at["name"])
    return names


def test_tab_reaches_everything_in_the_studio(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print(1)", name="By keyboard"))
    page.locator("body").focus()
    names = _walk(page)
    wanted = [
        "Skip to content",
        "New file",
        "Save version",
        "Run",
        "Input as JSON",
        "Language",
        "Function",
        "Output",
    ]
    reached = [want for want in wanted if any(name.startswith(want) for name in names)]
    assert reached == wanted, names


def test_tab_leaves_the_editor_when_asked_to(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print(1)"))
    desk.editor.locator(".view-lines").first.click()
    page.keyboard.press("Control+m")
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.monaco-editor')")
    assert desk.code == "print(1)"


def test_f6_goes_between_editor_and_console(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print(1)"))
    desk.editor.locator(".view-lines").first.click()
    page.keyboard.press("F6")
    assert page.evaluate("!!document.activeElement.closest('.dock')")
    page.keyboard.press("F6")
    assert page.evaluate("!!document.activeElement.closest('.monaco-editor')")


def test_the_keys_are_listed_and_escape_gives_the_focus_back(page: Page) -> None:
    page.goto("/w/default/agents/")
    page.get_by_role("link", name="New agent").focus()
    page.keyboard.press("?")
    dialog = page.locator("dialog#keys")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Save version")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="New agent")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile("/executions/"))
    page.get_by_label("Search runs").fill("?")
    expect(dialog).to_be_hidden()


def test_rows_are_walked_with_j_and_k(page: Page, agents: Agents) -> None:
    agents("print(1)")
    agents("print(1)")
    page.goto("/w/default/agents/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#rows .title").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/edit/"))


def test_the_theme_is_kept_and_the_editor_follows(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print(1)"))
    ground = "getComputedStyle(document.querySelector('.monaco-editor-background')).backgroundColor"
    light = page.evaluate(ground)
    page.locator("header summary[aria-label='Theme']").click()
    page.get_by_role("radio", name="Dark").click()
    assert page.evaluate(ground) != light
    page.reload()
    desk.ready()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(ground) != light
