"""Bodies of bytes: kept once, verified, and mended when stored again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connections
from django.utils import timezone

from agents.snapshots import blobs
from agents.snapshots.cache import BodyCache
from agents.snapshots.exceptions import BodyUnreadable
from agents.snapshots.models import Blob
from agents.snapshots.storage import AtomicFileStorage
from workspaces.exceptions import NotFound


@pytest.fixture(autouse=True)
def cold_cache() -> Iterator[None]:
    blobs.cache.clear()
    yield
    blobs.cache.clear()


def lie_about(sha256: str, body: bytes) -> None:
    """Put other bytes where the body of `sha256` lies."""
    storages["blobs"].save(f"{sha256[:2]}/{sha256[2:4]}/{sha256}", ContentFile(body))
    blobs.cache.clear()


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"x", bytes(range(256)), "Grüße\0\n".encode(), b"z" * 3_000_000])
def test_what_is_stored_is_read_back(body: bytes) -> None:
    blob = blobs.store(body)
    blobs.cache.clear()
    assert (blobs.read(blob.sha256), blob.size_bytes) == (body, len(body))


@pytest.mark.django_db
def test_equal_bodies_are_one_row_and_one_file() -> None:
    assert blobs.store("same").sha256 == blobs.store(b"same").sha256
    assert Blob.objects.count() == 1


@pytest.mark.django_db
def test_a_damaged_body_is_refused_and_mended_by_storing_it_again() -> None:
    blob = blobs.store("as it was")
    lie_about(blob.sha256, b"something else")
    with pytest.raises(BodyUnreadable, match="damaged"):
        blobs.read(blob.sha256)
    Blob.objects.update(used_at=timezone.now() - timedelta(hours=2))
    blobs.store("as it was")
    blobs.cache.clear()
    assert blobs.read_text(blob.sha256) == "as it was"


@pytest.mark.django_db
def test_a_lost_body_and_an_unknown_one_are_told_apart() -> None:
    blob = blobs.store("soon lost")
    blobs.remove([blob.sha256])
    blobs.cache.clear()
    with pytest.raises(BodyUnreadable, match="missing"):
        blobs.read(blob.sha256)
    with pytest.raises(NotFound):
        blobs.read("0" * 64)


@pytest.mark.django_db(transaction=True)
def test_many_who_store_the_same_bodies_at_once_all_succeed() -> None:
    bodies = [f"body {number}" for number in range(5)]

    def store_all(_: int) -> list[str]:
        try:
            return [blobs.store(body).sha256 for body in bodies]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(store_all, range(8)))
    blobs.cache.clear()
    assert [blobs.read_text(sha256) for sha256 in answers[0]] == bodies
    assert answers == [answers[0]] * 8
    assert Blob.objects.count() == 5


def test_the_cache_drops_what_was_used_longest_ago() -> None:
    cache = BodyCache(total_bytes=10, body_bytes=6)
    for name in "abc":
        cache.put(name, name.encode() * 4)
        cache.get("a")
    assert [cache.get(name) for name in "abc"] == [b"aaaa", None, b"cccc"]
    cache.put("large", b"1234567")
    assert cache.get("large") is None


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    storage = AtomicFileStorage(location=tmp_path, file_permissions_mode=0o600)
    for text in (b"first", b"second"):
        assert storage.save("ab/name", ContentFile(text)) == "ab/name"
    assert [path.name for path in (tmp_path / "ab").iterdir()] == ["name"]
    assert (tmp_path / "ab/name").read_bytes() == b"second"
    assert (tmp_path / "ab/name").stat().st_mode & 0o777 == 0o600


def test_a_write_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    class Breaking(ContentFile):  # type: ignore[type-arg]  # generic only in the stubs
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half"
            raise OSError("the disk is full")

    storage = AtomicFileStorage(location=tmp_path)
    storage.save("name", ContentFile(b"whole"))
    with pytest.raises(OSError, match="disk is full"):
        storage.save("name", Breaking(b""))
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
    assert (tmp_path / "name").read_bytes() == b"whole"
