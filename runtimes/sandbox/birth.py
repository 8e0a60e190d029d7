"""The steps from fresh namespaces to a sandbox in which a program may be started."""

from __future__ import annotations

import fcntl
import os

from runtimes.sandbox import layout, syscalls

WRITING_FILES = "write the program's files"
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL

INSIDE = 1000
"""Who a program is, in its own user namespace."""


def enter(disk_bytes: int, outside: int = 0) -> None:
    """Our own ids, disk and /proc; afterwards the working directory is /agent.

    `outside` is who we are in the user namespace that we come from.
    """
    map_ids(outside)
    layout.enter_box(disk_bytes)
    os.setsid()
    os.umask(0o022)
    os.chdir("/agent")


def hide() -> None:
    """Nobody inside may look into this process."""
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0, "prctl DUMPABLE")


def show() -> None:
    """A program may be looked into, by its watcher too: what hides its mappings counts as full, and that
    is the program's choice, and not ours for it."""
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1, "prctl DUMPABLE")


def map_ids(outside: int) -> None:
    for name in ("uid_map", "gid_map"):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, b"%d %d 1" % (INSIDE, outside))
        finally:
            os.close(descriptor)


def write_files(files: dict[str, str]) -> None:
    if "out" not in files:
        os.mkdir("out")  # artifacts are collected from here; most programs expect to find it
    try:
        for path, text in files.items():
            _write_file(path, text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, WRITING_FILES) from error


def _write_file(path: str, text: str) -> None:
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    mode = 0o755 if text.startswith("#!") else 0o644
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        file.write(text.encode("utf-8"))


def sealed(content: bytes = b"") -> int:
    """Content in memory that can be read once by the harness and not grown into a hiding place.

    Without content it is sealed by `fill`, before anything of the user's runs.
    """
    descriptor = os.memfd_create("job", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    if content:
        fill(descriptor, content)
    return descriptor


def fill(descriptor: int, content: bytes) -> None:
    """Put the content into an empty file in memory, seal it and rewind it for its one reader."""
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    os.lseek(descriptor, 0, os.SEEK_SET)
