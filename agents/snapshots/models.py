"""Code at rest: file bodies by their hash, and trees of files with all that decides behaviour."""

from __future__ import annotations

from django.db import models

from workspaces.fields import JsonTextField


class Blob(models.Model):
    """One body of bytes in the blob storage, kept once however many files hold it."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

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
    entry_point = models.CharField(max_length=120, null=True)
    """None: the entry runs as the main program."""
    files = JsonTextField()
    """Relative path → sha256 of its blob."""
    config = JsonTextField()
    """`SnapshotConfig` as JSON: limits, runtime, names of variables and secrets, dependencies, schemas."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.hash[:12]
