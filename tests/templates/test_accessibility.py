"""Every page, in both themes and on a telephone: WCAG 2.2 AA by axe-core, and nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, sync_playwright

from tests.architecture.tree import ROOT
from tests.e2e.conftest import LiveStudio
from tests.e2e.conftest import chromium as chromium
from tests.e2e.conftest import live_studio as live_studio

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = ROOT / "tests" / "static" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAGES = {
    "used-up link": "/sign-in/link/?token=none",
    "home": "/",
    "agents": "/w/default/agents/",
    "new agent": "/w/default/agents/new/",
    "trash": "/w/default/agents/trash/",
    "studio": "/w/default/agents/{agent}/edit/",
    "versions": "/w/default/agents/{agent}/versions/",
    "version": "/w/default/agents/{agent}/versions/1/",
    "executions": "/w/default/executions/",
    "succeeded": "/w/default/executions/{succeeded}/",
    "failed": "/w/default/executions/{failed}/",
    "members": "/w/default/settings/members/",
    "tokens": "/w/default/settings/tokens/",
    "audit": "/w/default/settings/audit/",
    "password": "/account/password/",
    "nothing here": "/w/elsewhere/agents/",
}
Scheme = Literal["light", "dark"]
LOOKS: dict[str, tuple[int, Scheme]] = {
    "light": (1440, "light"),
    "dark": (1440, "dark"),
    "telephone": (400, "dark"),
}
CODE = {"language": "python", "entry": "main.py", "entry_point": "main"}


@dataclass(frozen=True)
class Addresses:
    studio: LiveStudio
    values: dict[str, str]

    def of(self, name: str) -> str:
        return self.studio.base_url + PAGES[name].format(**self.values)


@pytest.fixture(scope="module")
def addresses(live_studio: LiveStudio) -> Addresses:
    """Pages with something on them: an agent with a version, a run that went well and one that did not."""
    with live_studio.api as api:
        body = {**CODE, "name": "Looked at", "files": {"main.py": "def main(x=1):\n    return {'x': 1}\n"}}
        agent = api.post("/api/v1/code-agents", json=body).json()["id"]
        good = api.post("/api/v1/code/execute", json={"code": "print('\\x1b[31mred\\x1b[0m'); result = [1]"})
        bad = api.post("/api/v1/code/execute", json={"code": "raise KeyError('k')"})
    ids = {"succeeded": good.json()["execution_id"], "failed": bad.json()["execution_id"]}
    return Addresses(live_studio, {"agent": agent, **ids})


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=LOOKS)
def page(request: pytest.FixtureRequest, browser: Browser, live_studio: LiveStudio) -> Iterator[Page]:
    width, scheme = LOOKS[request.param]
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for name, value in live_studio.cookies.items():
        context.add_cookies([SetCookieParam(name=name, value=value, url=live_studio.base_url)])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(name: str, page: Page, addresses: Addresses) -> None:
    page.goto(addresses.of(name))
    _settle(page, name)
    assert _violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/link/?token=none"])
@pytest.mark.parametrize("look", LOOKS)
def test_page_before_signing_in_is_accessible(
    path: str, look: str, browser: Browser, live_studio: LiveStudio
) -> None:
    width, scheme = LOOKS[look]
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(live_studio.base_url + path)
    assert _violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()


def test_the_check_finds_what_is_wrong(page: Page, addresses: Addresses) -> None:
    page.goto(addresses.of("agents"))
    page.evaluate("document.getElementById('q').labels.forEach(label => label.remove())")
    page.evaluate("document.getElementById('q').removeAttribute('placeholder')")
    assert "label" in {rule for rule, _ in _violations(page)}


def _settle(page: Page, name: str) -> None:
    if name == "studio":
        page.wait_for_selector("main[data-ready=yes]")
    elif name in {"succeeded", "failed"}:
        page.wait_for_selector(".console .end")


def _violations(page: Page) -> list[tuple[str, list[Any]]]:
    """Rule and places of each violation; the editor's own inside is Monaco's matter."""
    page.evaluate(AXE.read_text("utf-8") + ";0")
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = page.evaluate(
        "options => axe.run({ exclude: ['.monaco-editor'] }, options).then(result => result.violations)",
        options,
    )
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
