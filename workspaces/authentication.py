"""How API requests say who they are. Both ways end in `request.actor`."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as CsrfChecked
from rest_framework.request import Request

from workspaces import requests
from workspaces.access import Actor
from workspaces.enums import Source
from workspaces.models import User
from workspaces.problems import BEARER


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer slt_…`, and nowhere else: not in the query, not in a cookie."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        if requests.bearer_secret(request.META.get("HTTP_AUTHORIZATION")) is None:
            return None
        actor = requests.actor_of(request, source=Source.API)
        return actor.user, actor

    def authenticate_header(self, request: Request) -> str:
        return BEARER


class SessionAuthentication(CsrfChecked):
    """The session of the pages, with the CSRF token in `X-CSRFToken`."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        plain = requests.plain_request(request)
        if not isinstance(getattr(plain, "user", None), User) or not plain.user.is_active:
            return None
        self.enforce_csrf(request)
        actor = requests.actor_of(request, source=Source.API)
        return actor.user, actor
