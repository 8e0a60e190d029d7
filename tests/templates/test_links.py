"""No page template names a route, a template or a file that is not there, and none switches escaping off."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from tests.architecture.tree import ROOT

FOLDER = ROOT / "templates"
TEXTS = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.html")}
URL = re.compile(r"{%\s*url\s+'([\w:-]+)'")
STATIC_FILE = re.compile(r"{%\s*static\s+'([^']+)'")
INCLUDED = re.compile(r'{%\s*(?:include|extends)\s+"([^"]+)"')
UNSAFE = re.compile(r"\|\s*safe\b|autoescape off|mark_safe")


def _names(resolver: URLResolver, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            found.add(prefix + pattern.name if pattern.name else "")
        else:
            deeper = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            found |= _names(pattern, deeper)
    return found


@pytest.fixture(scope="module")
def routes() -> set[str]:
    return _names(get_resolver())


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_routes_exist(name: str, routes: set[str]) -> None:
    assert set(URL.findall(TEXTS[name])) - routes == set()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_files_exist(name: str) -> None:
    assert [path for path in STATIC_FILE.findall(TEXTS[name]) if finders.find(path) is None] == []


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_included_templates_exist(name: str) -> None:
    for other in INCLUDED.findall(TEXTS[name]):
        get_template(other)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_escaping_is_never_switched_off(name: str) -> None:
    assert UNSAFE.findall(TEXTS[name]) == []


def test_every_component_is_used() -> None:
    used = {other for text in TEXTS.values() for other in INCLUDED.findall(text)}
    assert {name for name in TEXTS if name.startswith("components/")} - used == set()


def test_the_server_error_page_needs_nothing() -> None:
    html = get_template("500.html").render()
    assert "Something broke on our side" in html
