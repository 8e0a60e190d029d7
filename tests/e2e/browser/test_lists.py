"""Finding agents and runs again, with the question in the address."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import Agents
from tests.e2e.browser.desk import BROWSER, Desk
from tests.e2e.conftest import LiveStudio

pytestmark = BROWSER


def _titles(page: Page) -> list[str]:
    return page.locator("#rows .title").all_text_contents()


def test_agents_are_found_as_one_types(page: Page, agents: Agents) -> None:
    agents("print(1)", name="Quokka counter", description="Counts small marsupials")
    agents("echo 1", name="Quokka feeder", language="bash", files={"main.sh": "echo 1"}, entry="main.sh")
    page.goto("/w/default/agents/")
    page.keyboard.press("/")
    page.keyboard.type("quokka")
    expect(page.locator("#rows .title")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=quokka$"))
    page.get_by_label("Language").select_option("bash")
    expect(page.locator("#rows .title")).to_have_text(["Quokka feeder"])
    expect(page).to_have_url(re.compile(r"q=quokka&language=bash$"))
    page.reload()
    assert _titles(page) == ["Quokka feeder"]
    expect(page.get_by_label("Search agents")).to_have_value("quokka")
    page.get_by_label("Search agents").fill("no such thing")
    expect(page.locator("#rows")).to_contain_text("No agent fits")
    page.get_by_role("link", name="Show all agents").click()
    assert "Quokka counter" in _titles(page)


def test_going_back_brings_the_former_list(page: Page, agents: Agents) -> None:
    agents("print(1)", name="Backwards")
    page.goto("/w/default/agents/")
    before = _titles(page)
    page.get_by_label("Search agents").fill("backwards")
    expect(page.locator("#rows .title")).to_have_text(["Backwards"])
    page.go_back()
    expect(page.locator("#rows .title")).to_have_count(len(before))
    expect(page).to_have_url(re.compile(r"/agents/$"))


def test_runs_are_filtered_by_state_and_agent(page: Page, agents: Agents, api: httpx.Client) -> None:
    agent = agents("raise SystemExit(3)", name="Fails on purpose")
    agents("print(1)", name="Bystander")
    api.post(f"/api/v1/code-agents/{agent}/execute", json={}, headers={"Prefer": "wait=30"})
    page.goto("/w/default/executions/")
    page.get_by_label("Status").select_option("failed")
    expect(page).to_have_url(re.compile(r"\?state=failed$"))
    page.locator("#f-agent").select_option(agent)
    expect(page.locator("#rows .title")).to_have_text(["Fails on purpose"])
    page.get_by_label("Status").select_option("succeeded")
    expect(page.locator("#rows")).to_contain_text("No run fits")
    page.goto(f"/w/default/executions/?agent={agent}&state=failed&nonsense=1")
    assert _titles(page) == ["Fails on purpose"]


def test_a_list_is_walked_page_by_page(page: Page, live_studio: LiveStudio, api: httpx.Client) -> None:
    for _ in range(45):
        api.post("/api/v1/executions", json={"language": "bash", "code": "true"})
    page.goto("/w/default/executions/")
    first = page.locator("#rows .title").evaluate_all("links => links.map(link => link.href)")
    assert len(first) == 40
    page.get_by_role("link", name="Older").click()
    page.wait_for_url(re.compile("cursor"))
    second = page.locator("#rows .title").evaluate_all("links => links.map(link => link.href)")
    assert second and not set(first) & set(second)


@pytest.mark.parametrize("language", ["curl", "Python"])
def test_the_call_that_is_shown_works(
    page: Page, desk: Desk, agents: Agents, live_studio: LiveStudio, language: str
) -> None:
    code = "def main(who):\n    return 'hello ' + who"
    sample = '{"who": "Zoë\'s \\"friend\\""}'
    desk.open(agents(code, entry_point="main", sample_input=sample))
    desk.tab("API")
    page.locator("#p-api").get_by_role("button", name=language, exact=True).click()
    shown = page.locator("#p-api pre:visible").text_content() or ""
    program = ["bash", "-c", shown] if language == "curl" else [sys.executable, "-c", shown]
    name = re.findall(r"(?:\$|environ\[['\"])(\w*TOKEN)", shown)[0]
    environment = {**os.environ, name: live_studio.token}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60, check=False)
    result = json.loads(done.stdout)["result"] if language == "curl" else done.stdout.strip()
    assert result == 'hello Zoë\'s "friend"', done


def test_the_first_call_of_the_home_page_works(page: Page, live_studio: LiveStudio) -> None:
    page.goto("/")
    shown = page.locator("#call-curl pre").text_content() or ""
    name = re.findall(r"Bearer \$(\w+)", shown)[0]
    environment = {**os.environ, name: live_studio.token}
    done = subprocess.run(
        ["bash", "-c", shown], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert '"result":42' in done.stdout.replace(" ", ""), done


def test_a_token_is_shown_once_and_can_be_revoked(page: Page, live_studio: LiveStudio) -> None:
    page.goto("/w/default/settings/tokens/")
    page.get_by_label("Name").fill("From the page")
    page.get_by_role("button", name="Make token").click()
    secret = page.locator("#new-secret").text_content() or ""
    with live_studio.studio.api(secret) as mine:
        assert mine.get("/api/v1/").status_code == 200
        page.goto("/w/default/settings/tokens/")
        assert secret not in page.content()
        row = page.locator("tr", has_text="From the page")
        row.get_by_role("button", name="Revoke").click()
        page.locator("dialog[open]").get_by_role("button", name="Revoke").click()
        expect(row).to_contain_text("revoked")
        assert mine.get("/api/v1/").status_code == 401
