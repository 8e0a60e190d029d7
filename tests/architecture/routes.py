"""Who gets what answer on every route: the table, and how its rows are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PERSONS = ("owner", "viewer", "outsider", "anonymous", "token")
"""Owner and viewer of the workspace, the owner of another one, nobody, and the owner's program."""


@dataclass(frozen=True)
class Row:
    """One request and its answer for each of PERSONS, in their order."""

    route: str
    answers: tuple[int, int, int, int, int]
    method: str = "GET"
    data: dict[str, Any] = field(default_factory=dict)
    json: bool = False

    @property
    def label(self) -> str:
        return f"{self.method} {self.route}"


# A page: anonymous people are sent to sign in, outsiders learn nothing.
SEEN = (200, 200, 404, 302, 200)
ADMINS_SEE = (200, 403, 404, 302, 200)
WRITES = (302, 403, 404, 302, 302)
# The API. An outsider asks in a workspace of their own: what is ours does not exist there.
READ = (200, 200, 404, 401, 200)
LISTED = (200, 200, 200, 401, 200)
CHANGED = (200, 403, 404, 401, 200)

DRAFT = {
    "revision": 1,
    "language": "python",
    "files": {"main.py": "def main(input):\n    return 2\n"},
    "entry": "main.py",
    "entry_point": "main",
    "config": {},
    "sample_input": "1",
}
AGENT = {
    "name": "Other",
    "language": "python",
    "files": {"main.py": "def main(input):\n    return 3\n"},
    "entry": "main.py",
    "entry_point": "main",
}
CODE = {"language": "python", "code": "result = 1"}

TABLE: list[Row] = [
    Row("home", (200, 200, 200, 302, 200)),
]

SOCKETS = {"execution-socket"}
"""Websocket routes that test_sockets.py asks."""

ADMIN = "admin:"
"""The administration site's own routes are one rule: its staff only."""


@dataclass(frozen=True)
class Route:
    name: str
    parameters: frozenset[str]


def known() -> dict[str, Route]:
    """Every HTTP route by its full name, without those of the administration site."""
    found = {route.name: route for route in _walk(get_resolver().url_patterns, "", frozenset())}
    return {name: route for name, route in found.items() if not name.startswith(ADMIN)}


def _walk(
    items: list[URLPattern | URLResolver], namespace: str, parameters: frozenset[str]
) -> Iterator[Route]:
    for item in items:
        inside = parameters | frozenset(item.pattern.converters)
        if isinstance(item, URLResolver):
            inner = f"{namespace}{item.namespace}:" if item.namespace else namespace
            yield from _walk(item.url_patterns, inner, inside)
        else:
            yield Route(f"{namespace}{item.name or item.pattern}", inside)
