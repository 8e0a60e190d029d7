"""One name from the route to the page: the route, its view and its page template are called alike."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from tests.architecture.tree import ROOT

OURS = ("studio.", "agents.", "workspaces.")
SHARED_VIEWS = {"dashboard-sandbox", "dashboard-analytics", "dashboard-observability"}


def pages(items: list[URLPattern | URLResolver]) -> Iterator[tuple[str, str, str]]:
    """Route, view and package of every function view of ours."""
    for item in items:
        if isinstance(item, URLResolver):
            yield from pages(item.url_patterns)
        else:
            module = getattr(item.callback, "__module__", "")
            if module.startswith(OURS) and not hasattr(item.callback, "view_class"):
                yield str(item.name), item.callback.__name__, module.split(".")[0]


FOUND = sorted(set(pages(get_resolver().url_patterns)))


def test_views_are_called_as_their_routes() -> None:
    assert len(FOUND) > 30
    odd = [(route, view) for route, view, _ in FOUND if view != route.replace("-", "_")]
    assert [pair for pair in odd if pair[0] not in SHARED_VIEWS] == []


def test_page_templates_are_called_as_their_views() -> None:
    """What no view is called after is a component, a layout or a part: those have folders of their own."""
    templates = ROOT / "templates"
    for package in ("studio", "agents", "workspaces"):
        views = {view for _, view, home in FOUND if home == package}
        found = {path.stem for path in (templates / package).glob("*.html") if not path.name.startswith("_")}
        assert found - views == set(), package
