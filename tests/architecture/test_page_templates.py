"""Every page template compiles, and none carries inline code that the content security policy stops."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from tests.architecture.tree import ROOT

FOLDER = ROOT / "templates"
NAMES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle=|\son[a-z]+=[\"']|<style|javascript:"
)


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_template_has_no_inline_code(name: str) -> None:
    assert INLINE.findall(Path(FOLDER / name).read_text("utf-8")) == []


def test_the_pattern_finds_inline_code() -> None:
    assert INLINE.search("<script>alert(1)</script>")
    assert INLINE.search('<p style="color: red">')
    assert INLINE.search('<a onclick="x()">')
    assert not INLINE.search('<script src="/static/js/app.js" type="module"></script>')
    assert not INLINE.search('<script id="draft" type="application/json">')
