"""Colours of the style sheet and how far apart they are, as WCAG 2.2 counts it."""

from __future__ import annotations

import re

from tests.architecture.tree import ROOT

TOKENS = ROOT / "static" / "css" / "tokens.css"
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), *(#[0-9a-f]{6})\)")
SAME = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6});")
ALIAS = re.compile(r"--([\w-]+):\s*var\(--([\w-]+)\);")

Theme = dict[str, str]


def themes() -> dict[str, Theme]:
    """Token → colour, for the light and the dark theme."""
    text = TOKENS.read_text("utf-8")
    light = {name: a for name, a, _ in PAIR.findall(text)}
    dark = {name: b for name, _, b in PAIR.findall(text)}
    for theme in (light, dark):
        theme.update({name: colour for name, colour in SAME.findall(text) if name not in theme})
        theme.update({name: theme[other] for name, other in ALIAS.findall(text) if other in theme})
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def ratio(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
