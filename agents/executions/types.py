"""What goes into a run and what its log gives back, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from agents.executions.enums import EventKind, Kind, State
from agents.registry.models import Agent, Version
from agents.snapshots.models import Snapshot
from runtimes.types import JSON, Limits, NetworkPolicy, Outcome

JsonObject: TypeAlias = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Everything a run needs, checked: what `executions.start` and `executions.run_inline` take."""

    kind: Kind
    snapshot: Snapshot
    agent: Agent | None = None
    version: Version | None = None
    input: JSON = None
    context: Mapping[str, JSON] = field(default_factory=dict)
    stdin: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    runtime: str = "auto"
    idempotency_key: str | None = None
    fingerprint: str = ""
    """Digest of the request the key came with: the same key for another request is refused."""
    correlation_id: str = ""
    rerun_of: UUID | None = None
    cache: bool = False
    """Declared pure: an earlier answer to the same may be given, and this one be kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line for the log, before it has a number."""

    kind: EventKind
    data: JsonObject
    ts: datetime


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One numbered line of a run's log."""

    execution: UUID
    seq: int
    ts: datetime
    kind: EventKind
    data: JsonObject

    def as_json(self) -> JsonObject:
        return {
            "execution": str(self.execution),
            "seq": self.seq,
            "ts": self.ts.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "kind": self.kind.value,
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class KeptArtifact:
    """A file that a run left, whose body is stored."""

    name: str
    media_type: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: the state to move to, and what there is to say about it."""

    state: State
    outcome: Outcome
    artifacts: tuple[KeptArtifact, ...] = ()


def limits_as_json(limits: Limits) -> JsonObject:
    return {**asdict(limits), "network": limits.network.value}


def limits_of(data: Mapping[str, JSON]) -> Limits:
    """From what `limits_as_json` gave."""
    fields = dict(data)
    network = NetworkPolicy(str(fields.pop("network", NetworkPolicy.NONE.value)))
    return Limits(**fields, network=network)  # type: ignore[arg-type]  # the numbers that `limits_as_json` wrote
