"""Programs that are started before their job is known, up to the point where they wait for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from runtimes.sandbox import birth, confine

GO_DESCRIPTOR = 197
JOB_DESCRIPTOR = 198
RESULT_DESCRIPTOR = 199


@dataclass(slots=True)
class Waiting:
    """A program that was started ahead: restricted in every way, and waiting for its job."""

    pid: int
    go: int
    sealed: int
    stdin_end: int
    result_end: int
    spare: int = 0
    """Memory that it shares with its siblings, in bytes, and that is not the run's."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The assembled policies: of programs, and of the process that watches over one."""

    program: bytes
    watcher: bytes


def connections() -> tuple[Waiting, dict[int, int]]:
    """Our ends of what a waiting program is connected to, and its own by their numbers."""
    stdin, stdin_end = os.pipe2(os.O_CLOEXEC)
    result_end, result = os.pipe2(os.O_CLOEXEC)
    go, go_end = os.pipe2(os.O_CLOEXEC)
    sealed = birth.sealed()
    theirs = {0: stdin, GO_DESCRIPTOR: go, JOB_DESCRIPTOR: sealed, RESULT_DESCRIPTOR: result}
    return Waiting(-1, go_end, sealed, stdin_end, result_end), theirs


def start_ahead(ahead: dict[str, Any], stdout: int, stderr: int, filters: Filters) -> Waiting:
    waiting, theirs = connections()
    wanted = theirs | {1: stdout, 2: stderr}
    waiting.pid = os.fork()
    if waiting.pid == 0:
        try:
            os.setsid()
            confine.forget_signals()
            confine.place_descriptors({target: confine.lift(source) for target, source in wanted.items()})
            restrict(filters.program)
            os.execve(ahead["argv"][0], ahead["argv"], ahead["env"])
        finally:
            os._exit(127)
    close_theirs(waiting, wanted)
    return waiting


def close_theirs(waiting: Waiting, theirs: dict[int, int]) -> None:
    for descriptor in theirs.values():
        if descriptor != waiting.sealed:
            os.close(descriptor)


def restrict(program: bytes) -> None:
    """All that does not depend on the job."""
    birth.show()
    confine.limit_resources({})
    confine.give_up_power(program)
