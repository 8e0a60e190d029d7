"""API tokens of a workspace."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from workspaces import forms, tokens
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import Invalid, NotFound
from workspaces.models import ApiToken
from workspaces.requests import WorkspaceRequest, workspace_page

SHOWN = 500
"""Tokens on the page, the newest first."""


@require_safe
@workspace_page
def token_list(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    actor.require(Scope.TOKENS_WRITE)
    return _page(request, actor, forms.TokenForm(actor=actor))


@require_POST
@never_cache
@workspace_page
def token_create(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    """Answers with the list and the secret in it, which is shown this once and kept nowhere."""
    actor.require(Scope.TOKENS_WRITE)
    form = forms.TokenForm(request.POST, actor=actor)
    if not form.is_valid():
        return _page(request, actor, form, status=400)
    scopes = form.cleaned_data["scopes"] or None
    try:
        _, secret = tokens.create(
            by=actor, name=form.cleaned_data["name"], scopes=scopes, expires_at=form.expires_at
        )
    except Invalid as error:
        forms.show(form, error)
        return _page(request, actor, form, status=error.status)
    return _page(request, actor, forms.TokenForm(actor=actor), secret=secret)


@require_POST
@workspace_page
def token_revoke(request: WorkspaceRequest, actor: Actor, token_id: UUID) -> HttpResponse:
    actor.require(Scope.TOKENS_WRITE)
    token = ApiToken.objects.visible_to(actor).filter(pk=token_id).first()
    if token is None:
        raise NotFound("There is no such token.")
    tokens.revoke(by=actor, token=token)
    messages.success(request, f"The token {token.name} no longer works.")
    return redirect("workspaces:token-list", actor.workspace.slug)


def _page(
    request: WorkspaceRequest, actor: Actor, form: forms.TokenForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    visible = ApiToken.objects.visible_to(actor).select_related("user").order_by("-created_at")
    context = {
        "tokens": visible[:SHOWN],
        "form": form,
        "scopes": [(scope.value, scope.label) for scope in Scope if actor.may(scope)],
        "new_secret": secret,
    }
    return render(request, "workspaces/token_list.html", context, status=status)
