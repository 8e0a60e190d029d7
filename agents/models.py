"""All models of this app, where Django looks for them."""

from agents.executions.models import Artifact, CachedResult, Event, Execution
from agents.registry.models import Agent, Draft, Version
from agents.snapshots.models import Blob, Snapshot

__all__ = ["Agent", "Artifact", "Blob", "CachedResult", "Draft", "Event", "Execution", "Snapshot", "Version"]
