"""What somebody sees who may look and no more, and what a stranger sees."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import expect

from tests.e2e.browser.conftest import Agents, Windows
from tests.e2e.browser.desk import BROWSER, Desk, Faults

pytestmark = BROWSER


def test_a_viewer_reads_and_is_told_why_nothing_runs(
    windows: Windows, viewer_cookies: dict[str, str], agents: Agents, api: httpx.Client
) -> None:
    agent = agents("print('look')", name="Looked at")
    done = api.post(f"/api/v1/code-agents/{agent}/execute", json={}, headers={"Prefer": "wait=30"}).json()
    desk = Desk(windows(cookies=viewer_cookies).new_page()).open(agent)
    page = desk.page
    expect(page.get_by_text("You may look, not run")).to_be_visible()
    for name in ("Run", "Save version", "New file", "New folder"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+s")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("[data-run-link]")).to_be_hidden()
    desk.editor.locator(".view-lines").first.click()
    page.keyboard.insert_text("changed")
    assert desk.code == "print('look')"
    page.goto(f"/w/default/executions/{done['execution_id']}/")
    expect(page.locator(".console li.out")).to_have_text(re.compile("look"))
    expect(page.get_by_role("button", name="Exactly as it was")).to_have_count(0)
    page.goto("/w/default/agents/")
    expect(page.get_by_role("link", name="New agent")).to_have_count(0)


def test_what_a_viewer_may_not_see_is_said(
    windows: Windows, viewer_cookies: dict[str, str], faults: Faults
) -> None:
    faults.allow("status of 403")
    page = windows(cookies=viewer_cookies).new_page()
    page.goto("/")
    expect(page.get_by_role("link", name="API tokens")).to_have_count(0)
    expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
    page.goto("/w/default/settings/audit/")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main")).to_contain_text("audit:read")


def test_what_is_not_there_leads_back(windows: Windows, faults: Faults) -> None:
    faults.allow("status of 404")
    page = windows().new_page()
    for address in ("/nothing/here", "/w/elsewhere/agents/", "/w/default/executions/not-a-run/"):
        page.goto(address)
        expect(page.locator("h1")).to_be_visible()
    page.locator("main").get_by_role("link").first.click()
    expect(page.locator("main h1")).to_be_visible()


def test_strangers_are_asked_to_sign_in_and_land_where_they_went(windows: Windows) -> None:
    page = windows(cookies={}).new_page()
    page.goto("/w/default/executions/?state=failed")
    expect(page).to_have_url(re.compile(r"/sign-in/\?next=.*executions"))
