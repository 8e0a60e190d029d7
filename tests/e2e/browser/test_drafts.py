"""Files and their draft: nothing that was typed is lost, and nothing is overwritten unseen."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.browser.conftest import Agents
from tests.e2e.browser.desk import BROWSER, RUN_MS, Desk, Faults, shown

pytestmark = BROWSER


def _ask(page: Page, text: str, button: str) -> None:
    """Fill the one field of the open dialog and confirm."""
    page.locator("dialog[open] input").fill(text)
    page.locator("dialog[open]").get_by_role("button", name=button).click()


def test_files_are_made_renamed_deleted_and_brought_back(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("from lib.words import word\nprint(word)"))
    page.get_by_role("button", name="New file").click()
    _ask(page, "../escape.py", "Create")
    expect(page.locator("#ask-error")).to_contain_text("no “..”")
    _ask(page, "lib/wrods.py", "Create")
    desk.type("word = 'spelt'")
    desk.file("lib/wrods.py").focus()
    page.keyboard.press("F2")
    _ask(page, "lib/words.py", "Rename")
    assert desk.files() == ["lib/words.py", "main.py"]
    desk.run()
    desk.finish()
    assert shown(desk.console) == ["spelt"]
    desk.file("lib/words.py").focus()
    page.keyboard.press("Delete")
    assert desk.files() == ["main.py"]
    page.locator(".toast").get_by_role("button", name="Undo").click()
    assert desk.files() == ["lib/words.py", "main.py"]
    desk.file("lib/words.py").click()
    assert desk.code == "word = 'spelt'"
    desk.saved()
    desk.page.reload()
    desk.ready()
    assert desk.files() == ["lib/words.py", "main.py"]


def test_the_last_file_stays(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print(1)"))
    desk.file("main.py").focus()
    page.keyboard.press("Delete")
    desk.toast("An agent needs at least one file")
    assert desk.files() == ["main.py"]


def test_what_is_typed_is_there_after_a_reload(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print('old')"))
    desk.type("print('new')")
    page.locator("#input").fill('{"n": 1}')
    desk.saved()
    page.reload()
    desk.ready()
    assert desk.code == "print('new')"
    expect(page.locator("#input")).to_have_value('{"n": 1}')


def test_typing_survives_a_server_that_is_away(
    page: Page, desk: Desk, agents: Agents, faults: Faults, api: httpx.Client
) -> None:
    faults.allow("Failed to load resource")
    agent = agents("print('old')")
    desk.open(agent)
    page.route("**/draft/", lambda route: route.abort())
    desk.type("print('kept')")
    expect(page.locator("[data-save-state]")).to_contain_text("no connection")
    page.unroute("**/draft/")
    desk.saved()
    page.reload()
    desk.ready()
    assert desk.code == "print('kept')"


def _two_tabs(context: BrowserContext, agent: str) -> tuple[Desk, Desk]:
    """Both have the draft open; the first has saved `ours`, the second then typed `theirs`."""
    first, second = Desk(context.new_page()).open(agent), Desk(context.new_page()).open(agent)
    first.page.bring_to_front()
    first.type("print('first')")
    first.saved()
    expect(first.page.locator("[data-save-state]")).not_to_contain_text("Not saved")
    second.page.bring_to_front()
    second.type("print('second')")
    expect(second.page.locator("dialog[open]")).to_contain_text(
        "changed while you were editing", timeout=RUN_MS
    )
    return first, second


def test_a_conflict_is_shown_and_theirs_can_be_taken(page: Page, agents: Agents, faults: Faults) -> None:
    faults.allow("status of 409")
    _, second = _two_tabs(page.context, agents("print('old')"))
    expect(second.page.locator("dialog[open]")).to_contain_text("main.py")
    second.page.get_by_role("button", name="Take theirs").click()
    second.saved()
    assert second.code == "print('first')"
    second.page.reload()
    assert second.ready().code == "print('first')"


def test_a_conflict_is_shown_and_mine_can_be_kept(page: Page, agents: Agents, faults: Faults) -> None:
    faults.allow("status of 409")
    first, second = _two_tabs(page.context, agents("print('old')"))
    second.page.get_by_role("button", name="Keep mine").click()
    second.saved()
    assert second.code == "print('second')"
    first.page.reload()
    assert first.ready().code == "print('second')"


def test_a_conflict_can_wait(page: Page, agents: Agents, faults: Faults) -> None:
    faults.allow("status of 409")
    _, second = _two_tabs(page.context, agents("print('old')"))
    second.page.keyboard.press("Escape")
    expect(second.page.locator("[data-save-state]")).to_contain_text("Changed elsewhere")
    second.page.keyboard.press("Control+Enter")
    second.toast("The draft could not be saved, so nothing was run")
    second.page.get_by_role("button", name="Decide").click()
    second.page.get_by_role("button", name="Keep mine").click()
    second.saved()


def test_versions_are_saved_opened_and_restored(page: Page, desk: Desk, agents: Agents) -> None:
    desk.open(agents("print('one')", name="Versioned"))
    desk.type("print('two')")
    expect(page.locator("[data-changed]")).to_be_visible()
    page.keyboard.press("Control+s")
    dialog = page.locator("dialog#save")
    expect(dialog).to_contain_text("Save version 2")
    expect(dialog.locator("[data-save-changes]")).to_contain_text("main.py")
    page.get_by_label("What changed").fill("Say two")
    page.keyboard.press("Control+Enter")
    desk.toast("Version 2 saved")
    expect(page.locator("[data-newest]")).to_have_text("v2")
    expect(page.locator("[data-changed]")).to_be_hidden()
    page.locator("[data-versions]").get_by_role("link", name=re.compile("v1")).click()
    expect(page.locator("pre.source")).to_have_text("print('one')")
    page.get_by_role("button", name="Restore as draft").click()
    page.locator("dialog[open]").get_by_role("button", name="Replace the draft").click()
    desk.ready()
    assert desk.code == "print('one')"
    page.goto(page.url.replace("/edit/", "/versions/"))
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("Say two")


def test_an_unchanged_draft_is_no_new_version(page: Page, desk: Desk, agents: Agents, faults: Faults) -> None:
    faults.allow("status of 409")
    desk.open(agents("print('one')"))
    page.keyboard.press("Control+s")
    page.get_by_label("What changed").press("Control+Enter")
    expect(page.locator("[data-save-error]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
