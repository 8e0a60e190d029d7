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
CHANGED_OWN = (200, 403, 200, 401, 200)

DRAFT = {
    "revision": 2,
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
    # Pages of nobody in particular.
    Row("healthz", (200, 200, 200, 200, 200)),
    Row("readyz", (503, 503, 503, 503, 503)),  # Tests start no worker threads.
    Row("workspaces:sign-in", (302, 302, 302, 200, 200)),
    Row("workspaces:sign-in", (400, 400, 400, 400, 400), "POST"),
    Row("workspaces:sign-in-link", (410, 410, 410, 410, 410)),
    Row("workspaces:sign-in-link", (410, 410, 410, 410, 410), "POST"),
    Row("workspaces:sign-out", (405, 405, 405, 405, 405)),
    Row("workspaces:sign-out", (302, 302, 302, 302, 302), "POST"),
    # Pages of the current workspace: an outsider has one of their own.
    Row("home", (200, 200, 200, 302, 200)),
    Row("dashboard-sandbox", (302, 302, 302, 302, 302)),
    Row("dashboard-analytics", (302, 302, 302, 302, 302)),
    Row("dashboard-observability", (302, 302, 302, 302, 302)),
    Row("api-docs", (200, 200, 200, 302, 200)),
    Row("workspaces:password-change", (200, 200, 200, 302, 403)),
    Row("workspaces:password-change", (400, 400, 400, 302, 403), "POST"),
    # Settings of a workspace.
    Row("workspaces:member-list", SEEN),
    Row(
        "workspaces:member-add",
        (200, 403, 404, 302, 200),
        "POST",
        {"email": "new@example.org", "role": "viewer"},
    ),
    Row("workspaces:member-change", WRITES, "POST", {"role": "editor"}),
    Row("workspaces:member-remove", WRITES, "POST"),
    Row("workspaces:member-invite", (200, 403, 404, 302, 200), "POST"),
    Row("workspaces:token-list", ADMINS_SEE),
    Row("workspaces:token-create", (200, 403, 404, 302, 403), "POST", {"name": "x"}),
    Row("workspaces:token-revoke", WRITES, "POST"),
    Row("workspaces:audit-list", ADMINS_SEE),
    # Agents.
    Row("studio", (302, 302, 404, 302, 302)),
    Row("agent-edit", SEEN),
    Row("agents:agent-list", SEEN),
    Row("agents:agent-create", SEEN),
    Row("agents:agent-create", WRITES, "POST", {"language": "python", "name": "x"}),
    Row("agents:agent-update", WRITES, "POST", {"name": "x", "visibility": "workspace"}),
    Row("agents:agent-delete", WRITES, "POST"),
    Row("agents:agent-trash", SEEN),
    Row("agents:agent-restore", WRITES, "POST"),
    Row("agents:draft", (200, 200, 404, 401, 200)),
    Row("agents:draft", CHANGED, "PUT", DRAFT, json=True),
    Row("agents:version-list", SEEN),
    Row("agents:version-list", (201, 403, 404, 401, 201), "POST", {"revision": 2}, json=True),
    Row("agents:version-detail", SEEN),
    Row("agents:version-restore", WRITES, "POST"),
    # Runs.
    Row("agents:execution-list", SEEN),
    Row("agents:execution-detail", SEEN),
    Row("agents:execution-cancel", WRITES, "POST"),
    Row("agents:execution-rerun", WRITES, "POST"),
    # The API.
    Row("api-root", LISTED),
    Row("api-schema", LISTED),
    Row("health-detailed", LISTED),
    Row("api:code-execute", (200, 403, 200, 401, 200), "POST", CODE, json=True),
    Row("api:result-cache", CHANGED_OWN, "DELETE"),
    Row("api:result-cache-stats", LISTED),
    Row("api:code-agent-list", LISTED),
    Row("api:code-agent-list", (201, 403, 201, 401, 201), "POST", AGENT, json=True),
    Row("api:code-agent-detail", READ),
    Row("api:code-agent-detail", CHANGED, "PUT", AGENT, json=True),
    Row("api:code-agent-detail", CHANGED, "PATCH", {"name": "x"}, json=True),
    Row("api:code-agent-detail", (204, 403, 404, 401, 204), "DELETE"),
    Row("api:code-agent-restore", CHANGED, "POST"),
    Row("api:code-agent-versions", READ),
    Row("api:code-agent-diff", READ, data={"from": "1", "to": "draft"}),
    Row("api:agent-execute", (202, 403, 404, 401, 202), "POST", {}, json=True),
    Row("api:agent-log", READ),
    Row("api:agent-log-stats", READ),
    Row("api:workflow-log", LISTED),
    Row("api:execution-list", LISTED),
    Row("api:execution-list", (202, 403, 202, 401, 202), "POST", CODE, json=True),
    Row("api:execution-detail", READ),
    Row("api:execution-events", READ),
    Row("api:execution-stream", READ),
    Row("api:execution-artifact", READ),
    Row("api:execution-cancel", CHANGED, "POST", {}, json=True),
    Row("api:execution-rerun", (202, 403, 404, 401, 202), "POST", {}, json=True),
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
    return {name: route for name, route in _all().items() if not name.startswith(ADMIN)}


def administration() -> dict[str, Route]:
    return {name: route for name, route in _all().items() if name.startswith(ADMIN)}


def _all() -> dict[str, Route]:
    return {route.name: route for route in _walk(get_resolver().url_patterns, "", frozenset())}


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
