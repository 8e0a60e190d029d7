"""Where every read of runs starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from agents.executions.enums import UNFINISHED

if TYPE_CHECKING:
    from agents.executions.models import Execution
    from workspaces.access import Actor


class ExecutionQuerySet(models.QuerySet["Execution"]):
    def visible_to(self, actor: Actor) -> ExecutionQuerySet:
        """Runs of the actor's workspace, but not those of somebody else's private agents."""
        private = models.Q(agent__visibility="private") & ~models.Q(agent__created_by=actor.user)
        return self.filter(workspace=actor.workspace).exclude(private)

    def unfinished(self) -> ExecutionQuerySet:
        return self.filter(state__in=UNFINISHED)
