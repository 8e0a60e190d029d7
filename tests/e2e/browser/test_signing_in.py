"""In by a link that works once, and out again."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import expect

from tests.e2e.browser.conftest import Windows
from tests.e2e.browser.desk import BROWSER, Faults
from tests.e2e.conftest import LiveStudio

pytestmark = BROWSER


def test_a_link_signs_in_once(windows: Windows, live_studio: LiveStudio, faults: Faults) -> None:
    link = live_studio.studio.manage("signin", "link")
    page = windows(cookies={}).new_page()
    page.goto(link)
    page.wait_for_url("/")
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("owner@localhost")
    faults.allow("status of 4")
    again = windows(cookies={}).new_page()
    again.goto(link)
    expect(again.locator("main")).to_contain_text(
        re.compile("used|no longer|not valid|expired", re.IGNORECASE)
    )
    again.goto("/")
    expect(again).to_have_url(re.compile(r"/sign-in/\?next="))


def test_without_scripts_the_link_has_a_button(windows: Windows, live_studio: LiveStudio) -> None:
    link = live_studio.studio.manage("signin", "link")
    page = windows(cookies={}, java_script_enabled=False).new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live_studio.base_url}/")


def test_signing_out_ends_the_session(windows: Windows, live_studio: LiveStudio) -> None:
    page = windows(cookies={}).new_page()
    page.goto(live_studio.studio.manage("signin", "link"))
    page.wait_for_url("/")
    kept = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    page.locator("nav .menu.up summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in/"))
    page.goto("/w/default/agents/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    with httpx.Client(base_url=live_studio.base_url, cookies=kept) as thief:
        assert thief.get("/w/default/agents/").status_code == 302


def test_a_wrong_password_is_told_at_the_form(windows: Windows, faults: Faults) -> None:
    faults.allow("status of 4")
    page = windows(cookies={}).new_page()
    page.goto("/sign-in/")
    page.get_by_label("Email").fill("owner@localhost")
    page.get_by_label("Password").fill("not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator('[role="alert"]').first).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("owner@localhost")
