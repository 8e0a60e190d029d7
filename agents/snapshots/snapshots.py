"""Trees of code, stored once by the hash of everything that decides behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from agents.snapshots import blobs, checks
from agents.snapshots.models import Blob, Snapshot
from agents.snapshots.types import SnapshotConfig, SnapshotSpec, content_hash
from workspaces.exceptions import Invalid

KEEP_UNREFERENCED: Final = timedelta(days=1)
_SWEEP_BATCH: Final = 200


def take(spec: SnapshotSpec) -> Snapshot:
    """The snapshot of `spec`: one look-up when equal code was taken before, else stored now.

    Raises `Invalid` with a pointer to each bad field, `TooLarge` for too much code.
    """
    bodies = {path: _encoded(path, text) for path, text in spec.files.items()}
    checks.bounded(bodies)
    digests = {path: blobs.digest(body) for path, body in bodies.items()}
    key = _hash(spec, digests)
    now = timezone.now()
    known = Snapshot.objects.used_since(now - blobs.FRESH).filter(pk=key).first()
    if known is not None:
        return known
    checks.storable(spec)
    with transaction.atomic():
        blobs.store_all({digests[path]: body for path, body in bodies.items()})
        row = Snapshot(hash=key, used_at=now, **_columns(spec, digests))
        Snapshot.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["hash"], update_fields=["used_at"]
        )
    return row


def spec(snapshot: Snapshot) -> SnapshotSpec:
    """What was taken, with the file texts read back and verified."""
    return SnapshotSpec(
        language=snapshot.language,
        files={path: blobs.read_text(sha256) for path, sha256 in snapshot.files.items()},
        entry=snapshot.entry,
        entry_point=snapshot.entry_point,
        config=SnapshotConfig.of(snapshot.config),
    )


def sweep(*, older_than: timedelta = KEEP_UNREFERENCED) -> tuple[int, int]:
    """Delete snapshots and bodies that nothing refers to and nobody took lately; how many of each.

    May run beside anything and beside itself: a row goes only while it is locked, still old and
    still unreferenced, and a body goes with its row.
    """
    before = timezone.now() - older_than
    gone = 0
    while batch := _sweep_snapshots(before):
        gone += batch
    candidates = set(Blob.objects.unused_since(before).values_list("sha256", flat=True))
    for snapshot in Snapshot.objects.only("files").iterator():
        candidates.difference_update(snapshot.files.values())
    return gone, _sweep_blobs(sorted(candidates), before)


def _hash(spec: SnapshotSpec, digests: Mapping[str, str]) -> str:
    try:
        return content_hash(spec, digests)
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(f"The settings are not plain JSON: {error}") from error


def _encoded(path: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        message = f"has half of a surrogate pair at character {error.start}, which no file can hold"
        raise checks.refusal(checks.file_pointer(path), message) from error


def _columns(spec: SnapshotSpec, digests: Mapping[str, str]) -> dict[str, Any]:
    return {
        "language": spec.language,
        "entry": spec.entry,
        "entry_point": spec.entry_point,
        "files": dict(digests),
        "config": spec.config.as_json(),
    }


@transaction.atomic
def _sweep_snapshots(before: datetime) -> int:
    rows = Snapshot.objects.select_for_update(skip_locked=True).unused_since(before)[:_SWEEP_BATCH]
    return Snapshot.objects.filter(pk__in=[row.pk for row in rows]).delete()[0]


def _sweep_blobs(candidates: list[str], before: datetime) -> int:
    gone = 0
    for start in range(0, len(candidates), _SWEEP_BATCH):
        with transaction.atomic():
            locked = Blob.objects.select_for_update(skip_locked=True)
            rows = locked.unused_since(before).filter(pk__in=candidates[start : start + _SWEEP_BATCH])
            keys = [row.pk for row in rows]
            gone += Blob.objects.filter(pk__in=keys).delete()[0]
            blobs.remove(keys)
    return gone
