"""Where every read of agents and versions starts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models
from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.text import slugify

from workspaces.exceptions import AppendOnly

if TYPE_CHECKING:
    from agents.registry.models import Agent, Version
    from workspaces.access import Actor


def _shown_to(actor: Actor, prefix: str = "") -> Q:
    """Agents of the actor's workspace, private ones only if they are the actor's own."""
    mine = Q(**{f"{prefix}created_by": actor.user})
    return Q(**{f"{prefix}workspace": actor.workspace}) & (mine | ~Q(**{f"{prefix}visibility": "private"}))


class AgentQuerySet(models.QuerySet["Agent"]):
    def visible_to(self, actor: Actor) -> AgentQuerySet:
        """Agents of the actor's workspace that are not in the trash."""
        return self.filter(_shown_to(actor), deleted_at__isnull=True)

    def trash_of(self, actor: Actor) -> AgentQuerySet:
        return self.filter(_shown_to(actor), deleted_at__isnull=False)

    def called(self, reference: str) -> AgentQuerySet:
        """The agent with this id or, among those in use, this slug."""
        try:
            return self.filter(pk=UUID(reference))
        except ValueError:
            return self.filter(slug=reference.replace("\0", ""), deleted_at__isnull=True)

    def search(self, words: str) -> AgentQuerySet:
        """Agents with every word in their name, slug, description or tags."""
        found = self
        for word in words.replace("\0", " ").split()[:10]:
            # SQLite knows the case of ASCII letters alone; a slug has no others.
            slug = word if word.isascii() else slugify(word) or word
            text = Q(name__icontains=word) | Q(slug__icontains=slug) | Q(description__icontains=word)
            found = found.filter(text | _tags_contain(word))
        return found

    def tagged(self, tag: str) -> AgentQuerySet:
        return self.filter(_tags_contain(tag.strip().lower(), whole=True))

    def with_newest_version(self) -> AgentQuerySet:
        """Adds `latest_number` and `language`: of the newest version, or of the draft if there is none."""
        newest = self._related("versions").order_by("-number")
        return self.annotate(
            latest_number=Subquery(newest.values("number")[:1]),
            language=Coalesce(Subquery(newest.values("snapshot__language")[:1]), "draft__snapshot__language"),
        )

    def with_usage(self) -> AgentQuerySet:
        """Adds `run_count`, `last_run_at` and `last_run_state`."""
        runs = self._related("executions")
        last = runs.order_by("-queued_at")
        count = runs.order_by().values("agent").annotate(count=Count("pk")).values("count")
        return self.annotate(
            run_count=Coalesce(Subquery(count), 0),
            last_run_at=Subquery(last.values("queued_at")[:1]),
            last_run_state=Subquery(last.values("state")[:1]),
        )

    def with_newest_rows(self) -> AgentQuerySet:
        """Loads the newest version of each agent into `newest_versions`: a list of one or none."""
        versions = self._related("versions").order_by("-number").model._base_manager
        same_agent = versions.filter(agent=OuterRef("agent")).order_by("-number")
        newest = versions.filter(number=Subquery(same_agent.values("number")[:1]))
        rows = newest.select_related("snapshot", "created_by")
        return self.prefetch_related(Prefetch("versions", queryset=rows, to_attr="newest_versions"))

    def _related(self, relation: str) -> models.QuerySet[Any]:
        """The rows of a relation for the agent of the outer query, by name: runs are defined above here."""
        related: Any = self.model._meta.get_field(relation).related_model
        rows: models.QuerySet[Any] = related._base_manager.filter(agent=OuterRef("pk"))
        return rows


def _tags_contain(text: str, *, whole: bool = False) -> Q:
    """Tags are lower-case JSON text; SQLite keeps it in ASCII, PostgreSQL does not."""
    quote = '"' if whole else ""
    forms = {json.dumps(text.lower(), ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    return Q(pk__in=[]) | Q(
        *[("tags__icontains", f"{quote}{form}{quote}") for form in forms], _connector=Q.OR
    )


class VersionQuerySet(models.QuerySet["Version"]):
    def visible_to(self, actor: Actor) -> VersionQuerySet:
        """Versions of the agents that the actor may see."""
        return self.filter(_shown_to(actor, "agent__"), agent__deleted_at__isnull=True)

    def update(self, **values: Any) -> int:
        """Only the stage of a version ever moves."""
        if set(values) - {"stage"}:
            raise AppendOnly("A saved version is never changed.")
        return super().update(**values)
