"""The contract between those who want code run and the places that run it.

Everything here is a frozen value and free of Django, so that an engine can be used as a
library and a remote backend can put the same shapes on a wire.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None

KIB = 1024
MIB = 1024 * KIB


class Language(StrEnum):
    PYTHON = "python"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    BASH = "bash"


DEFAULT_ENTRIES: Mapping[Language, str] = {
    Language.PYTHON: "main.py",
    Language.JAVASCRIPT: "main.js",
    Language.TYPESCRIPT: "main.ts",
    Language.BASH: "main.sh",
}


class NetworkPolicy(StrEnum):
    NONE = "none"
    """No network at all: not even loopback is up."""


class Stream(StrEnum):
    STDOUT = "stdout"
    STDERR = "stderr"


class Status(StrEnum):
    """How a run ended. The words are those of the execution log."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """The program raised, exited with a non-zero status, or ended without a result."""
    TIMED_OUT = "timed_out"
    MEMORY_EXCEEDED = "memory_exceeded"
    OUTPUT_EXCEEDED = "output_exceeded"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    """Nothing was started: the runtime cannot or may not run this command."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. Each limit that is hit is named in the outcome's error."""

    wall_seconds: float = 30.0
    cpu_seconds: float = 30.0
    memory_bytes: int = 256 * MIB
    output_bytes: int = 1 * MIB
    """stdout and stderr together."""
    result_bytes: int = 1 * MIB
    processes: int = 64
    open_files: int = 256
    disk_bytes: int = 64 * MIB
    """/agent and /tmp together."""
    artifact_bytes: int = 16 * MIB
    artifact_count: int = 32
    network: NetworkPolicy = NetworkPolicy.NONE


@dataclass(frozen=True, slots=True)
class Command:
    """One program to run.

    `files` maps relative POSIX paths to text; `entry` is one of them. With `entry_point` None
    the entry runs as the main program ("script mode") and `context` gives global variables;
    else `entry_point` names a function that is called with `input` ("function mode").
    """

    language: Language
    files: Mapping[str, str]
    entry: str
    entry_point: str | None = None
    input: JSON = None
    context: Mapping[str, JSON] = field(default_factory=dict)
    stdin: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The sandbox is ready and the program begins. `setup_ms` is what the sandbox itself cost."""

    setup_ms: float


@dataclass(frozen=True, slots=True)
class Output:
    """Decoded output: UTF-8 with replacement, never split inside a character."""

    stream: Stream
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The program printed `::progress PERCENT MESSAGE` as a whole line on stdout.

    The line itself is not repeated as `Output`.
    """

    percent: float
    message: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file the program left in /agent/out/. `name` is its path below that folder."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run did not succeed, in words for the author of the code.

    `type` is the exception's class name, or for the engine's own verdicts one of the stable
    words `NoResult ResultInvalid Exit Signal TimeLimit CpuLimit MemoryLimit OutputLimit
    ProcessLimit DiskLimit Cancelled Rejected RuntimeFault`. `traceback` names the user's files
    only, by their relative paths; `file` and `line` (from 1) are its innermost user frame.
    """

    type: str
    message: str
    traceback: str = ""
    file: str | None = None
    line: int | None = None
    limit: str | None = None
    """The field of `Limits` that was hit, such as `memory_bytes`."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the whole process group used."""

    cpu_ms: float = 0.0
    peak_memory_bytes: int = 0
    output_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds, by the monotonic clock of the engine."""

    setup_ms: float = 0.0
    run_ms: float = 0.0
    collect_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run ended: the last thing a backend yields, exactly once."""

    status: Status
    has_result: bool = False
    result: JSON = None
    exit_code: int | None = None
    """The program's exit status; 128+N for signal N; None when it was never started."""
    error: RunError | None = None
    timings: Timings = field(default_factory=Timings)
    usage: Usage = field(default_factory=Usage)
    isolation: str = ""
    """What held it, for the log: such as `namespaces+seccomp`."""


Event: TypeAlias = Started | Output | Progress | Artifact
RunEvents: TypeAlias = Iterator[Event | Outcome]


@dataclass(frozen=True, slots=True)
class Capabilities:
    languages: frozenset[Language]
    isolation: str
    """Class of the wall: `namespaces`, `gvisor`, `container`, `microvm`, `wasm`."""
    networks: frozenset[NetworkPolicy]
    max_memory_bytes: int
    max_wall_seconds: float
    dependencies: bool
    cold_start_ms: float
    warm_start_ms: float | None = None
    unavailable: Mapping[Language, str] = field(default_factory=dict)
    """For languages that it could offer but cannot here: what to install."""


@dataclass(frozen=True, slots=True)
class Health:
    """`ok` is whether runs are accepted; `reason` says what is wrong and how to mend it."""

    ok: bool
    reason: str = ""
    checks: Mapping[str, bool] = field(default_factory=dict)


class Cancellation:
    """A switch that one thread throws and an engine polls as a file descriptor.

    Readable once thrown. Throwing it twice, or after `close`, does nothing.
    """

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()
        self._thrown = False

    @property
    def thrown(self) -> bool:
        return self._thrown

    def throw(self) -> None:
        with self._lock:
            if not self._thrown and self._fd >= 0:
                os.eventfd_write(self._fd, 1)
            self._thrown = True

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Cancellation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class Backend(Protocol):
    """A place that runs code."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def health(self) -> Health: ...

    def run(self, command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        """Run `command`, yielding events as they happen and the `Outcome` last.

        Blocks the calling thread while it waits. User code never makes it raise; closing the
        iterator early kills the run. What it cannot do ends as `Status.REJECTED` before
        anything starts.
        """
        ...
