"""What every language module answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtimes.types import MIB, Command, Limits

STACK_BYTES = 8 * MIB

BASE_ENV = {
    "HOME": "/agent",
    "LANG": "C.UTF-8",
    "LOGNAME": "agent",
    "PWD": "/agent",
    "SHELL": "/bin/bash",
    "TMPDIR": "/tmp",
    "USER": "agent",
}
WAITS = "SANDLOFT_WAITS"
"""In the environment of a program that is started ahead; gone before anything of the user's runs."""
PATHS = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass(frozen=True, slots=True)
class Stage:
    """A tool that runs inside before the program, under the same limits."""

    name: str
    argv: list[str]
    env: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What can be started before the job is known; programs that agree in it share a pool."""

    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    forked: bool = False
    """Forked from an interpreter that was started with this, rather than started each time."""


_SETTLED_AT_START = (
    "PYTHON",
    "NODE_",
    "BASH",
    "LC_",
    "LANG",
    "TZ",
    "OPENSSL_",
    "SSL_",
    "UV_",
    "ICU",
    "POSIX",
)


def may_start_ahead(command: Command) -> bool:
    """False where a variable or a file changes how the interpreter itself starts."""
    names = (*command.env, *(key for key in command.files if key.startswith(".")))
    return not any(name.startswith((*_SETTLED_AT_START, ".")) for name in names)


@dataclass(frozen=True, slots=True)
class Recipe:
    argv: list[str]
    env: dict[str, str]
    files: Mapping[str, str]
    rlimits: dict[str, int]
    harness: dict[str, Any] = field(default_factory=dict)
    """What the language's harness reads from its job descriptor."""
    stdin: str = ""
    ahead: Ahead | None = None
    """None where the program cannot be started before its job is known."""
    handed: str | None = None
    """What a program that was started ahead reads when its job arrives."""
    stages: tuple[Stage, ...] = ()
    result_path: str | None = None
    """A file inside that holds the result, for languages without a harness of their own."""


def environment(command: Command, *, path: str = PATHS) -> dict[str, str]:
    return {**BASE_ENV, "PATH": path, **command.env}


def rlimits(limits: Limits, *, extra_processes: int = 0) -> dict[str, int]:
    """Limits of each single process. The group's are kept by the sandbox's first process."""
    cpu = int(limits.cpu_seconds) + 1
    return {
        "CPU": cpu,
        "NPROC": limits.processes + extra_processes + 1,
        "NOFILE": limits.open_files,
        "FSIZE": limits.disk_bytes,
    }


def heap_limit(limits: Limits) -> int:
    """A bound on one process's private memory, beside the exact watch over the group.

    It turns one absurd allocation into a MemoryError. Room is left for thread stacks, which
    are reserved whole and mostly never touched.
    """
    return limits.memory_bytes + limits.processes * STACK_BYTES + 64 * MIB
