"""One's own account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from workspaces import forms, users
from workspaces.access import Actor
from workspaces.exceptions import Forbidden
from workspaces.requests import WorkspaceRequest, workspace_page


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@workspace_page
def password_change(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    if actor.token is not None:
        raise Forbidden("A token cannot change a password. Sign in to do it.")
    form = forms.PasswordForm(request.POST if request.method == "POST" else None, user=actor.user)
    if request.method != "POST" or not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "workspaces/password_change.html", {"form": form}, status=status)
    users.change_password(by=actor, password=form.cleaned_data["password"])
    update_session_auth_hash(request, actor.user)
    messages.success(request, "Your password is changed. Your other sessions have ended.")
    return redirect("home")
