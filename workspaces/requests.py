"""Who sent a request, in which workspace: the same answer for pages, the API and sockets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from workspaces import access, problems, tokens
from workspaces.access import Actor
from workspaces.enums import Source
from workspaces.exceptions import DomainError, NotFound, Unauthenticated
from workspaces.models import User, Workspace

SESSION_KEY = "workspace"
"""Where the session keeps the slug of the workspace that was looked at last."""
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,60}")
WORKSPACE_ROUTE = "w/<slug:slug>/"
UNKNOWN_TOKEN = "The token is unknown, expired or revoked, or its user has left the workspace."  # noqa: S105  # a message


class WorkspaceRequest(HttpRequest):
    """A request as views of a workspace get it."""

    user: User
    actor: Actor
    request_id: str
    htmx: HtmxDetails


# --- The three questions --------------------------------------------------------------------------


def actor_of(request: HttpRequest | Request, *, source: Source = Source.PAGE) -> Actor:
    """Who acts: by bearer token, else by session in the workspace that the request names.

    Raises `Unauthenticated` without a valid credential and `NotFound` for the workspace of others.
    The answer is kept as `request.actor`; a token also becomes `request.user`.
    """
    plain = plain_request(request)
    known = getattr(plain, "actor", None)
    if isinstance(known, Actor):
        return known
    return _keep(plain, _actor_in(plain, slug_of(plain), source))


def page_actor(request: HttpRequest, slug: str) -> Actor:
    """Who acts on a page of the workspace `slug`, which becomes the session's current one."""
    actor = _keep(request, _actor_in(request, slug, Source.PAGE))
    if actor.token is None and request.session.get(SESSION_KEY) != slug:
        request.session[SESSION_KEY] = slug
    return actor


def api_actor(request: HttpRequest | Request) -> Actor:
    """Who calls the API, as authentication found out."""
    return actor_of(request, source=Source.API)


def socket_actor(scope: Mapping[str, Any], workspace_id: int | None = None) -> Actor | None:
    """Who opened a websocket: by bearer token or session, in the workspace with this id or the current one.

    Reads the database: async consumers wrap it in `database_sync_to_async`. None for whoever may not
    know that the workspace exists. The origin has been checked before.
    """
    try:
        secret = bearer_secret(_header(scope, b"authorization"))
        if secret is not None:
            actor = token_actor(secret, source=Source.SOCKET)
            return actor if workspace_id in (None, actor.workspace.pk) else None
        return _session_socket_actor(scope, workspace_id)
    except DomainError:
        return None


# --- Decorators -----------------------------------------------------------------------------------

View = Callable[..., HttpResponseBase]


def workspace_page(view: View) -> View:
    """A page of a workspace: calls `view(request, actor, …)` without the slug of its route.

    Whoever is not signed in is sent to the sign-in page; what a verb refuses becomes the error page.
    """

    @wraps(view)
    def page(request: HttpRequest, slug: str | None = None, **kwargs: Any) -> HttpResponseBase:
        try:
            actor = actor_of(request) if slug is None else page_actor(request, slug)
            return view(cast(WorkspaceRequest, request), actor, **kwargs)
        except Unauthenticated as error:
            if bearer_secret(request.META.get("HTTP_AUTHORIZATION")) is not None:
                return error_page(request, error)
            return to_sign_in(request)
        except DomainError as error:
            return error_page(request, error)

    return page


def workspace_json(view: View) -> View:
    """Like `workspace_page` for routes that speak JSON: every refusal is a problem document."""

    @wraps(view)
    def endpoint(request: HttpRequest, slug: str | None = None, **kwargs: Any) -> HttpResponseBase:
        try:
            actor = actor_of(request) if slug is None else page_actor(request, slug)
            return view(cast(WorkspaceRequest, request), actor, **kwargs)
        except Exception as error:
            refusal = problems.as_domain_error(error)
            if refusal is None:
                raise
            return problems.problem_response(refusal, request)

    return endpoint


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """What a verb refused, for people."""
    context = {
        "status": error.status,
        "title": error.title,
        "detail": error.detail,
        "errors": error.errors,
        "request_id": getattr(request, "request_id", ""),
    }
    response = render(request, "error.html", context, status=error.status)
    for name, value in problems.headers_of(error).items():
        response.headers[name] = value
    return response


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back here afterwards; a fragment's whole page goes along."""
    htmx = getattr(request, "htmx", None)
    if htmx:
        here = htmx.current_url_abs_path or "/"
        return HttpResponseClientRedirect(redirect_to_login(here).url)
    here = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return redirect_to_login(here)


