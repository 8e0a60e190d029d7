"""The draft of an agent: the editor's work, saved as it is typed, never over somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from agents.registry import agents, checks
from agents.registry.exceptions import DraftMoved
from agents.registry.models import Agent, Draft, Version
from agents.snapshots import snapshots
from agents.snapshots.models import Snapshot
from agents.snapshots.types import SnapshotSpec
from runtimes.types import JSON
from workspaces import audit
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.models import AuditEntry

AUDIT_EVERY: Final = timedelta(minutes=10)
"""Autosaves of one person are one line of the audit log in so long."""


@transaction.atomic
def save(
    *,
    by: Actor,
    agent: Agent,
    expected_revision: int | None,
    spec: SnapshotSpec,
    sample_input: str | None = None,
) -> Draft:
    """Save `spec` as the draft if it still is at `expected_revision`; None overwrites whatever is there.

    `DraftMoved` with the newer draft if somebody was faster. Sending again what is already saved
    succeeds: the first answer may have been lost.
    """
    by.require(Scope.AGENTS_WRITE)
    snapshot = snapshots.take(spec)
    current = agents.locked(by=by, agent=agent)
    draft = of(current)
    sample = current.sample_input if sample_input is None else sample_input
    checks.details({"sample_input": sample})
    if (draft.snapshot_id, current.sample_input) == (snapshot.hash, sample):
        return draft
    if expected_revision not in (None, draft.revision):
        raise moved(draft)
    before = {"hash": draft.snapshot_id, "revision": draft.revision}
    draft = replace(by=by, agent=current, snapshot=snapshot, based_on=draft.based_on)
    Agent.objects.filter(pk=current.pk).update(sample_input=sample, updated_at=timezone.now())
    draft.agent.sample_input = sample
    _audit(by, draft, before, overwritten=expected_revision is None)
    return draft


def of(agent: Agent) -> Draft:
    """The draft with what it refers to."""
    return Draft.objects.select_related("agent", "snapshot", "based_on", "saved_by").get(agent=agent)


def replace(*, by: Actor, agent: Agent, snapshot: Snapshot, based_on: Version | None) -> Draft:
    """Put `snapshot` in the place of the draft of an agent that the caller has locked."""
    draft = of(agent)
    draft.snapshot, draft.based_on, draft.saved_by = snapshot, based_on, by.user
    draft.revision += 1
    draft.save()
    return draft


def as_json(draft: Draft) -> dict[str, JSON]:
    """The draft as the editor loads and saves it."""
    spec = snapshots.spec(draft.snapshot)
    return {
        "agent": str(draft.agent_id),
        "revision": draft.revision,
        "saved_at": _stamp(draft.saved_at),
        "saved_by": draft.saved_by.email if draft.saved_by else "",
        "based_on": draft.based_on.number if draft.based_on else None,
        "hash": draft.snapshot_id,
        "language": spec.language,
        "files": dict(spec.files),
        "entry": spec.entry,
        "entry_point": spec.entry_point,
        "config": spec.config.as_json(),
        "sample_input": draft.agent.sample_input,
    }


def receipt(draft: Draft) -> dict[str, JSON]:
    """What the editor learns when it has saved."""
    return {"revision": draft.revision, "saved_at": _stamp(draft.saved_at), "hash": draft.snapshot_id}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moved(draft: Draft) -> DraftMoved:
    who = draft.saved_by.email if draft.saved_by else "somebody"
    detail = f"The draft is at revision {draft.revision} now, saved by {who}. What you sent was not saved."
    return DraftMoved(detail, extra={"current": as_json(draft)})


def _audit(by: Actor, draft: Draft, before: Mapping[str, object], *, overwritten: bool) -> None:
    lately = AuditEntry.objects.filter(
        object_type="draft",
        object_id=str(draft.pk),
        action="draft.saved",
        user=by.user,
        at__gt=timezone.now() - AUDIT_EVERY,
    )
    if overwritten or not lately.exists():
        action = "draft.overwritten" if overwritten else "draft.saved"
        after = {"hash": draft.snapshot_id, "revision": draft.revision}
        audit.record(by=by, action=action, target=draft, before=before, after=after)
