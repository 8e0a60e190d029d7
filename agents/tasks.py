"""All tasks of this app, where the queue looks for them."""

from agents.executions.tasks import reap, run

__all__ = ["reap", "run"]
