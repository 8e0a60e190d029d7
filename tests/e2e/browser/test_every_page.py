"""Every page, filled with names that nobody tidied: it keeps its shape, its policy and its silence."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.architecture.tree import ROOT
from tests.e2e.browser.conftest import Agents, Windows
from tests.e2e.browser.desk import BROWSER, Desk, Faults

pytestmark = BROWSER

AXE = ROOT / "tests" / "static" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (360, 420, 800, 1400)
LONG, WORD = "A name that goes on " * 6, "unbroken" * 25
NAMES = (LONG.strip()[:120], WORD[:120], "مرحبا بالعالم \u202e reversed", '🦀🦀 <b>bold</b> & "quotes"')
PAGES = (
    *("/", "/w/default/agents/", "/w/default/agents/new/", "/w/default/agents/trash/"),
    *("/w/default/agents/{agent}/edit/", "/w/default/agents/{agent}/versions/"),
    *("/w/default/agents/{agent}/versions/1/", "/w/default/executions/", "/w/default/executions/{run}/"),
    *("/w/default/settings/members/", "/w/default/settings/tokens/", "/w/default/settings/audit/"),
    *("/account/password/", "/api/docs/", "/nothing/here"),
)
AUDIT = """async ([rules, within]) => {
  const { violations } = await axe.run(within, { runOnly: { type: "tag", values: rules } });
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 160)}`));
}"""
USED = """
import pathlib, sys
print("\\x1b[31mred\\x1b[0m")
print("x", file=sys.stderr)
pathlib.Path("out/a.csv").write_text("a,b\\n1,2")
result = {"a": [1]}
"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def full(agents: Agents, api: httpx.Client) -> dict[str, str]:
    """Agents with every kind of name, and a run whose output, error, files and result are as untidy."""
    about = {"description": WORD, "tags": ["a", WORD[:40]]}
    ids = [agents("print(1)", name=name, **about) for name in NAMES]
    code = f"open('out/{WORD[:80]}.txt', 'w').close()\n"
    code += f"print({WORD!r})\nraise ValueError({WORD!r})"
    agent = agents(
        code, name=WORD[:119], changelog=WORD, files={"main.py": code, f"{WORD[:80]}/{WORD[:80]}.py": ""}
    )
    run = api.post(
        f"/api/v1/code-agents/{agent}/execute", json={"input": {WORD: WORD}}, headers={"Prefer": "wait=30"}
    )
    api.delete(f"/api/v1/code-agents/{ids[0]}")
    return {"agent": agent, "run": run.json()["execution_id"]}


@pytest.mark.parametrize("address", PAGES)
def test_nothing_scrolls_sideways(page: Page, full: dict[str, str], faults: Faults, address: str) -> None:
    faults.allow("status of 404")
    page.goto(address.format(**full))
    if address.endswith("/edit/"):
        Desk(page).ready()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(WIDER) <= 0, f"{address} scrolls sideways at {width}"


def _violations(page: Page, within: str = "html") -> list[str]:
    found: list[str] = page.evaluate(AUDIT, [RULES, within])
    return found


@pytest.fixture(params=["light", "dark"])
def checked(request: pytest.FixtureRequest, windows: Windows) -> Iterator[Page]:
    """A window with axe-core in it."""
    context: BrowserContext = windows(color_scheme=request.param, bypass_csp=True)
    context.add_init_script(path=AXE)
    yield context.new_page()


def test_the_studio_in_use_can_be_used_by_all(checked: Page, agents: Agents) -> None:
    """With output, each of its panels, and its dialogs open."""
    desk = Desk(checked).open(agents(USED))
    desk.run()
    desk.finish()
    found = {"output": _violations(checked)}
    for name in ("Result", "Artifacts", "History", "API"):
        desk.tab(name)
        found[name] = _violations(checked)
    for selector in (
        "[data-act=save]",
        "[data-open='#details']",
        "[data-act=new-file]",
        ".status [data-open='#keys']",
    ):
        checked.locator(selector).click()
        found[selector] = _violations(checked)
        checked.keyboard.press("Escape")
    checked.locator("header summary[aria-label='Theme']").click()
    found["menu"] = _violations(checked, "header .menu[open]")  # It covers other things.
    assert {place: broken for place, broken in found.items() if broken} == {}


def test_the_check_finds_what_is_broken(checked: Page) -> None:
    """So that the test above could fail."""
    checked.goto("/")
    checked.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/favicon.svg\">')"
    )
    assert [line.split(":")[0] for line in _violations(checked)] == ["image-alt"]


def test_the_policy_stops_foreign_code(page: Page, faults: Faults) -> None:
    """What the other tests rely on: a violation is an error in the browser's log."""
    page.goto("/")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<div onclick=\"document.title=1\" id=bad>')"
    )
    page.locator("#bad").dispatch_event("click")
    expect(page).not_to_have_title("1")
    assert any("Content Security Policy" in line for line in faults.unexpected)
    faults.allow("Content Security Policy")
