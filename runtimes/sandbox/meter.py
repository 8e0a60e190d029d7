"""Memory and CPU time of every process in the sandbox, read from its own /proc.

Runs in the sandbox's first process, which user code can neither read, stop nor slow down.
"""

from __future__ import annotations

import os
import re
import resource
from dataclasses import dataclass, field

_TICKS = os.sysconf("SC_CLK_TCK")
_ANON = re.compile(rb"^Rss(?:Anon|Shmem):\s+(\d+) kB", re.M)
_VIRTUAL = re.compile(rb"^VmSize:\s+(\d+) kB", re.M)
_SHARED_DIRTY = re.compile(rb"^Shared_Dirty:\s+(\d+) kB", re.M)
_PROPORTIONAL = re.compile(rb"^Pss_(?:Anon|Shmem):\s+(\d+) kB", re.M)


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 1 << 20)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def processes() -> list[int]:
    """Everyone but the first process."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def _sum_kib(pattern: re.Pattern[bytes], text: bytes) -> int:
    return sum(int(found) for found in pattern.findall(text)) * 1024


def shared_memory(pid: int) -> int:
    """Anonymous memory of `pid` that others map as well, in bytes."""
    return _sum_kib(_SHARED_DIRTY, _read(f"/proc/{pid}/smaps_rollup"))


def _cpu_seconds(pid: int) -> float:
    """Of a live process and of those children that it has itself reaped."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS if len(fields) > 15 else 0.0


@dataclass(slots=True)
class Meter:
    """Samples the group; `peak` is the largest memory seen, in bytes."""

    memory_bytes: int
    spare: int = 0
    """What the first program shares with the image that it was forked from."""
    peak: int = 0
    cpu: float = 0.0
    _sizes: dict[int, bytes] = field(default_factory=dict)
    _shared: dict[int, dict[bytes, int]] = field(default_factory=dict)

    def sample(self) -> None:
        pids = processes()
        self.cpu = max(self.cpu, self._cpu(pids))
        used = self._resident(pids)
        if used > self.memory_bytes and len(pids) > 1:
            used = self._proportional(pids)
        self.peak = max(self.peak, max(0, used - self.spare) + self._hidden())

    @property
    def over(self) -> bool:
        return self.peak > self.memory_bytes

    def _cpu(self, pids: list[int]) -> float:
        reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
        return reaped.ru_utime + reaped.ru_stime + sum(_cpu_seconds(pid) for pid in pids)

    def _resident(self, pids: list[int]) -> int:
        total = 0
        for pid in pids:
            status = _read(f"/proc/{pid}/status")
            total += _sum_kib(_ANON, status)
            self._note_shared(pid, status)
        for gone in self._sizes.keys() - set(pids):
            del self._sizes[gone]
            self._shared.pop(gone, None)
        return total

    def _proportional(self, pids: list[int]) -> int:
        """What is shared after a fork counted once. A process that hides its own is counted in full."""
        total = 0
        for pid in pids:
            rollup = _read(f"/proc/{pid}/smaps_rollup")
            total += _sum_kib(_PROPORTIONAL, rollup) or _sum_kib(_ANON, _read(f"/proc/{pid}/status"))
        return total

    def _note_shared(self, pid: int, status: bytes) -> None:
        size = _VIRTUAL.search(status)
        known = size.group(1) if size else b""
        if self._sizes.get(pid) == known:
            return
        self._sizes[pid] = known
        segments = {
            inode: int(end, 16) - int(start, 16)
            for start, end, inode in _shared_anonymous(_read(f"/proc/{pid}/maps"))
        }
        self._shared[pid] = segments

    def _hidden(self) -> int:
        """Shared anonymous memory beyond what is resident: its pages outlive being unmapped from a
        page table, so a program could fill it unseen. Only large amounts matter."""
        segments: dict[bytes, int] = {}
        for mapped in self._shared.values():
            segments.update(mapped)
        amount = sum(segments.values())
        return amount if amount > self.memory_bytes else 0


def _shared_anonymous(maps: bytes) -> list[tuple[bytes, bytes, bytes]]:
    if b"/dev/zero" not in maps:
        return []
    found = []
    for line in maps.splitlines():
        parts = line.split(None, 5)
        if len(parts) == 6 and parts[1].endswith(b"s") and parts[5].startswith(b"/dev/zero"):
            start, _, end = parts[0].partition(b"-")
            found.append((start, end, parts[4]))
    return found
