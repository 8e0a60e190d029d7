"""What API views ask before they start. Verbs ask again: this is only the early answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from workspaces import requests
from workspaces.enums import Scope

if TYPE_CHECKING:  # `rest_framework.views` imports this module by its name in the settings.
    from rest_framework.views import APIView

READS_AS = {"HEAD": "GET"}


class IsWorkspaceActor(BasePermission):
    """Somebody with a valid credential, in a workspace of theirs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        requests.api_actor(request)  # Raises what is to be answered.
        return True


class RequiresScope(IsWorkspaceActor):
    """Also the scope that the view names for the method: `scopes = {"GET": Scope.AGENTS_READ}`.

    A method that the view handles and names no scope for is refused to everybody.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        actor = requests.api_actor(request)
        method = READS_AS.get(request.method or "", request.method or "")
        scopes: dict[str, Scope] = getattr(view, "scopes", {})
        if method in scopes:
            actor.require(scopes[method])
            return True
        # Unknown methods go on to their 405.
        return method == "OPTIONS" or method not in view.allowed_methods
