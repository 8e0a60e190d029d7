"""Every text on every ground it stands on reaches WCAG AA, in both themes."""

from __future__ import annotations

import pytest

from tests.static.contrast import Theme, ratio, themes

THEMES = themes()
GROUNDS = ("bg", "surface", "raised", "sunken", "hover")
ROLES = ("ok", "info", "bad", "limit", "refused", "pending", "quiet")

TEXT = [
    *[(text, ground) for text in ("text", "muted", "faint", "accent-text") for ground in GROUNDS],
    *[("accent-ink", ground) for ground in ("accent", "accent-hover")],
    *[(text, "accent-soft") for text in ("text", "muted", "faint", "accent-text")],
    *[(text, "quiet-soft") for text in ("text", "muted")],
    *[(role, ground) for role in ROLES for ground in (*GROUNDS, f"{role}-soft")],
    *[("text", f"{role}-soft") for role in ROLES],
    *[(code, ground) for code in "ksnftc" for ground in ("surface", "sunken", "raised", "hover")],
]
MARKS = [
    *[(mark, ground) for mark in ("line-strong", "accent-line", "focus") for ground in GROUNDS],
    *[(mark, "accent-soft") for mark in ("accent-line", "focus")],
    *[(mark, ground) for mark in ("c1", "c2", "c3", "c6") for ground in ("surface", "quiet-soft")],
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (MARKS, 3.0)], ids=["text", "marks"])
def test_contrast(theme: str, pairs: list[tuple[str, str]], least: float) -> None:
    assert _too_low(THEMES[theme], pairs, least) == {}


def test_both_themes_have_the_same_tokens() -> None:
    assert set(THEMES["light"]) == set(THEMES["dark"])


def test_black_on_white_is_21_to_1() -> None:
    assert round(ratio("#000000", "#ffffff"), 6) == 21


def test_a_grey_that_is_too_light_is_found() -> None:
    assert _too_low({"text": "#999999", "bg": "#ffffff"}, [("text", "bg")], 4.5) == {"text on bg": 2.85}


def _too_low(theme: Theme, pairs: list[tuple[str, str]], least: float) -> dict[str, float]:
    ratios = {f"{mark} on {ground}": ratio(theme[mark], theme[ground]) for mark, ground in pairs}
    return {pair: round(value, 2) for pair, value in ratios.items() if value < least}
