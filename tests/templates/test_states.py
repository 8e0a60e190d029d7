"""Every state has an icon and a word, and pages and scripts agree about them."""

from __future__ import annotations

import re

from django.template.loader import render_to_string

from agents.executions.enums import State
from agents.registry.enums import AgentStatus, Stage
from tests.architecture.tree import ROOT

TABLE = re.compile(r'^  (\w+): \["([\w-]+)", "([^"]+)"\],$', re.MULTILINE)
BADGE = re.compile(r'data-status="(\w+)">.*#i-([\w-]+)"/></svg>\s*(.+?)</span>', re.DOTALL)


def _of_scripts() -> dict[str, tuple[str, str]]:
    text = (ROOT / "static/js/status.js").read_text("utf-8")
    return {state: (icon, word) for state, icon, word in TABLE.findall(text)}


def _of_pages(state: str) -> tuple[str, str]:
    found = BADGE.search(render_to_string("components/_badge.html", {"status": state}))
    assert found is not None
    return found[2], found[3].strip()


def test_scripts_know_every_state() -> None:
    known = {*State.values, *AgentStatus.values, *Stage.values}
    assert known - set(_of_scripts()) == set()


def test_pages_show_each_state_as_scripts_do() -> None:
    table = _of_scripts()
    assert {state: _of_pages(state) for state in table} == table


def test_states_of_runs_have_the_words_of_the_log() -> None:
    assert {state: word for state, (_, word) in _of_scripts().items() if state in State.values} == dict(
        State.choices
    )


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert _of_pages("resting") == ("circle", "resting")


def test_a_badge_escapes_what_it_is_given() -> None:
    html = render_to_string("components/_badge.html", {"status": "x", "label": "<b>hi</b>"})
    assert "&lt;b&gt;hi&lt;/b&gt;" in html
