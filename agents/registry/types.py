"""What is said about an agent, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from agents.registry.enums import AgentType, Visibility
from agents.registry.models import Agent
from agents.snapshots.types import SnapshotSpec

DEFAULT_TYPE = AgentType.FUNCTION.value
DEFAULT_VISIBILITY = Visibility.WORKSPACE.value


class Details(TypedDict, total=False):
    """What may be changed without a new version, because no run depends on it."""

    name: str
    description: str
    type: str
    template: str
    visibility: str
    tags: list[str]
    deprecated: bool
    sample_input: str


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """A whole agent: its details and its code."""

    details: Details
    """`name` at least."""
    code: SnapshotSpec


def details_of(agent: Agent) -> dict[str, Any]:
    """The details as they are now, for the audit log and for answers."""
    return {name: getattr(agent, name) for name in Details.__annotations__}
