"""Agents: found, made, described, thrown away and brought back."""

from __future__ import annotations

from typing import Unpack
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.registry import checks, slugs
from agents.registry.enums import Visibility
from agents.registry.models import Agent, Draft
from agents.registry.types import AgentSpec, Details, details_of
from agents.snapshots import snapshots
from workspaces import audit
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import FieldError, Invalid, NotFound


def get(*, by: Actor, reference: str | UUID) -> Agent:
    """The agent with this id or slug that the actor may see; else `NotFound`."""
    found = (
        Agent.objects.visible_to(by)
        .called(str(reference))
        .select_related(
            "draft__snapshot",
            "draft__based_on",
            "draft__saved_by",
            "active_version",
            "created_by",
            "workspace",
        )
    )
    agent = found.first()
    if agent is None:
        raise NotFound("There is no such agent.")
    return agent


def locked(*, by: Actor, agent: Agent) -> Agent:
    """The agent as it is now, held until the end of the transaction; `NotFound` if it is gone."""
    by.require(Scope.AGENTS_WRITE)
    current = Agent.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=agent.pk).first()
    if current is None:
        raise NotFound("There is no such agent.")
    return current


@transaction.atomic
def create(*, by: Actor, spec: AgentSpec) -> Agent:
    """A new agent whose draft is `spec.code`; its slug is made from its name."""
    by.require(Scope.AGENTS_WRITE)
    snapshot = snapshots.take(spec.code)

    def write(slug: str) -> Agent:
        return Agent.objects.create(
            workspace=by.workspace, slug=slug, created_by=by.user, **checks.details(spec.details)
        )

    agent = slugs.claim(by.workspace, spec.details["name"], write)
    Draft.objects.create(agent=agent, snapshot=snapshot, saved_by=by.user)
    after = {"slug": agent.slug, **details_of(agent), "hash": snapshot.hash}
    audit.record(by=by, action="agent.created", target=agent, after=after)
    return agent


@transaction.atomic
def update_details(*, by: Actor, agent: Agent, **changes: Unpack[Details]) -> Agent:
    """Change what is said about an agent. The slug stays, so that addresses keep working."""
    current = locked(by=by, agent=agent)
    before = details_of(current)
    changed = {name: value for name, value in checks.details(changes).items() if before[name] != value}
    if changed.get("visibility") == Visibility.PRIVATE and current.created_by != by.user:
        problem = FieldError("/visibility", "only the one who made the agent can make it private")
        raise Invalid(f"{problem.message.capitalize()}.", errors=[problem])
    if not changed:
        return current
    for name, value in changed.items():
        setattr(current, name, value)
    current.save(update_fields=[*changed, "updated_at"])
    was = {name: before[name] for name in changed}
    audit.record(by=by, action="agent.updated", target=current, before=was, after=changed)
    return current


@transaction.atomic
def delete(*, by: Actor, agent: Agent) -> None:
    """Move an agent to the trash, where its name is free for others."""
    current = locked(by=by, agent=agent)
    current.deleted_at = timezone.now()
    current.save(update_fields=["deleted_at"])
    audit.record(by=by, action="agent.deleted", target=current, before={"slug": current.slug})


@transaction.atomic
def restore(*, by: Actor, agent: Agent) -> Agent:
    """Bring an agent back from the trash; with a number behind its slug if that is taken meanwhile."""
    by.require(Scope.AGENTS_WRITE)
    trashed = Agent.objects.trash_of(by).select_for_update(of=("self",)).filter(pk=agent.pk).first()
    if trashed is None:
        raise NotFound("There is no such agent in the trash.")

    def write(slug: str) -> Agent:
        trashed.slug, trashed.deleted_at = slug, None
        trashed.save(update_fields=["slug", "deleted_at", "updated_at"])
        return trashed

    restored = slugs.claim(by.workspace, trashed.slug, write)
    audit.record(by=by, action="agent.restored", target=restored, after={"slug": restored.slug})
    return restored


def touch(agent: Agent) -> None:
    """Note that its draft or versions changed, for lists that show what was worked on last."""
    Agent.objects.filter(pk=agent.pk).update(updated_at=timezone.now())
