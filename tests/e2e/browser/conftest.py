"""One Chromium for all of these tests; each has windows of its own, which must behave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests import servers
from tests.e2e.browser.desk import Desk, Faults, make_agent
from tests.e2e.browser.wire import Wire
from tests.e2e.conftest import LiveStudio

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--force-color-profile=srgb"),
)
SIZE = ViewportSize(width=1400, height=900)
_numbers = count(1)


class Elsewhere(ThreadingHTTPServer):
    """Another host, which remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []
        self.base_url = f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


def _sign_in(context: BrowserContext, cookies: dict[str, str], base_url: str) -> None:
    context.add_cookies([{"name": name, "value": value, "url": base_url} for name, value in cookies.items()])
    context.set_default_timeout(8_000)


Windows = Callable[..., BrowserContext]
Agents = Callable[..., str]


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Ends with this package: while it is open its event loop would disturb tests of other packages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def faults(live_studio: LiveStudio) -> Faults:
    return Faults(live_studio.base_url)


@pytest.fixture
def windows(browser: Browser, live_studio: LiveStudio, faults: Faults) -> Iterator[Windows]:
    """`windows(cookies=…, base_url=…)`: a new browser profile, signed in as the owner if nothing is said.

    At the end of the test no page of it may have done what `Faults` names.
    """
    made: list[BrowserContext] = []

    def make(
        *,
        cookies: dict[str, str] | None = None,
        base_url: str = live_studio.base_url,
        viewport: ViewportSize = SIZE,
        **options: Any,
    ) -> BrowserContext:
        faults.base_url = base_url
        context = browser.new_context(
            base_url=base_url, viewport=viewport, locale="en-GB", **{"color_scheme": "light", **options}
        )
        _sign_in(context, live_studio.cookies if cookies is None else cookies, base_url)
        context.on("page", faults.watch)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert faults.unexpected == []


@pytest.fixture(scope="package")
def profile(browser: Browser, live_studio: LiveStudio) -> Iterator[BrowserContext]:
    """The owner's own profile: what it fetched once, such as the editor, it has for all tests."""
    context = browser.new_context(
        base_url=live_studio.base_url, viewport=SIZE, locale="en-GB", color_scheme="light"
    )
    _sign_in(context, live_studio.cookies, live_studio.base_url)
    yield context
    context.close()


@pytest.fixture
def page(profile: BrowserContext, faults: Faults) -> Iterator[Page]:
    """A window of the owner, who has no habits yet."""
    profile.on("page", faults.watch)
    page = profile.new_page()
    yield page
    profile.remove_listener("page", faults.watch)
    if page.url.startswith("http"):
        page.evaluate("localStorage.clear()")
    for opened in profile.pages:
        opened.close(run_before_unload=False)
    assert faults.unexpected == []


@pytest.fixture
def desk(page: Page) -> Desk:
    return Desk(page)


@pytest.fixture(scope="package")
def api(live_studio: LiveStudio) -> Iterator[httpx.Client]:
    """The owner's program."""
    with live_studio.api as client:
        yield client


@pytest.fixture(scope="package")
def agents(api: httpx.Client) -> Agents:
    """`agents(code, …)`: a new agent with one version; gives its id."""

    def make(code: str, *, name: str = "", **body: Any) -> str:
        return make_agent(api, name or f"Agent {next(_numbers)}", code, **body)

    return make


@pytest.fixture(scope="package")
def viewer_cookies(live_studio: LiveStudio) -> dict[str, str]:
    """The session of somebody who may look and no more."""
    manage = live_studio.studio.manage
    manage("member", "add", "--workspace", "default", "--email", "viewer@example.org", "--role", "viewer")
    link = manage("signin", "link", "--email", "viewer@example.org")
    with httpx.Client(base_url=live_studio.base_url, follow_redirects=True) as browser:
        servers.sign_in(browser, link)
        return dict(browser.cookies)


@pytest.fixture
def wire(live_studio: LiveStudio) -> Iterator[Wire]:
    """A network that can fail, between the browser and the studio."""
    with Wire(int(live_studio.base_url.rsplit(":", 1)[1])) as wire:
        yield wire


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
