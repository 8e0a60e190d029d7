"""Memory and CPU time of every process in the sandbox, read from its own /proc.

Runs in the sandbox's first process, which user code can neither read, stop nor slow down.
"""

from __future__ import annotations

import os
import re
import resource
from dataclasses import dataclass, field

_TICKS = os.sysconf("SC_CLK_TCK")
_ANON = re.compile(rb"^(?:Rss(?:Anon|Shmem)|VmPTE):\s+(\d+) kB", re.M)
"""Page tables too: touching a little of much address space, they are all that grows."""
_TABLES = re.compile(rb"^VmPTE:\s+(\d+) kB", re.M)
_VIRTUAL = re.compile(rb"^VmSize:\s+(\d+) kB", re.M)
_SHARED_DIRTY = re.compile(rb"^Shared_Dirty:\s+(\d+) kB", re.M)
_PROPORTIONAL = re.compile(rb"^Pss_(?:Anon|Shmem):\s+(\d+) kB", re.M)
_SOCKETS = re.compile(rb"^sockets: used (\d+)", re.M)
_SOCKET_BYTES = 416 * 1024
"""What one local socket can hold at the kernel's usual limits, when nobody reads it."""
_FAULTS = 64
"""A process is looked at more closely again after so many page faults."""


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


def _maps(pid: int) -> bytes | None:
    """All of its mappings, however many; None if it has made itself unreadable."""
    try:
        with open(f"/proc/{pid}/maps", "rb", buffering=0) as file:
            return file.readall() or b""
    except PermissionError:
        return None
    except OSError:
        return b""


def processes() -> list[int]:
    """Everyone but the first process."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def _sum_kib(pattern: re.Pattern[bytes], text: bytes) -> int:
    return sum(int(found) for found in pattern.findall(text)) * 1024


def shared_memory(pid: int) -> int:
    """Anonymous memory of `pid` that others map as well, in bytes."""
    return _sum_kib(_SHARED_DIRTY, _read(f"/proc/{pid}/smaps_rollup"))


@dataclass(frozen=True, slots=True)
class _Stat:
    """What /proc/PID/stat tells about one process."""

    start: int = 0
    faults: int = 0
    own: float = 0.0
    """CPU seconds of its own."""
    waited_for: float = 0.0
    """CPU seconds of those children that it has itself reaped."""


def _stat(pid: int) -> _Stat:
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    if len(fields) < 20:
        return _Stat()
    user, system, children_user, children_system = (int(one) / _TICKS for one in fields[11:15])
    faults = int(fields[7]) + int(fields[9])
    return _Stat(int(fields[19]), faults, user + system, children_user + children_system)


@dataclass(slots=True)
class Meter:
    """Samples the group; `peak` is the largest memory seen, in bytes."""

    memory_bytes: int
    spare: int = 0
    """What the first program shares with the image that it was forked from."""
    peak: int = 0
    cpu: float = 0.0
    _burnt: float = 0.0
    _stats: dict[int, _Stat] = field(default_factory=dict)
    _sizes: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    _shared: dict[int, dict[bytes, int]] = field(default_factory=dict)

    def sample(self) -> None:
        pids = processes()
        self._look(pids)
        self.cpu = max(self.cpu, self._cpu())
        used = self._resident(pids)
        if used > self.memory_bytes and len(pids) > 1:
            used = self._proportional(pids)
        self.peak = max(self.peak, max(0, used - self.spare) + self._hidden())

    @property
    def over(self) -> bool:
        return self.peak > self.memory_bytes

    def _look(self, pids: list[int]) -> None:
        stats = {pid: _stat(pid) for pid in pids}
        for pid, now in stats.items():
            before = self._stats.get(pid)
            known = before.own if before is not None and before.start == now.start else 0.0
            self._burnt += max(0.0, now.own - known)
        self._stats = stats

    def _cpu(self) -> float:
        """By what the living and those who waited for the dead say, or by what was seen being used:
        the time of a child whose parent ignores its end is added to nobody's."""
        reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = sum(one.own + one.waited_for for one in self._stats.values())
        return max(self._burnt, reaped.ru_utime + reaped.ru_stime + told)

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
            status = _read(f"/proc/{pid}/status")
            shared = _sum_kib(_PROPORTIONAL, rollup)
            total += shared + _sum_kib(_TABLES, status) if shared else _sum_kib(_ANON, status)
        return total

    def _note_shared(self, pid: int, status: bytes) -> None:
        size = _VIRTUAL.search(status)
        # Not by the size alone: a mapping can be put over another one of the same length.
        mark = (size.group(1) if size else b"", self._stats[pid].faults // _FAULTS)
        if self._sizes.get(pid) == mark:
            return
        self._sizes[pid] = mark
        maps = _maps(pid)
        if size and maps is None:  # it hides its mappings, which may all be of this kind
            self._shared[pid] = {b"of %d" % pid: int(size.group(1)) * 1024}
            return
        self._shared[pid] = {
            inode: int(end, 16) - int(start, 16) for start, end, inode in _shared_anonymous(maps or b"")
        }

    def _hidden(self) -> int:
        """Memory beyond what is resident in a process. Only large amounts matter.

        Pages of shared anonymous memory outlive being unmapped from a page table, and what waits in
        a socket is in nobody's, so a program could fill both unseen.
        """
        segments: dict[bytes, int] = {}
        for mapped in self._shared.values():
            segments.update(mapped)
        amount = sum(segments.values())
        found = _SOCKETS.search(_read("/proc/net/sockstat"))
        amount += int(found.group(1)) * _SOCKET_BYTES if found else 0
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
