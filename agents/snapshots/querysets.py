"""Which rows of code at rest may go."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.models import Exists, OuterRef

if TYPE_CHECKING:
    from agents.snapshots.models import Blob, Snapshot

_Row = TypeVar("_Row", bound=models.Model)


class _KeptQuerySet(models.QuerySet[_Row]):
    def unreferenced(self) -> models.QuerySet[_Row]:
        """Rows that no foreign key of any model points to."""
        rows: models.QuerySet[_Row] = self
        for relation in self.model._meta.related_objects:
            referrers = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            rows = rows.exclude(Exists(referrers))
        return rows

    def used_since(self, moment: datetime) -> models.QuerySet[_Row]:
        return self.filter(used_at__gte=moment)

    def unused_since(self, moment: datetime) -> models.QuerySet[_Row]:
        return self.unreferenced().filter(used_at__lt=moment)


class BlobQuerySet(_KeptQuerySet["Blob"]):
    pass


class SnapshotQuerySet(_KeptQuerySet["Snapshot"]):
    pass
