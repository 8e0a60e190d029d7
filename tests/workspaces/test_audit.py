"""The audit log: what it keeps, and that it keeps it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import transaction

from workspaces import access, audit, tokens
from workspaces.access import Actor
from workspaces.enums import Source
from workspaces.exceptions import AppendOnly
from workspaces.models import AuditEntry


def test_record_says_who_what_where(actor: Actor) -> None:
    token, _ = tokens.create(by=actor, name="ci")
    by = access.Actor(actor.user, actor.workspace, actor.scopes, Source.API, token, "req-1")
    entry = audit.record(
        by=by, action="agent.changed", target=actor.workspace, label="Sums", before={"a": 1}, after={"a": 2}
    )
    entry.refresh_from_db()
    assert (entry.actor, entry.user, entry.source, entry.request_id) == (
        "owner@example.org (token ci)",
        actor.user,
        "api",
        "req-1",
    )
    assert (entry.object_type, entry.object_id, entry.object_label) == (
        "agent",
        str(actor.workspace.pk),
        "Sums",
    )
    assert (entry.workspace, entry.organization) == (actor.workspace, actor.workspace.organization)
    assert (entry.before, entry.after) == ({"a": 1}, {"a": 2})


def test_values_become_json(actor: Actor) -> None:
    after = {
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "id": UUID(int=1),
        "tags": {"b"},
        "text": "\0\ud800",
        "nested": [{"n": None, "f": 1.5, "b": True}],
    }
    entry = audit.record(by=actor, action="agent.changed", target=actor.workspace, after=after)
    entry.refresh_from_db()
    assert entry.after == {
        "at": "2026-01-02T00:00:00Z",
        "id": "00000000-0000-0000-0000-000000000001",
        "tags": ["b"],
        "text": "\0\ud800",
        "nested": [{"n": None, "f": 1.5, "b": True}],
    }


def test_secrets_are_masked_and_long_texts_cut(actor: Actor) -> None:
    after = {"password": "hunter2", "deep": [{"secret": "s3"}], "text": "x" * 5000, "secrets": ["NAME"]}
    entry = audit.record(by=actor, action="agent.changed", target=actor.workspace, after=after)
    assert entry.after == {
        "password": "•••",
        "deep": [{"secret": "•••"}],
        "text": "x" * 2000 + "…",
        "secrets": ["NAME"],
    }


def test_overlong_labels_are_cut(actor: Actor) -> None:
    entry = audit.record(by=actor, action="agent.created", target=actor.workspace, label="x" * 300)
    entry.refresh_from_db()
    assert entry.object_label == "x" * 200


def test_labels_of_any_text_are_kept_as_far_as_columns_can(actor: Actor) -> None:
    label = "a\0b\ud800c"
    entry = audit.record(by=actor, action="agent.created", target=actor.workspace, label=label)
    entry.refresh_from_db()
    assert entry.object_label == "a\ufffdb?c"


def test_nothing_changes_or_removes_an_entry(actor: Actor) -> None:
    entry = audit.record(by=actor, action="agent.created", target=actor.workspace)
    entry.actor = "somebody else"
    attempts = (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(actor="somebody else"),
        lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
        lambda: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"actor": "x"}),
    )
    for attempt in attempts:
        with pytest.raises(AppendOnly), transaction.atomic():
            attempt()
    entry.refresh_from_db()
    assert entry.actor == "owner@example.org"


def test_entries_outlive_who_and_what_they_speak_of(actor: Actor) -> None:
    entry = audit.record(by=actor, action="agent.created", target=actor.workspace, label="Sums")
    actor.workspace.delete()
    actor.user.delete()
    entry.refresh_from_db()
    assert (entry.workspace, entry.user, entry.actor, entry.object_label) == (
        None,
        None,
        "owner@example.org",
        "Sums",
    )
