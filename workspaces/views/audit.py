"""The audit log of a workspace."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from workspaces import forms, pagination
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import FieldError, Invalid
from workspaces.models import AuditEntry
from workspaces.querysets import AuditEntryQuerySet
from workspaces.requests import WorkspaceRequest, workspace_page


@require_safe
@workspace_page
def audit_list(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    actor.require(Scope.AUDIT_READ)
    form = forms.AuditFilterForm(request.GET)
    if not form.is_valid():
        errors = [FieldError(f"/{name}", " ".join(map(str, found))) for name, found in form.errors.items()]
        raise Invalid(" ".join(forms.messages_of(form)), errors=errors)
    filters = form.cleaned_data
    entries = filtered(AuditEntry.objects.visible_to(actor), filters)
    page = pagination.page_of(request, entries, ordering=("-id",))
    context = {
        "page": page.items,
        "next_url": page.next_url,
        "previous_url": page.previous_url,
        "filters": {name: request.GET.get(name, "") for name in form.fields},
    }
    return render(request, "workspaces/audit_list.html", context)


def filtered(entries: AuditEntryQuerySet, filters: dict[str, Any]) -> AuditEntryQuerySet:
    """The entries that all the given filters fit; days are whole days, in UTC."""
    if filters["q"]:
        words = Q()
        for field in ("actor", "action", "object_label", "object_id", "request_id"):
            words |= Q(**{f"{field}__icontains": filters["q"]})
        entries = entries.filter(words)
    if filters["action"]:
        entries = entries.filter(action__startswith=filters["action"])
    if filters["user"]:
        entries = entries.filter(actor__icontains=filters["user"])
    if filters["source"]:
        entries = entries.filter(source=filters["source"])
    if filters["since"]:
        entries = entries.filter(at__gte=_midnight(filters["since"]))
    if filters["until"]:
        entries = entries.filter(at__lt=_midnight(filters["until"]) + timedelta(days=1))
    return entries


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
