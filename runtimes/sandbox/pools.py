"""Sandboxes that wait for their job: as many as demand asks for, filled beside the runs.

A pool belongs to everything that must be known before a program's start. It appears with the
first run of its kind, grows when runs find it empty, and shrinks when nobody comes. Whatever
goes wrong here, the caller gets a sandbox that is started for its run instead.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import weakref
from collections import Counter
from dataclasses import dataclass, field

from runtimes.sandbox import cells, channel, zygotes
from runtimes.sandbox.cells import Cell
from runtimes.sandbox.client import Client, Unavailable
from runtimes.sandbox.languages.recipes import Ahead, Recipe
from runtimes.sandbox.zygotes import Zygote
from runtimes.types import Language, Limits

READY_SECONDS = 10.0
_LOOK_SECONDS = 2.0
_SHRINK_SECONDS = 10.0
_FORGET_SECONDS = 300.0
_PAUSE_SECONDS = 30.0
"""After a second failure to start ahead, runs of that kind are started as they come for so long."""
_DRAINED_SECONDS = 0.2
_POOLS_AT_MOST = 12
_MEMORY_SHARE = 16
"""All that waits may take one part in so many of the host's memory."""
_FLOOR = {Language.PYTHON: 2, Language.BASH: 2, Language.JAVASCRIPT: 2, Language.TYPESCRIPT: 1}
_PER_CORE = {Language.PYTHON: 8, Language.BASH: 4, Language.JAVASCRIPT: 2, Language.TYPESCRIPT: 2}
_COST_BYTES = {
    Language.PYTHON: 5 << 20,
    Language.BASH: 2 << 20,
    Language.JAVASCRIPT: 24 << 20,
    Language.TYPESCRIPT: 40 << 20,
}

Key = tuple[Language, Ahead, int]


@dataclass(frozen=True, slots=True)
class PoolStats:
    """`warm` waits now, `busy` runs now; the rest counts since the start."""

    warm: int = 0
    busy: int = 0
    taken: int = 0
    refills: int = 0
    refusals: int = 0
    """Runs that could not be given a sandbox started ahead, though their kind allows it."""


@dataclass(slots=True)
class Pool:
    key: Key
    bound: int
    target: int
    idle: list[Cell] = field(default_factory=list)
    zygote: Zygote | None = None
    used_at: float = field(default_factory=time.monotonic)
    missed_at: float = field(default_factory=time.monotonic)
    paused_until: float = 0.0
    failures: int = 0
    filled: bool = False
    """Whether it has ever held one: a miss before that says nothing about demand."""

    @property
    def wants(self) -> bool:
        return len(self.idle) < self.target and time.monotonic() >= self.paused_until


_every: weakref.WeakSet[Pools] = weakref.WeakSet()


