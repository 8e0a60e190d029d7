"""Versions: what was saved under a number, and never changes."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from agents.registry import agents, checks, drafts
from agents.registry.exceptions import NothingToSave
from agents.registry.models import Agent, Draft, Version
from agents.registry.types import AgentSpec
from agents.snapshots import snapshots
from agents.snapshots.checks import runnable
from agents.snapshots.models import Snapshot
from workspaces import audit
from workspaces.access import Actor
from workspaces.exceptions import NotFound


def get(*, by: Actor, agent: Agent, number: int) -> Version:
    """The version of that number; `NotFound` if there is none."""
    found = Version.objects.visible_to(by).filter(agent=agent, number=number)
    version = found.select_related("agent", "snapshot", "created_by").first()
    if version is None:
        raise NotFound(f"{agent.name} has no version {number}.")
    return version


def newest(agent: Agent) -> Version | None:
    return agent.versions.select_related("agent", "snapshot", "created_by").order_by("-number").first()


@transaction.atomic
def create_agent(*, by: Actor, spec: AgentSpec, changelog: str = "") -> Version:
    """A new agent whose first version is `spec.code`."""
    runnable(spec.code)
    agent = agents.create(by=by, spec=spec)
    return save(by=by, agent=agent, changelog=changelog)


@transaction.atomic
def save(*, by: Actor, agent: Agent, expected_revision: int | None = None, changelog: str = "") -> Version:
    """Save the draft as the next version.

    `DraftMoved` if it is no longer at `expected_revision`, `NothingToSave` if it is what the newest
    version already holds, `Invalid` if no runtime would accept it.
    """
    current = agents.locked(by=by, agent=agent)
    draft = drafts.of(current)
    if expected_revision not in (None, draft.revision):
        raise drafts.moved(draft)
    last = newest(current)
    if last is not None and last.snapshot_id == draft.snapshot_id:
        raise NothingToSave(f"The draft is what version {last.number} already holds.")
    runnable(snapshots.spec(draft.snapshot))
    version = _add(by, current, draft.snapshot, changelog)
    Draft.objects.filter(pk=draft.pk).update(based_on=version)
    return version


@transaction.atomic
def put(*, by: Actor, agent: Agent, spec: AgentSpec, changelog: str = "") -> Version:
    """Save `spec` as the next version of an agent, and its details as the agent's.

    The draft follows if it held nothing that is in no version; else it stays, for whoever works on it.
    """
    runnable(spec.code)
    snapshot = snapshots.take(spec.code)
    current = agents.locked(by=by, agent=agent)
    agents.update_details(by=by, agent=current, **spec.details)
    kept = _is_kept(drafts.of(current))
    version = _add(by, current, snapshot, changelog)
    if kept:
        drafts.replace(by=by, agent=current, snapshot=snapshot, based_on=version)
    return version


@transaction.atomic
def restore(*, by: Actor, version: Version) -> Draft:
    """Make an old version the draft again.

    A draft that is in no version is not lost: it is saved as a version of its own first.
    """
    current = agents.locked(by=by, agent=version.agent)
    draft = drafts.of(current)
    if not _is_kept(draft):
        _add(by, current, draft.snapshot, f"Draft kept before version {version.number} was restored")
    before = {"hash": draft.snapshot_id, "revision": draft.revision}
    draft = drafts.replace(by=by, agent=current, snapshot=version.snapshot, based_on=version)
    agents.touch(current)
    after = {"hash": draft.snapshot_id, "revision": draft.revision, "version": version.number}
    audit.record(by=by, action="version.restored", target=version, before=before, after=after)
    return draft


def _is_kept(draft: Draft) -> bool:
    """Whether what the draft holds is also in a version."""
    return Version.objects.filter(agent=draft.agent, snapshot=draft.snapshot).exists()


def _add(by: Actor, agent: Agent, snapshot: Snapshot, changelog: str) -> Version:
    """The next version of an agent that the caller has locked, so that no number is given twice."""
    text = checks.changelog(changelog)
    last = Version.objects.filter(agent=agent).aggregate(last=Max("number"))["last"] or 0
    version = Version.objects.create(
        agent=agent, number=last + 1, snapshot=snapshot, changelog=text, created_by=by.user
    )
    agents.touch(agent)
    after = {"number": version.number, "hash": snapshot.hash, "changelog": text}
    audit.record(by=by, action="version.created", target=version, after=after)
    return version
