"""Who is a member, and as what."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from workspaces import forms, memberships, sign_in_links
from workspaces.access import Actor
from workspaces.enums import Role, Scope
from workspaces.exceptions import Conflict, Invalid, NotFound
from workspaces.models import Membership
from workspaces.requests import WorkspaceRequest, workspace_page


@require_safe
@workspace_page
def member_list(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    actor.require(Scope.MEMBERS_READ)
    return _page(request, actor, forms.MemberForm(actor=actor))


@require_POST
@never_cache
@workspace_page
def member_add(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    """Adds a member; for a new account, shows the link that opens it for the first time."""
    actor.require(Scope.MEMBERS_WRITE)
    form = forms.MemberForm(request.POST, actor=actor)
    if not form.is_valid():
        return _page(request, actor, form, status=400)
    try:
        link = _add(actor, **form.cleaned_data)
    except (Invalid, Conflict) as error:
        forms.show(form, error)
        return _page(request, actor, form, status=error.status)
    messages.success(request, f"{form.cleaned_data['email']} is a member now.")
    if not link:
        return redirect("workspaces:member-list", actor.workspace.slug)
    return _page(request, actor, forms.MemberForm(actor=actor), link=link)


@require_POST
@never_cache
@workspace_page
def member_invite(request: WorkspaceRequest, actor: Actor, membership_id: int) -> HttpResponse:
    """Shows another first sign-in link, for somebody who lost theirs."""
    secret = memberships.invite(by=actor, membership=_membership(actor, membership_id))
    form = forms.MemberForm(actor=actor)
    return _page(request, actor, form, link=sign_in_links.address_of(secret))


@require_POST
@workspace_page
def member_change(request: WorkspaceRequest, actor: Actor, membership_id: int) -> HttpResponse:
    role = request.POST.get("role", "")
    changed = memberships.change(by=actor, membership=_membership(actor, membership_id), role=role)
    messages.success(request, f"{changed.user.email} is {Role(changed.role).label.lower()} now.")
    return redirect("workspaces:member-list", actor.workspace.slug)


@require_POST
@workspace_page
def member_remove(request: WorkspaceRequest, actor: Actor, membership_id: int) -> HttpResponse:
    membership = _membership(actor, membership_id)
    memberships.remove(by=actor, membership=membership)
    messages.success(request, f"{membership.user.email} is no longer a member.")
    if membership.user_id == actor.user.pk:
        return redirect("home")
    return redirect("workspaces:member-list", actor.workspace.slug)


@transaction.atomic
def _add(actor: Actor, *, email: str, role: str) -> str:
    """Add the member; the address of their first sign-in link, or nothing if they have an account."""
    membership = memberships.add(by=actor, email=email, role=role)
    if not memberships.is_fresh(membership):
        return ""
    return sign_in_links.address_of(memberships.invite(by=actor, membership=membership))


def _membership(actor: Actor, membership_id: int) -> Membership:
    actor.require(Scope.MEMBERS_READ)
    members = Membership.objects.in_workspace(actor.workspace).select_related("user")
    membership = members.filter(pk=membership_id).first()
    if membership is None:
        raise NotFound("There is no such member.")
    return membership


def _invitable(actor: Actor, roles: list[Role]) -> list[int]:
    """Keys of the members whom the actor may hand another first sign-in link."""
    if not actor.may(Scope.MEMBERS_WRITE):
        return []
    fresh = Membership.objects.in_workspace(actor.workspace).fresh().filter(role__in=roles)
    return list(fresh.values_list("pk", flat=True))


def _page(
    request: WorkspaceRequest, actor: Actor, form: forms.MemberForm, *, link: str = "", status: int = 200
) -> HttpResponse:
    roles = forms.grantable(actor)
    members = Membership.objects.in_workspace(actor.workspace).select_related("user")
    context = {
        "memberships": members.order_by("user__email"),
        "form": form,
        "roles": [(role.value, role.label) for role in roles],
        "changeable": [role.value for role in roles] if actor.may(Scope.MEMBERS_WRITE) else [],
        "invitable": _invitable(actor, roles),
        "new_link": link,
    }
    return render(request, "workspaces/member_list.html", context, status=status)
