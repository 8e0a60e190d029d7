"""Code at rest: file bodies by their hash, and trees of files with all that decides behaviour."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from agents.snapshots.querysets import BlobQuerySet, SnapshotQuerySet
from workspaces.fields import JsonTextField


class Blob(models.Model):
    """One body of bytes in the blob storage, kept once however many files hold it."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)
    """When it was last stored, to within an hour: what was stored lately is not swept."""

    objects: ClassVar[models.Manager[Blob]] = BlobQuerySet.as_manager()

    def __str__(self) -> str:
        return self.sha256[:12]


class Snapshot(models.Model):
    """An immutable tree of files and the settings it runs with.

    The key is the hash of everything that decides behaviour, so equal code is one row. Holds no
    tenant: it is reached only through a draft, a version or an execution, which do.
    """

    hash = models.CharField(max_length=64, primary_key=True)
    language = models.CharField(max_length=12)
    entry = models.CharField(max_length=255)
    entry_point = models.CharField(max_length=120, null=True)  # noqa: DJ001  # "" is no name, None is script mode
    """None: the entry runs as the main program."""
    files = JsonTextField()
    """Relative path → sha256 of its blob."""
    config = JsonTextField()
    """`SnapshotConfig` as JSON: limits, runtime, names of variables and secrets, dependencies, schemas."""
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)
    """When it was last taken, to within an hour: what was taken lately is not swept."""

    objects: ClassVar[models.Manager[Snapshot]] = SnapshotQuerySet.as_manager()

    def __str__(self) -> str:
        return self.hash[:12]
