"""Files that runs leave behind: how they are kept, named and typed."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote
from uuid import UUID

from django.urls import reverse

from agents.executions.types import KeptArtifact
from agents.snapshots import blobs
from runtimes.types import Artifact

NAME_LENGTH: Final = 255
BINARY: Final = "application/octet-stream"
KNOWN: Final = {
    ".csv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".jsonl": "application/x-ndjson",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".svg": "image/svg+xml",
    ".tsv": "text/tab-separated-values",
    ".webp": "image/webp",
    ".yaml": "text/plain",
    ".yml": "text/plain",
}
"""Types that must not depend on the host's own table."""


def media_type(name: str) -> str:
    """The type that the name promises; the content is never looked at, nor trusted to be that."""
    suffix = "." + name.rsplit("/", 1)[-1].rpartition(".")[2].lower()
    return KNOWN.get(suffix) or mimetypes.types_map.get(suffix) or BINARY


def acceptable(name: str) -> bool:
    """Whether a name may be kept: a relative path of printable characters that stays below out/."""
    parts = name.split("/")
    return (
        0 < len(name) <= NAME_LENGTH
        and name.isprintable()
        and "\\" not in name
        and not any(part in {"", ".", ".."} for part in parts)
    )


def keep(files: Sequence[Artifact]) -> tuple[KeptArtifact, ...]:
    """Store the bodies of files whose names are acceptable; the last of two with one name counts."""
    if not files:
        return ()
    bodies = {file.name: file.content for file in files if acceptable(file.name)}
    digests = {name: blobs.digest(content) for name, content in bodies.items()}
    blobs.store_all({digests[name]: content for name, content in bodies.items()})
    return tuple(
        KeptArtifact(name, media_type(name), digests[name], len(content)) for name, content in bodies.items()
    )


def api_url(route: str, execution_id: UUID) -> str:
    """A route of one run in the API."""
    return reverse(f"api:{route}", args=[execution_id])


def url(execution_id: UUID, name: str) -> str:
    """Where an artifact is downloaded."""
    return f"{api_url('execution-detail', execution_id)}/artifacts/{quote(name)}"
