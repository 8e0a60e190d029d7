"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from studio.version import VERSION
from workspaces.models import User, Workspace


def shell(request: HttpRequest) -> dict[str, Any]:
    """Who looks, where, and what else they may open. Works on error pages, where nothing is known."""
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "workspace": actor.workspace if actor else None,
        "workspaces": _workspaces(getattr(request, "user", None)) if actor else (),
        "version": VERSION,
        "request_id": getattr(request, "request_id", ""),
    }


def _workspaces(user: object) -> Any:
    if not isinstance(user, User):
        return ()
    return Workspace.objects.visible_to(user).select_related("organization").order_by("name")