# --- How the answers are found --------------------------------------------------------------------


def plain_request(request: HttpRequest | Request) -> HttpRequest:
    return request._request if isinstance(request, Request) else request


def slug_of(request: HttpRequest) -> str | None:
    """The workspace that the request names by its path or by the header `X-Workspace`."""
    match = request.resolver_match
    if match is not None and match.route.startswith(WORKSPACE_ROUTE):
        return str(match.kwargs["slug"])
    return request.META.get("HTTP_X_WORKSPACE") or None


def bearer_secret(authorization: str | None) -> str | None:
    """The secret in an `Authorization` header; None if it is absent or of another scheme."""
    scheme, _, secret = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    return secret.strip()


def token_actor(secret: str, *, source: Source, request_id: str = "") -> Actor:
    """Who holds this secret; `Unauthenticated` unless it opens a workspace now."""
    token = tokens.authenticate(secret)
    if token is None:
        raise Unauthenticated(UNKNOWN_TOKEN)
    try:
        return access.actor(
            user=token.user, workspace=token.workspace, source=source, token=token, request_id=request_id
        )
    except NotFound:
        raise Unauthenticated(UNKNOWN_TOKEN) from None


def session_actor(
    user: User, *, slug: str | None, current: str | None, source: Source, request_id: str = ""
) -> Actor:
    """Who `user` is in the workspace `slug`, or else in the current one, or else in the first of theirs."""
    visible = Workspace.objects.visible_to(user)
    if slug is not None and not SLUG.fullmatch(slug):
        workspace = None  # Nor may the database be asked: not every one takes every character.
    elif slug is not None:
        workspace = visible.filter(slug=slug).first()
    else:
        workspace = visible.filter(slug=current).first() if current else None
        workspace = workspace or visible.order_by("memberships__pk").first()
    if workspace is None:
        raise NotFound("There is no such workspace." if slug else "You are not a member of any workspace.")
    return access.actor(user=user, workspace=workspace, source=source, request_id=request_id)


def _actor_in(request: HttpRequest, slug: str | None, source: Source) -> Actor:
    request_id = getattr(request, "request_id", "")
    secret = bearer_secret(request.META.get("HTTP_AUTHORIZATION"))
    if secret is not None:
        actor = token_actor(secret, source=Source.API, request_id=request_id)
        if slug not in (None, actor.workspace.slug):
            raise NotFound("There is no such workspace.")
        return actor
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active:
        raise Unauthenticated("Sign in, or send a token as `Authorization: Bearer …`.")
    current = request.session.get(SESSION_KEY)
    return session_actor(user, slug=slug, current=current, source=source, request_id=request_id)


def _keep(request: HttpRequest, actor: Actor) -> Actor:
    request.actor = actor  # type: ignore[attr-defined]  # WorkspaceRequest has it
    request.user = actor.user
    return actor


def _session_socket_actor(scope: Mapping[str, Any], workspace_id: int | None) -> Actor | None:
    user = scope.get("user")
    if user is None or user.pk is None:
        return None
    # Asked again and not taken from the scope: a socket lives longer than a request.
    person = User.objects.filter(pk=user.pk, is_active=True).first()
    if person is None:
        return None
    if workspace_id is None:
        return session_actor(person, slug=None, current=_current(scope), source=Source.SOCKET)
    workspace = Workspace.objects.visible_to(person).filter(pk=workspace_id).first()
    return access.actor(user=person, workspace=workspace, source=Source.SOCKET) if workspace else None


def _current(scope: Mapping[str, Any]) -> str | None:
    session = scope.get("session")
    return session.get(SESSION_KEY) if session is not None else None


def _header(scope: Mapping[str, Any], name: bytes) -> str | None:
    for key, value in scope.get("headers", ()):
        if key.lower() == name:
            return str(value.decode("latin-1"))
    return None
