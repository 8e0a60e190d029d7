"""What a person sees and does, in words of the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

BROWSER = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LANGUAGES = ("python", "javascript", "typescript", "bash")
RUN_MS = 15_000
"""How long a run of a test may take on a busy machine."""


@dataclass
class Faults:
    """What no page may do: log errors, break its own policy, ask other hosts for anything."""

    base_url: str
    allowed: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._add(f"exception: {error}"))
        page.on("request", self._request)

    def allow(self, pattern: str) -> None:
        """Expect what matches, such as the browser's own line about an answer 409."""
        self.allowed.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        return [line for line in self.found if not any(re.search(known, line) for known in self.allowed)]

    def _add(self, line: str) -> None:
        self.found.append(line)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._add(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.base_url, "data:", "blob:")):
            self._add(f"external request: {request.url}")


class Desk:
    """The sandbox studio of one agent."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, agent: str) -> Desk:
        self.page.goto(f"/w/default/agents/{agent}/edit/")
        return self.ready()

    def ready(self) -> Desk:
        self.page.locator("#main[data-ready]").wait_for(timeout=RUN_MS)
        return self

    # -- Runs ---------------------------------------------------------------------------------------------

    def run(self) -> str:
        """Press Ctrl+Enter; gives the id of the run that began."""
        link = self.page.locator("[data-run-link]")
        before = link.get_attribute("href")
        self.page.keyboard.press("Control+Enter")
        if before:
            expect(link).not_to_have_attribute("href", before, timeout=RUN_MS)
        expect(link).to_be_visible(timeout=RUN_MS)
        return self.execution

    def finish(self, status: str = "Succeeded") -> None:
        expect(self.page.locator("[data-run-status]")).to_contain_text(status, timeout=RUN_MS)
        expect(self.console.locator("li.end")).to_be_visible()

    @property
    def execution(self) -> str:
        href = self.page.locator("[data-run-link]").get_attribute("href") or ""
        return str(UUID(href.strip("/").split("/")[-1]))

    @property
    def console(self) -> Locator:
        return self.page.locator(".console")

    @property
    def stop_button(self) -> Locator:
        return self.page.get_by_role("button", name="Stop")

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    # -- Code ---------------------------------------------------------------------------------------------

    @property
    def editor(self) -> Locator:
        return self.page.locator(".monaco-editor").first

    def type(self, text: str) -> None:
        """Replace the open file."""
        self.editor.locator(".view-lines").first.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    @property
    def code(self) -> str:
        """The open file as the editor shows it."""
        lines: list[str] = self.editor.locator(".view-line").evaluate_all(
            """lines => lines.sort((a, b) => parseInt(a.style.top) - parseInt(b.style.top))
                .map(line => line.textContent)"""
        )
        return "\n".join(lines).replace("\xa0", " ")

    def saved(self) -> None:
        expect(self.page.locator("[data-save-state]")).to_contain_text("Draft saved", timeout=RUN_MS)

    def file(self, path: str) -> Locator:
        return self.page.locator(f'[role="treeitem"][data-path="{path}"]')

    def files(self) -> list[str]:
        paths: list[str] = self.page.locator('[data-tree] [role="treeitem"]').evaluate_all(
            'items => items.filter(item => item.dataset.folder !== "yes").map(item => item.dataset.path)'
        )
        return sorted(paths)

    def toast(self, text: str) -> None:
        expect(self.page.locator(".toast", has_text=text).last).to_be_visible()


def shown(console: Locator, kind: str = "out") -> list[str]:
    """The rows of the console with this kind, top to bottom."""
    rows: list[str] = console.locator(f"li.{kind} > span").evaluate_all(
        "rows => rows.map(row => row.textContent)"
    )
    return rows


def stored(api: httpx.Client, execution: str, kind: str = "stdout") -> list[str]:
    """The lines of the log as the server has it."""
    text, after, finished = "", 0, False
    while not finished:
        page = api.get(
            f"/api/v1/executions/{execution}/events", params={"after": after, "limit": 1000}
        ).json()
        text += "".join(event["data"]["text"] for event in page["events"] if event["kind"] == kind)
        after, finished = page["next_after"], page["finished"]
    return text.splitlines()


def make_agent(api: httpx.Client, name: str, code: str, **body: Any) -> str:
    """A new agent with one version; gives its id."""
    given = {
        "name": name,
        "language": "python",
        "files": {"main.py": code},
        "entry": "main.py",
        "entry_point": None,
    }
    answer = api.post("/api/v1/code-agents", json={**given, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
