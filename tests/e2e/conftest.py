"""A served Sandloft and a browser to look at it with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests import servers

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
