"""Our own modules and style sheets: what they import exists, what they name exists, nothing writes markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

STATIC = ROOT / "static"
MODULES = sorted(STATIC.glob("js/**/*.js"))
SHEETS = sorted(STATIC.glob("css/*.css"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
IMPORT = re.compile(r"""(?:from|import)\s+["'](\.[^"']+)["']""")
MARKUP = re.compile(r"\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
STYLE = re.compile(r"""setAttribute\(["']style["']|cssText""")
TOKEN = re.compile(r"var\(--([\w-]+)")
DEFINED = re.compile(r"--([\w-]+):")
SET_BY_SCRIPT = {"dock", "st", "st-soft"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_imports_exist(module: Path) -> None:
    wanted = [module.parent / name for name in IMPORT.findall(module.read_text("utf-8"))]
    assert [path for path in wanted if not path.is_file()] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_text_never_becomes_markup_or_code(module: Path) -> None:
    assert MARKUP.findall(module.read_text("utf-8")) == []
    assert STYLE.findall(module.read_text("utf-8")) == []


@pytest.mark.parametrize("path", [*MODULES, *SHEETS], ids=lambda path: path.name)
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_every_token_that_is_used_is_defined() -> None:
    text = "\n".join(sheet.read_text("utf-8") for sheet in SHEETS)
    assert set(TOKEN.findall(text)) - set(DEFINED.findall(text)) - SET_BY_SCRIPT == set()


def test_the_patterns_find_what_they_look_for() -> None:
    assert MARKUP.search("node.innerHTML = text")
    assert MARKUP.search("eval(code)")
    assert STYLE.search("node.setAttribute('style', 'color: red')")


# --- Icons ----------------------------------------------------------------------------------------

SYMBOL = re.compile(r'<symbol id="i-([\w-]+)"')
IN_TEMPLATE = re.compile(r'_icon\.html" with name="([\w-]+)"|icons\.svg\' %}#i-([\w-]+)"')
NAME_PARTS = re.compile(r'icon="([\w-]+)"')


def _symbols() -> set[str]:
    return set(SYMBOL.findall((STATIC / "icons.svg").read_text("utf-8")))


def _in_templates() -> set[str]:
    text = "\n".join(path.read_text("utf-8") for path in TEMPLATES)
    return {name for pair in IN_TEMPLATE.findall(text) for name in pair if name} | set(
        NAME_PARTS.findall(text)
    )


def test_every_icon_of_a_template_is_in_the_sprite() -> None:
    assert _in_templates() - _symbols() == set()


def test_every_symbol_of_the_sprite_is_used() -> None:
    modules = "\n".join(path.read_text("utf-8") for path in MODULES)
    quoted = set(re.findall(r'"([\w-]+)"', modules))
    assert _symbols() - _in_templates() - quoted == set()
