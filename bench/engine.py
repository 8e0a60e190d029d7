"""The engine as a library, against bare interpreters."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.cases import Case, case, timed_ms
from runtimes.backends.local import LocalSandbox, last
from runtimes.types import DEFAULT_ENTRIES, Cancellation, Command, Language, Limits, Status

HELLO = {
    Language.PYTHON: "print('hello')",
    Language.JAVASCRIPT: "console.log('hello')",
    Language.TYPESCRIPT: "const word: string = 'hello'\nconsole.log(word)",
    Language.BASH: "echo hello",
}
_PATIENCE = 20.0
_ROUNDS = 5
_ROUND_SECONDS = 1.5


def run(backend: LocalSandbox, language: Language) -> None:
    entry = DEFAULT_ENTRIES[language]
    command = Command(language, {entry: HELLO[language]}, entry)
    with Cancellation() as cancellation:
        outcome = last(backend.run(command, Limits(), cancellation))
    if outcome.status is not Status.SUCCEEDED:
        raise SystemExit(f"{language}: {outcome.status} {outcome.error}")


def _bare(backend: LocalSandbox) -> dict[str, list[str]]:
    node, bash = backend.toolchain.node, backend.toolchain.bash
    bare = {"python3 -I -S -c pass": [backend.toolchain.python.host, "-I", "-S", "-c", "pass"]}
    if node is not None:
        bare["node -e 0"] = [node.host, "-e", "0"]
    if bash is not None:
        bare["bash -c :"] = [bash.host, "-c", ":"]
    bwrap = shutil.which("bwrap")
    if bwrap:
        walls = ["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc"]
        walls += ["--dev", "/dev", "--tmpfs", "/tmp"]
        bare["bwrap python3"] = [bwrap, *walls, "/usr/bin/python3", "-I", "-S", "-c", "pass"]
    return bare


def _execute(argv: list[str]) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


_WARM = {
    "python_warm": (Language.PYTHON, "python3 -I -S -c pass"),
    "javascript_warm": (Language.JAVASCRIPT, "node -e 0"),
    "typescript_warm": (Language.TYPESCRIPT, "node -e 0"),
    "bash_warm": (Language.BASH, "bash -c :"),
}


def latencies(backend: LocalSandbox, cold: LocalSandbox, n: int) -> Iterator[Case]:
    bare = _bare(backend)
    actions: dict[str, Callable[[], object]] = {name: partial(_execute, argv) for name, argv in bare.items()}
    for name, (language, _) in _WARM.items():
        if language in backend.toolchain.languages:
            run(backend, language)
            actions[name] = partial(run, backend, language)
    actions["python_on_demand"] = partial(run, backend, Language.PYTHON)
    actions["python_cold"] = partial(run, cold, Language.PYTHON)
    run(cold, Language.PYTHON)

    def settle(name: str) -> None:
        if name == "python_on_demand":
            backend.pools.drain(Language.PYTHON)
        elif name in _WARM:
            _await_warm(backend, _WARM[name][0])

    seen: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(n):  # by turns, so that a busy machine slows all alike
        for name, action in actions.items():
            settle(name)
            seen[name].append(timed_ms(action))
    for name, values in seen.items():
        against = _WARM.get(name, (None, "python3 -I -S -c pass"))[1]
        yield case(name, values, baseline=against, baseline_ms=seen[against])


def _await_warm(backend: LocalSandbox, language: Language) -> None:
    """Until refilling is done; a language that is not started ahead needs no wait."""
    if language is Language.TYPESCRIPT:
        return
    deadline = time.monotonic() + _PATIENCE
    while backend.pool_stats()[language].warm < 1 and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(0.02)


def _rate(action: Callable[[], object], in_flight: int) -> float:
    until = time.monotonic() + _ROUND_SECONDS
    counts = [0] * in_flight

    def work(slot: int) -> None:
        while time.monotonic() < until:
            action()
            counts[slot] += 1

    threads = [threading.Thread(target=work, args=(slot,)) for slot in range(in_flight)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - begun)


def throughput(backend: LocalSandbox) -> Iterator[Case]:
    name, argv = next(iter(_bare(backend).items()))
    for in_flight in (1, 2, 8):
        ours, theirs = [], []
        for _ in range(_ROUNDS):
            ours.append(_rate(partial(run, backend, Language.PYTHON), in_flight))
            theirs.append(_rate(partial(_execute, argv), in_flight))
        rate, bare = statistics.median(ours), statistics.median(theirs)
        title = "python_throughput" if in_flight == 8 else f"python_throughput_{in_flight}"
        times = [1000 * in_flight / each for each in ours]
        beside = [1000 * in_flight / each for each in theirs]
        yield case(title, times, per_second=rate, baseline=f"{name} ({bare:.0f}/s)", baseline_ms=beside)


def memory(backend: LocalSandbox) -> dict[str, float]:
    """Proportional memory of what waits, in bytes for each sandbox: its program and its watcher."""
    found: dict[str, float] = {}
    for language in Language:
        stats = backend.pool_stats()[language]
        pids = backend.pools.waiting(language)
        if stats.warm and pids:
            found[str(language)] = statistics.mean(_pss(pid) for pid in pids)
    return found


def _pss(pid: int) -> int:
    """Of a process and its children."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            total += int(line.split()[1]) * 1024
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
        total += _pss(int(child))
    return total


def cases(n: int = 40) -> Iterator[Case]:
    backend, cold = LocalSandbox(warm=True), LocalSandbox()
    try:
        yield from latencies(backend, cold, n)
        for language, size in (memory(backend) if os.geteuid() == 0 else {}).items():
            print(f"memory per warm {language}: {size / (1 << 20):.1f} MiB (with its watcher)")
        yield from throughput(backend)
    finally:
        backend.close()
        cold.close()
