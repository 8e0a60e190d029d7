"""Bodies of bytes, stored once under their SHA-256 and verified whenever they are read.

The row is inserted first and the body written before the transaction commits: whoever sees the
row finds the body, two that store the same body wait for each other, and a sweep cannot take a
body away between its writing and its row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone

from agents.snapshots.cache import BodyCache
from agents.snapshots.exceptions import BodyUnreadable
from agents.snapshots.models import Blob
from workspaces.exceptions import NotFound

MIB: Final = 1024 * 1024
FRESH: Final = timedelta(hours=1)
"""How stale `used_at` may become; far below the age at which a sweep takes things away."""

cache: Final = BodyCache(total_bytes=32 * MIB, body_bytes=2 * MIB)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def store(body: bytes | str) -> Blob:
    """The blob that holds `body` (text as UTF-8), stored now if it is new."""
    content = body.encode() if isinstance(body, str) else body
    sha256 = digest(content)
    store_all({sha256: content})
    return Blob.objects.get(sha256=sha256)


def store_all(bodies: Mapping[str, bytes]) -> None:
    """Store bodies under the digests that are their keys, in few queries.

    A body that was not stored for a while is written again, which mends one that was damaged.
    """
    with transaction.atomic():
        now = timezone.now()
        # In the order of their keys, so that two who store the same bodies cannot block each other.
        rows = [Blob(sha256=key, size_bytes=len(bodies[key]), used_at=now) for key in _not_fresh(bodies, now)]
        Blob.objects.bulk_create(
            rows, batch_size=200, update_conflicts=True, unique_fields=["sha256"], update_fields=["used_at"]
        )
        for row in rows:
            _write(row.sha256, bodies[row.sha256])
    for sha256, body in bodies.items():
        cache.put(sha256, body)


def read(sha256: str) -> bytes:
    """The body stored under this digest.

    `NotFound` if there is no such body, `BodyUnreadable` if it is lost or damaged.
    """
    body = cache.get(sha256)
    if body is None:
        body = _read_verified(sha256)
        cache.put(sha256, body)
    return body


def read_text(sha256: str) -> str:
    return read(sha256).decode()


def remove(sha256s: Iterable[str]) -> None:
    """Delete bodies from the storage; for the sweep, which holds the locks on their rows."""
    for sha256 in sha256s:
        _storage().delete(_name(sha256))


def _not_fresh(digests: Iterable[str], now: datetime) -> list[str]:
    """The digests that have no row, or one that was not used for a while; sorted."""
    keys = sorted(digests)
    fresh: set[str] = set()
    for start in range(0, len(keys), 500):
        rows = Blob.objects.used_since(now - FRESH).filter(pk__in=keys[start : start + 500])
        fresh.update(rows.values_list("pk", flat=True))
    return [key for key in keys if key not in fresh]


def _read_verified(sha256: str) -> bytes:
    try:
        with _storage().open(_name(sha256)) as file:
            body = bytes(file.read())
    except FileNotFoundError:
        if not Blob.objects.filter(sha256=sha256).exists():
            raise NotFound("There is no such stored file.") from None
        raise BodyUnreadable(f"The stored file {sha256[:12]} is missing from the blob storage.") from None
    if digest(body) != sha256:
        raise BodyUnreadable(f"The stored file {sha256[:12]} is damaged: its bytes do not match its hash.")
    return body


def _write(sha256: str, body: bytes) -> None:
    name = _name(sha256)
    saved = _storage().save(name, ContentFile(body))
    if saved != name:
        _storage().delete(saved)
        raise BodyUnreadable('The storage "blobs" must replace files that exist, as AtomicFileStorage does.')


def _storage() -> Storage:
    return storages["blobs"]


def _name(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
