"""The audit log: every write adds one line here, and nothing ever changes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from workspaces.access import Actor
from workspaces.enums import Source
from workspaces.models import AuditEntry, User, Workspace

SECRET_KEYS = frozenset({"password", "secret", "digest", "authorization", "cookie", "api_key"})
MASK = "•••"
MAX_TEXT = 2000
"""Longer values are cut: the log says what changed, it does not keep a second copy of it."""


def record(
    *,
    by: Actor,
    action: str,
    target: models.Model,
    label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add the line of one write by `by`. `action` is noun and past participle: `agent.created`."""
    return _add(
        actor=str(by),
        user=by.user,
        workspace=by.workspace,
        source=by.source,
        request_id=by.request_id,
        action=action,
        target=target,
        label=label,
        before=before,
        after=after,
    )


def record_system(
    *,
    action: str,
    target: models.Model,
    workspace: Workspace | None = None,
    user: User | None = None,
    source: Source = Source.SYSTEM,
    label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request_id: str = "",
) -> AuditEntry:
    """Add the line of a write that no member of a workspace asked for: set-up, sign-in, administration."""
    return _add(
        actor=user.email if user else source.label,
        user=user,
        workspace=workspace,
        source=source,
        request_id=request_id,
        action=action,
        target=target,
        label=label,
        before=before,
        after=after,
    )


def _add(
    *,
    actor: str,
    user: User | None,
    workspace: Workspace | None,
    source: Source,
    request_id: str,
    action: str,
    target: models.Model,
    label: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> AuditEntry:
    return AuditEntry.objects.create(
        organization_id=workspace.organization_id if workspace else None,
        workspace=workspace,
        user=user,
        actor=_storable(actor)[:254],
        source=source,
        action=action,
        object_type=action.partition(".")[0],
        object_id=str(target.pk)[:64],
        object_label=_storable(label or str(target))[:200],
        before=_plain(before),
        after=_plain(after),
        request_id=request_id[:64],
    )


def _storable(text: str) -> str:
    """`text` without what text columns refuse: NULs and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    """`value` as JSON, cut to size, with anything that is named like a secret masked."""
    if isinstance(value, Mapping):
        return {str(key): MASK if key in SECRET_KEYS else _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else value[:MAX_TEXT] + "…"
    if value is None or isinstance(value, bool | int | float):
        return value
    return DjangoJSONEncoder().default(value)
