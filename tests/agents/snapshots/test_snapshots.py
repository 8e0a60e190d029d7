"""Trees of code: equal ones are one row, and every setting that matters makes another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.snapshots import blobs, checks, snapshots
from agents.snapshots.models import Blob, Snapshot
from agents.snapshots.types import SnapshotConfig, SnapshotSpec
from workspaces.exceptions import Invalid, TooLarge

SPEC = SnapshotSpec(
    language="python",
    files={"main.py": "from parts import tax\n", "parts/tax.py": "RATE = 19\n", "empty.txt": ""},
    entry="main.py",
    entry_point="main",
    config=SnapshotConfig(
        limits={"timeout": 5, "memory_mb": 64, "network": "none"},
        env=("REGION", "MODE"),
        secrets=("KEY",),
        dependencies=("numpy==2.1",),
        input_schema={"type": "object"},
    ),
)


def with_config(**changes: Any) -> SnapshotSpec:
    return replace(SPEC, config=replace(SPEC.config, **changes))


@pytest.mark.django_db
def test_what_is_taken_is_given_back() -> None:
    snapshot = snapshots.take(SPEC)
    blobs.cache.clear()
    assert snapshots.spec(Snapshot.objects.get(pk=snapshot.pk)) == SPEC


@pytest.mark.django_db
def test_equal_code_is_one_row_found_by_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    first = snapshots.take(SPEC)
    with django_assert_num_queries(1):
        again = snapshots.take(replace(SPEC, files=dict(reversed(list(SPEC.files.items())))))
    assert again == first
    assert snapshots.take(with_config(env=("MODE", "REGION"))) == first


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, language="bash"),
        replace(SPEC, files={**SPEC.files, "main.py": "from parts import tax \n"}),
        replace(SPEC, files={**SPEC.files, "more.py": ""}),
        replace(SPEC, entry="parts/tax.py"),
        replace(SPEC, entry_point=None),
        replace(SPEC, entry_point="start"),
        with_config(limits={"timeout": 6}),
        with_config(runtime="local"),
        with_config(env=("REGION",)),
        with_config(secrets=()),
        with_config(env=("REGION", "KEY"), secrets=("MODE",)),
        with_config(dependencies=("numpy==2.2",)),
        with_config(input_schema=None),
        with_config(output_schema={"type": "object"}),
    ],
)
def test_whatever_decides_behaviour_decides_the_hash(other: SnapshotSpec) -> None:
    assert snapshots.take(other).hash != snapshots.take(SPEC).hash


@pytest.mark.django_db
def test_the_hash_is_the_same_on_every_host() -> None:
    plain = SnapshotSpec(language="bash", files={"main.sh": "echo hi\n"}, entry="main.sh")
    assert snapshots.take(plain).hash == EXPECTED_HASH


EXPECTED_HASH = "cb828ef5ee6ce66c5b027cc68d155fec9aa75691f662bc5d8a03ecce264aa03f"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a\0b", "a//b", "./a", "a/..", "a\\b", "", "x" * 300, "a\nb"]
)
def test_a_name_that_is_no_file_of_the_code_is_refused_by_name(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        snapshots.take(replace(SPEC, files={**SPEC.files, name: "x"}))
    assert [error.pointer for error in refused.value.errors] == ["/files/" + name.replace("/", "~1")]
    assert Blob.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        (replace(SPEC, language="cobol"), "/language"),
        (replace(SPEC, entry="absent.py"), "/entry"),
        (replace(SPEC, files={}), "/files"),
        (replace(SPEC, files={"main.py": "", "main.py/x": ""}), "/files/main.py~1x"),
        (replace(SPEC, files={"main.py": "a\ud800"}), "/files/main.py"),
        (replace(SPEC, entry_point="a\0b"), "/entry_point"),
        (replace(SPEC, entry_point=""), "/entry_point"),
        (with_config(env=("1A",)), "/env/0"),
        (with_config(secrets=("A B",)), "/secrets/0"),
        (with_config(dependencies=("",)), "/dependencies/0"),
        (with_config(runtime="../x"), "/runtime"),
        (with_config(limits={"timeout": 0}), "/limits/timeout"),
        (with_config(limits={"timeout": 10**400}), "/limits/timeout"),
        (with_config(limits={"timeout": True}), "/limits/timeout"),
        (with_config(limits={"memory_mb": 64.5}), "/limits/memory_mb"),
        (with_config(limits={"network": "all"}), "/limits/network"),
        (with_config(limits={"speed": 1}), "/limits/speed"),
        (with_config(input_schema=[1]), "/input_schema"),
    ],
)
def test_a_bad_field_is_named(spec: SnapshotSpec, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        snapshots.take(spec)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert Snapshot.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        (replace(SPEC, files={"main.py": " \n"}), "/files/main.py"),
        (replace(SPEC, files={"notes.txt": "x"}, entry="notes.txt"), "/entry"),
        (replace(SPEC, entry_point="a-b"), "/entry_point"),
        (replace(SPEC, entry_point="class"), "/entry_point"),
        (with_config(env=("LD_PRELOAD",)), "/env/LD_PRELOAD"),
    ],
)
def test_unfinished_code_is_kept_but_not_run(spec: SnapshotSpec, pointer: str) -> None:
    assert snapshots.spec(snapshots.take(spec)) == spec
    with pytest.raises(Invalid) as refused:
        checks.runnable(spec)
    assert [error.pointer for error in refused.value.errors] == [pointer]


@pytest.mark.django_db
def test_numbers_that_json_does_not_have_are_refused() -> None:
    with pytest.raises(Invalid):
        snapshots.take(with_config(input_schema={"minimum": float("nan")}))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "files",
    [
        {f"file{number}.py": "" for number in range(1_001)},
        {"main.py": "x" * (10 * 1024 * 1024 + 1)},
        {"main.py": "é" * (6 * 1024 * 1024)},
    ],
)
def test_too_much_code_is_too_large(files: dict[str, str]) -> None:
    with pytest.raises(TooLarge):
        snapshots.take(SnapshotSpec(language="python", files=files, entry=next(iter(files))))


@pytest.mark.django_db
def test_a_thousand_files_are_kept() -> None:
    files = {f"folder{number % 10}/file{number}.py": f"N = {number}\n" for number in range(1_000)}
    spec = SnapshotSpec(language="python", files=files, entry="folder0/file0.py")
    assert snapshots.spec(snapshots.take(spec)) == spec


@pytest.mark.django_db(transaction=True)
def test_many_who_take_the_same_code_at_once_get_one_row() -> None:
    def take(_: int) -> str:
        try:
            return snapshots.take(SPEC).hash
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(take, range(16)))
    assert hashes == [Snapshot.objects.get().hash] * 16


def age(**columns: Any) -> None:
    Snapshot.objects.filter(**columns).update(used_at=timezone.now() - timedelta(days=2))
    Blob.objects.update(used_at=timezone.now() - timedelta(days=2))


@pytest.mark.django_db
def test_the_sweep_takes_what_is_old_and_unreferenced_and_nothing_else() -> None:
    kept = snapshots.take(SPEC)
    swept = snapshots.take(replace(SPEC, files={**SPEC.files, "main.py": "old"}))
    age(pk=swept.pk)
    assert snapshots.sweep() == (1, 1)
    blobs.cache.clear()
    assert snapshots.spec(kept) == SPEC
    assert list(Snapshot.objects.all()) == [kept]
    assert snapshots.sweep() == (0, 0)


@pytest.mark.django_db
def test_code_that_is_taken_again_is_young_again() -> None:
    snapshot = snapshots.take(SPEC)
    age(pk=snapshot.pk)
    snapshots.take(SPEC)
    assert snapshots.sweep() == (0, 0)
    blobs.cache.clear()
    assert snapshots.spec(snapshot) == SPEC


@pytest.mark.django_db(transaction=True)
def test_sweeping_beside_taking_never_loses_code() -> None:
    def apart(job: Callable[[], object]) -> object:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            snapshots.take(SPEC)
            age()
            list(pool.map(apart, [lambda: snapshots.take(SPEC), snapshots.sweep] * 2))
            blobs.cache.clear()
            assert snapshots.spec(Snapshot.objects.get()) == SPEC
