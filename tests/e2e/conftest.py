"""A served Sandloft and a browser to look at it with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from tests import servers

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class LiveStudio:
    """A studio in a process of its own, with an owner who is signed in."""

    studio: servers.Studio
    base_url: str
    cookies: dict[str, str]
    token: str

    @property
    def api(self) -> httpx.Client:
        return self.studio.api(self.token)


@pytest.fixture(scope="session")
def live_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStudio]:
    """One for the whole session: tests in it keep to agents of their own."""
    with servers.studio(tmp_path_factory.mktemp("studio"), RUN_REAP_SECONDS="1") as studio:
        with httpx.Client(base_url=studio.base_url, follow_redirects=True) as browser:
            servers.sign_in(browser, studio.link)
            cookies = dict(browser.cookies)
        yield LiveStudio(studio, studio.base_url, cookies, studio.token("tests"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one browser tests are skipped, in CI they fail."""
    for name in CHROMIUMS:
        if path := shutil.which(name):
            return path
    reason = "no Chromium here for the browser tests; install it with: sudo apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def browser_page(live_studio: LiveStudio, chromium: str) -> Iterator[Page]:
    """A page of a signed-in owner. Ends with a failure if the page logged an error or called elsewhere."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(base_url=live_studio.base_url)
        context.add_cookies(
            [{"name": n, "value": v, "url": live_studio.base_url} for n, v in live_studio.cookies.items()]
        )
        page = context.new_page()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: troubles.append(request.url) if is_foreign(request.url) else None)

        def is_foreign(url: str) -> bool:
            return url.startswith(("http:", "https:", "ws:")) and not url.split("//", 1)[1].startswith(
                live_studio.base_url.split("//", 1)[1]
            )

        yield page
        browser.close()
    assert troubles == []
