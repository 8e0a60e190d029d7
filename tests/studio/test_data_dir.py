"""The data directory and the secrets in it are for their owner alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from studio import data_dir


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_with_its_parents_and_closed_to_others(tmp_path: Path) -> None:
    made = data_dir.prepare(str(tmp_path / "a/b"))
    assert (made, mode(made)) == (tmp_path / "a/b", 0o700)


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = data_dir.secret(tmp_path, "key")
    assert data_dir.secret(tmp_path, "key") == first
    assert len(first) >= 50
    assert mode(tmp_path / "key") == 0o600


def test_two_directories_have_two_secrets(tmp_path: Path) -> None:
    one, two = data_dir.prepare(str(tmp_path / "1")), data_dir.prepare(str(tmp_path / "2"))
    assert data_dir.secret(one, "key") != data_dir.secret(two, "key")


def test_those_who_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: data_dir.secret(tmp_path, "key"), range(64)))
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
