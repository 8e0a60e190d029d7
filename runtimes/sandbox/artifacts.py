"""Collecting what the program left in /agent/out, from inside its own mount namespace.

Runs after the last process of the program is dead, so nothing changes under our feet. Still
no link is followed and nothing but a regular file is opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

FOLDER = "/agent/out"
_DEPTH = 8
_SEEN_AT_MOST = 4096
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Found:
    name: str
    descriptor: int
    size: int


@dataclass(frozen=True, slots=True)
class Skipped:
    name: str
    reason: str


def walk() -> Iterator[Found | Skipped]:
    """Files below the folder in name order. The receiver closes each descriptor."""
    try:
        root = os.open(FOLDER, _FLAGS | os.O_DIRECTORY)
    except OSError:
        return
    try:
        yield from _walk(root, "", _DEPTH)
    finally:
        os.close(root)


def _walk(folder: int, prefix: str, depth: int) -> Iterator[Found | Skipped]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for _, entry in zip(range(_SEEN_AT_MOST), entries, strict=False))
    for name in names:
        yield from _visit(folder, prefix + name, name, depth)


def _visit(folder: int, path: str, name: str, depth: int) -> Iterator[Found | Skipped]:
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) <= 0xDFFF for letter in name):
        yield Skipped(ascii(path), "its name is not plain text")
        return
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            yield Skipped(path, "it is neither a file nor a folder")
            return
        descriptor = os.open(name, _FLAGS, dir_fd=folder)
    except OSError as error:
        yield Skipped(path, f"it cannot be read ({os.strerror(error.errno or 0)})")
        return
    if stat.S_ISDIR(mode):
        yield from _descend(descriptor, path, depth)
    else:
        yield Found(path, descriptor, os.fstat(descriptor).st_size)


def _descend(descriptor: int, path: str, depth: int) -> Iterator[Found | Skipped]:
    try:
        if depth > 1:
            yield from _walk(descriptor, f"{path}/", depth - 1)
        else:
            yield Skipped(path, f"it lies deeper than {_DEPTH} folders")
    finally:
        os.close(descriptor)
