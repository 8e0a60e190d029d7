"""The data directory: what a one-machine Sandloft keeps, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def prepare(location: str) -> Path:
    """Create the directory (mode 0700) if it is missing and return its absolute path."""
    path = Path(location).expanduser().resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def secret(directory: Path, name: str) -> str:
    """The secret kept in `name`, made at first use (mode 0600) and the same ever after.

    Two processes that start at once agree: the file is linked into place whole, and the first wins.
    """
    path = directory / name
    if not path.exists():
        _publish(path, secrets.token_urlsafe(50))
    return path.read_text("ascii").strip()


def _publish(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