class Pools:
    """Thread-safe; a process that forks begins anew."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._begin()
        _every.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._pools: dict[Key, Pool] = {}
        self._retired: list[Zygote] = []
        self._filler: threading.Thread | None = None
        self._closed = False
        self._counts: dict[str, Counter[Language]] = {
            name: Counter() for name in ("busy", "taken", "refills", "refusals")
        }

    # -- for runs

    def take(self, language: Language, recipe: Recipe, limits: Limits) -> Cell:
        """A sandbox for one run: ready, or forked now, or as a last resort started from nothing.

        Raises Unavailable and OSError.
        """
        if recipe.ahead is not None:
            key = (language, recipe.ahead, limits.disk_bytes)
            with contextlib.suppress(OSError, Unavailable):
                cell = self._ready_one(key) or self._forked_now(key)
                if cell is not None:
                    return cell
            self._count("refusals", language)
        return cells.make(self._client.request)

    def count_busy(self, language: Language, change: int) -> None:
        with self._lock:
            self._counts["busy"][language] += change
            if change < 0:
                self._work.notify()

    def stats(self) -> dict[str, PoolStats]:
        with self._lock:
            warm: Counter[Language] = Counter()
            for pool in self._pools.values():
                warm[pool.key[0]] += len(pool.idle)
            return {
                str(one): PoolStats(warm[one], **{name: count[one] for name, count in self._counts.items()})
                for one in Language
            }

    def _count(self, name: str, language: Language) -> None:
        with self._lock:
            self._counts[name][language] += 1

    def _ready_one(self, key: Key) -> Cell | None:
        with self._lock:
            pool = self._pool(key)
            pool.used_at = time.monotonic()
            while pool.idle:
                cell = pool.idle.pop()
                if cell.alive():
                    self._counts["taken"][key[0]] += 1
                    if not pool.idle:  # else the next one can wait until this run has ended
                        self._work.notify()
                    return cell
                cell.close()
            pool.missed_at = pool.used_at
            if pool.filled:
                pool.target = min(pool.bound, pool.target + 1)
            self._work.notify()
            return None

    def _forked_now(self, key: Key) -> Cell | None:
        """Where there is an interpreter to fork from, that costs little more than taking one."""
        with self._lock:
            zygote = self._pools[key].zygote if key in self._pools else None
            usable = zygote is not None and zygote.ready and not zygote.gone
        return _order(key, zygote) if zygote is not None and usable else None

    def _pool(self, key: Key) -> Pool:
        if key not in self._pools:
            if len(self._pools) >= _POOLS_AT_MOST:
                self._drop(min(self._pools.values(), key=lambda pool: pool.used_at))
            bound = _bound(key[0])
            self._pools[key] = Pool(key, bound, min(bound, _FLOOR[key[0]]))
        if self._filler is None and not self._closed:
            self._filler = threading.Thread(target=self._fill, name="sandbox-pools", daemon=True)
            self._filler.start()
        return self._pools[key]

    # -- the filler

    def _fill(self) -> None:
        while True:
            with self._lock:
                if self._closed or self._filler is not threading.current_thread():
                    return
                self._tidy()
                pool = next((one for one in self._pools.values() if one.wants), None)
                if pool is None:
                    self._work.wait(_LOOK_SECONDS)
                    continue
            self._add_one(pool)

    def _add_one(self, pool: Pool) -> None:
        cell: Cell | None = None
        try:
            zygote = self._zygote(pool)
            cell = _order(pool.key, zygote, self._client)
            ready = cell.await_ready(READY_SECONDS)
        except (OSError, Unavailable):
            ready = False
        with self._lock:
            if ready and cell is not None and not self._closed and self._pools.get(pool.key) is pool:
                pool.idle.append(cell)
                pool.filled, pool.failures = True, 0
                self._counts["refills"][pool.key[0]] += 1
                return
            if not ready:
                pool.failures += 1
                if pool.failures > 1:
                    pool.paused_until = time.monotonic() + _PAUSE_SECONDS
                self._retire(pool)
        if cell is not None:
            cell.kill()
            cell.close()

    def _zygote(self, pool: Pool) -> Zygote | None:
        if not pool.key[1].forked:
            return None
        zygote = pool.zygote
        if zygote is None or zygote.gone or zygote.worn:
            fresh = zygotes.start(self._client, pool.key[1])
            if not fresh.await_ready(READY_SECONDS):
                fresh.close()
                raise OSError(f"{pool.key[0]}: the interpreter to fork from did not start")
            with self._lock:
                self._retire(pool)
                pool.zygote = zygote = fresh
        return zygote

    def _retire(self, pool: Pool) -> None:
        if pool.zygote is not None:
            pool.zygote.retire()
            self._retired.append(pool.zygote)
            pool.zygote = None
        while pool.idle and pool.key[1].forked:
            pool.idle.pop().close()

    def _tidy(self) -> None:
        """Shrink what nobody asks for, and let go of what has ended."""
        now = time.monotonic()
        for pool in list(self._pools.values()):
            if now - pool.used_at > _FORGET_SECONDS:
                self._drop(pool)
            elif now - pool.missed_at > _SHRINK_SECONDS and pool.target > _FLOOR[pool.key[0]]:
                pool.target -= 1
                pool.missed_at = now - _SHRINK_SECONDS + _LOOK_SECONDS
                if len(pool.idle) > pool.target:
                    pool.idle.pop(0).close()
        for zygote in [one for one in self._retired if one.gone or not one.ready]:
            zygote.close()
            self._retired.remove(zygote)

    def _drop(self, pool: Pool) -> None:
        del self._pools[pool.key]
        self._retire(pool)
        while pool.idle:
            pool.idle.pop().close()

    # -- for measuring

    def drain(self, language: Language) -> None:
        """Let go of what waits, and keep the pools empty for a moment."""
        with self._lock:
            for pool in self._pools.values():
                if pool.key[0] is language:
                    pool.paused_until = time.monotonic() + _DRAINED_SECONDS
                    while pool.idle:
                        pool.idle.pop().close()

    def waiting(self, language: Language) -> list[int]:
        """The host's numbers of the first processes of what waits."""
        with self._lock:
            held = [cell for pool in self._pools.values() if pool.key[0] is language for cell in pool.idle]
            return [cell.pid for cell in held]

    # -- the end

    def close(self) -> None:
        """Let everything go that waits; the next run begins anew."""
        with self._lock:
            self._closed = True
            for pool in list(self._pools.values()):
                self._drop(pool)
            self._work.notify_all()
            filler, self._filler = self._filler, None
        if filler is not None and filler is not threading.current_thread():
            filler.join(READY_SECONDS)
        with self._lock:
            while self._retired:
                self._retired.pop().close()
            self._closed = False

    def forget(self) -> None:
        """After a fork, in the child: what waits is the parent's; only our copies are closed."""
        pools, retired = self._pools, self._retired
        self._begin()
        with contextlib.suppress(OSError):
            for pool in pools.values():
                for cell in pool.idle:
                    cell.close()
                if pool.zygote is not None:
                    pool.zygote.close()
            for zygote in retired:
                zygote.close()


def _order(key: Key, zygote: Zygote | None, client: Client | None = None) -> Cell:
    """Have a sandbox begin to start ahead."""
    if zygote is not None:
        launch: cells.Launch = zygote.launch
    elif client is not None:
        launch = client.request
    else:
        raise OSError("nothing to start from")
    cell = cells.make(launch)
    cell.ahead = True
    _, ahead, disk_bytes = key
    order = {"ahead": {"argv": list(ahead.argv), "env": dict(ahead.env)}, "disk_bytes": disk_bytes}
    try:
        channel.send_job(cell.control, json.dumps(order).encode("ascii"))
    except OSError:
        cell.close()
        raise
    return cell


def _bound(language: Language) -> int:
    """No more than the cores can fill and a part of the memory can hold."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEMORY_SHARE
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores * _PER_CORE[language], memory // len(Language) // _COST_BYTES[language]))


def _after_fork() -> None:
    for pools in list(_every):
        pools.forget()


os.register_at_fork(after_in_child=_after_fork)
