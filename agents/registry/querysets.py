"""Where every read of agents and versions starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from agents.registry.models import Agent, Version
    from workspaces.access import Actor


class AgentQuerySet(models.QuerySet["Agent"]):
    def visible_to(self, actor: Actor) -> AgentQuerySet:
        """Agents of the actor's workspace that are not in the trash."""
        mine = models.Q(visibility="private", created_by=actor.user)
        shared = ~models.Q(visibility="private")
        return self.filter(mine | shared, workspace=actor.workspace, deleted_at__isnull=True)

    def trash_of(self, actor: Actor) -> AgentQuerySet:
        mine = models.Q(visibility="private", created_by=actor.user)
        shared = ~models.Q(visibility="private")
        return self.filter(mine | shared, workspace=actor.workspace, deleted_at__isnull=False)


class VersionQuerySet(models.QuerySet["Version"]):
    def visible_to(self, actor: Actor) -> VersionQuerySet:
        """Versions of the agents that the actor may see."""
        mine = models.Q(agent__visibility="private", agent__created_by=actor.user)
        shared = ~models.Q(agent__visibility="private")
        return self.filter(mine | shared, agent__workspace=actor.workspace, agent__deleted_at__isnull=True)
