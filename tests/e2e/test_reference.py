"""The API reference in a real browser, under the content security policy, from our own files alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import LiveStudio

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_the_reference_renders_and_can_be_tried(browser_page: Page) -> None:
    browser_page.goto("/api/docs/")
    execute = browser_page.locator("#operations-code-code_execute_create, [id$=code_execute]").first
    execute.wait_for()
    root = browser_page.locator("[id$='-root']").first
    root.locator("button.opblock-summary-control").click()
    root.get_by_role("button", name="Try it out").click()
    root.get_by_role("button", name="Execute").click()
    root.locator(".live-responses-table .response-col_status", has_text="200").wait_for()


def test_the_schema_describes_every_route(live_studio: LiveStudio) -> None:
    with live_studio.api as api:
        schema = api.get("/api/schema/?format=json").json()
    assert schema["openapi"].startswith("3.1")
    assert {"/api/v1/code/execute", "/api/v1/code-agents", "/api/v1/executions"} <= set(schema["paths"])
    assert set(schema["components"]["securitySchemes"]) == {"token", "session"}
