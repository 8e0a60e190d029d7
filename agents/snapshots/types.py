"""What a snapshot holds, as plain values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from runtimes.types import JSON

_FORMAT = 1
"""Part of each hash: raised when the meaning of a stored field changes."""


@dataclass(frozen=True, slots=True)
class SnapshotConfig:
    """The settings that travel with the code. Names of variables and secrets, never their values."""

    limits: Mapping[str, JSON] = field(default_factory=dict)
    """The fields of `agents.snapshots.limits` that the author set."""
    runtime: str = "auto"
    env: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    input_schema: JSON = None
    output_schema: JSON = None

    @classmethod
    def of(cls, data: Mapping[str, JSON]) -> SnapshotConfig:
        """From what `as_json` gave."""
        limits = data.get("limits")
        return cls(
            limits=limits if isinstance(limits, dict) else {},
            runtime=str(data.get("runtime") or "auto"),
            env=_words(data.get("env")),
            secrets=_words(data.get("secrets")),
            dependencies=_words(data.get("dependencies")),
            input_schema=data.get("input_schema"),
            output_schema=data.get("output_schema"),
        )

    def as_json(self) -> dict[str, JSON]:
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def _words(value: JSON) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class SnapshotSpec:
    """A tree of files and the settings it runs with: one row of snapshots, with the file texts."""

    language: str
    files: Mapping[str, str]
    """Relative POSIX path → text."""
    entry: str
    entry_point: str | None = None
    config: SnapshotConfig = field(default_factory=SnapshotConfig)


def content_hash(spec: SnapshotSpec, digests: Mapping[str, str]) -> str:
    """The SHA-256 of everything that decides behaviour; `digests` maps each path to its body's.

    Equal code in equal settings has an equal hash on every host, whatever the order of keys. The
    order of dependencies counts, that of names of variables and secrets does not.
    """
    env, secrets = sorted(spec.config.env), sorted(spec.config.secrets)
    canonical = {
        "format": _FORMAT,
        "language": spec.language,
        "entry": spec.entry,
        "entry_point": spec.entry_point,
        "files": dict(digests),
        "config": {**spec.config.as_json(), "env": env, "secrets": secrets},
    }
    text = json.dumps(canonical, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
