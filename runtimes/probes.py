"""Does the sandbox hold? Each protection is tried to be broken from inside a real one.

Nothing here looks at settings or versions and concludes: a check is passed only by an attempt
that ran and failed.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtimes import registry
from runtimes.sandbox import attempts
from runtimes.types import (
    MIB,
    Backend,
    Cancellation,
    Command,
    Event,
    Language,
    Limits,
    Outcome,
    Output,
    RunError,
    Status,
)

_PROGRAM = Path(attempts.__file__).read_text("utf-8")
_BEGUN = "begun\n"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class _Trial:
    """A program that must be stopped by one limit, and must have begun."""

    name: str
    program: str
    limits: Limits
    status: Status


_TRIALS = (
    _Trial(
        "take more memory than allowed",
        "kept = []\nwhile True: kept.append(bytearray(1 << 20))",
        Limits(memory_bytes=64 * MIB, wall_seconds=20),
        Status.MEMORY_EXCEEDED,
    ),
    _Trial(
        "write more output than allowed",
        "while True: print('x' * 1000)",
        Limits(output_bytes=100_000, wall_seconds=20),
        Status.OUTPUT_EXCEEDED,
    ),
    _Trial(
        "run longer than allowed",
        "import time\nwhile True: time.sleep(1)",
        Limits(wall_seconds=0.4),
        Status.TIMED_OUT,
    ),
    _Trial(
        "use more processor time than allowed",
        "while True: pass",
        Limits(cpu_seconds=0.3, wall_seconds=20),
        Status.TIMED_OUT,
    ),
)

_FORKS = """
import os, time
print('begun', flush=True)
made = 0
try:
    while made < 200:
        if os.fork() == 0:
            time.sleep(30)
        made += 1
except BlockingIOError:
    pass
result = made
"""
_FILL = """
print('begun', flush=True)
written = 0
try:
    with open('/tmp/fill', 'wb') as file:
        while written < 256 << 20:
            written += file.write(bytes(1 << 20))
except OSError:
    pass
result = written
"""


def probe(backend: Backend | None = None) -> list[Check]:
    """Run every check against `backend`, the local sandbox by default. Takes about two seconds."""
    target = backend or registry.get("local")
    health = target.health()
    if not health.ok:
        return [Check("start a sandbox", False, health.reason)]
    checks = [Check("start a sandbox", True, "a program ran and gave its result")]
    checks += _languages(target)
    checks += _break_out(target)
    checks += [_trial(target, trial) for trial in _TRIALS]
    checks.append(_bounded(target, "start more processes than allowed", _FORKS, Limits(processes=8), 8))
    limits = Limits(disk_bytes=8 * MIB, memory_bytes=512 * MIB)
    checks.append(_bounded(target, "fill more disk than allowed", _FILL, limits, 8 * MIB))
    return checks


def _run(backend: Backend, command: Command, limits: Limits) -> tuple[list[Event], Outcome]:
    events: list[Event] = []
    with Cancellation() as cancellation:
        for event in backend.run(command, limits, cancellation):
            if isinstance(event, Outcome):
                return events, event
            events.append(event)
    return events, Outcome(Status.FAILED, error=RunError("RuntimeFault", "there was no outcome"))


def _python(program: str, context: dict[str, str | int] | None = None) -> Command:
    return Command(Language.PYTHON, {"main.py": program}, "main.py", context=context or {})


def _why(outcome: Outcome) -> str:
    return outcome.error.message if outcome.error else str(outcome.status)


def _languages(backend: Backend) -> Iterator[Check]:
    programs = {
        Language.PYTHON: ("main.py", "print(6 * 7)"),
        Language.JAVASCRIPT: ("main.js", "console.log(6 * 7)"),
        Language.TYPESCRIPT: ("main.ts", "enum A { x = 42 }\nconst n: number = A.x\nconsole.log(n)"),
        Language.BASH: ("main.sh", "echo $((6 * 7))"),
    }
    able = backend.capabilities
    for language, (entry, program) in programs.items():
        if language not in able.languages:
            yield Check(f"run {language}", False, able.unavailable.get(language, "it is not offered"))
            continue
        events, outcome = _run(backend, Command(language, {entry: program}, entry), Limits())
        ok = _text(events) == "42\n" and outcome.status is Status.SUCCEEDED
        yield Check(f"run {language}", ok, "it ran" if ok else _why(outcome))


def _text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Output))


@contextmanager
def _targets() -> Iterator[dict[str, str | int]]:
    """Things on the host that a program must not reach, each of them reachable from here."""
    with ExitStack() as opened:
        canary = opened.enter_context(tempfile.NamedTemporaryFile("w", prefix="canary-"))
        Path(canary.name).chmod(0o644)
        tcp = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix = opened.enter_context(socket.socket(socket.AF_UNIX))
        name = f"sandbox-probe-{os.getpid()}-{os.urandom(4).hex()}"
        unix.bind("\0" + name)
        unix.listen()
        with socket.create_connection(tcp.getsockname(), timeout=5):
            pass  # from the host it can be reached, so a refusal inside means something
        yield {"canary": canary.name, "port": tcp.getsockname()[1], "abstract": name, "host_pid": os.getpid()}


def _break_out(backend: Backend) -> Iterator[Check]:
    with _targets() as targets:
        _, outcome = _run(backend, _python(_PROGRAM, targets), Limits())
    found = outcome.result if isinstance(outcome.result, dict) else {}
    for name in attempts.ATTEMPTS:
        match found.get(name):
            case [bool(held), str(detail)]:
                yield Check(name, held, detail)
            case _:
                yield Check(name, False, f"the attempt did not run: {_why(outcome)}")


def _trial(backend: Backend, trial: _Trial) -> Check:
    events, outcome = _run(backend, _python(f"print('begun', flush=True)\n{trial.program}\n"), trial.limits)
    began = _text(events).startswith(_BEGUN)
    return Check(trial.name, began and outcome.status is trial.status, _why(outcome))


def _bounded(backend: Backend, name: str, program: str, limits: Limits, most: int) -> Check:
    events, outcome = _run(backend, _python(program), limits)
    reached = outcome.result
    ok = isinstance(reached, int) and 0 < reached <= most and _text(events).startswith(_BEGUN)
    return Check(name, ok, f"it came to {reached}" if reached is not None else _why(outcome))
