"""The local sandbox as a backend."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cached_property, partial

from runtimes import commands
from runtimes.sandbox import cells, languages, verdicts
from runtimes.sandbox.client import Client
from runtimes.sandbox.languages.recipes import Recipe
from runtimes.sandbox.pools import Pools, PoolStats
from runtimes.sandbox.supervisor import Supervisor
from runtimes.sandbox.toolchains import Toolchain, discover
from runtimes.types import (
    MIB,
    Cancellation,
    Capabilities,
    Command,
    Health,
    Language,
    Limits,
    NetworkPolicy,
    Outcome,
    RunEvents,
    Status,
)

_PROBE = Command(language=Language.PYTHON, files={"main.py": "result = [1 + 1]\n"}, entry="main.py")


class LocalSandbox:
    """Runs each program in a fresh sandbox on this host. Made once per process; thread-safe."""

    name = "local"

    def __init__(self, toolchain: Toolchain | None = None, *, warm: bool = False) -> None:
        """With `warm`, sandboxes are started ahead of their runs; else each when its run comes."""
        self._toolchain = toolchain
        self.warm = warm
        self._lock = threading.Lock()
        self._health: Health | None = None

    @cached_property
    def toolchain(self) -> Toolchain:
        return self._toolchain or discover()

    @cached_property
    def client(self) -> Client:
        return Client(self.toolchain.python.host, self.toolchain.plan)

    @cached_property
    def pools(self) -> Pools:
        return Pools(self.client)

    @cached_property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            languages=self.toolchain.languages,
            isolation="namespaces",
            networks=frozenset({NetworkPolicy.NONE}),
            max_memory_bytes=8192 * MIB,
            max_wall_seconds=3600.0,
            dependencies=False,
            cold_start_ms=15.0,
            unavailable=self.toolchain.missing,
        )

    def health(self) -> Health:
        """Proved once by a real run; a failure is tried again on the next call."""
        with self._lock:
            if self._health is None or not self._health.ok:
                self._health = self._prove()
            return self._health

    def _prove(self) -> Health:
        with Cancellation() as cancellation:
            outcome = last(self.run(_PROBE, Limits(wall_seconds=20.0), cancellation))
        ok = outcome.status is Status.SUCCEEDED and outcome.result == [2]
        reason = "" if ok else (outcome.error.message if outcome.error else "The probe gave no result.")
        checks = {f"language:{language}": language in self.toolchain.languages for language in Language}
        return Health(ok=ok, reason=reason, checks={"sandbox": ok, **checks})

    def run(self, command: Command, limits: Limits, cancellation: Cancellation) -> RunEvents:
        refusal = self._refusal(command, limits)
        if refusal is not None:
            yield verdicts.rejected(refusal)
            return
        if cancellation.thrown:
            yield verdicts.judge(command, limits, verdicts.Observation(cancelled=True))
            return
        recipe = languages.recipe(command, limits, self.toolchain)
        self.pools.count_busy(command.language, 1)
        try:
            yield from self._supervise(command, limits, recipe, cancellation)
        finally:
            self.pools.count_busy(command.language, -1)

    def _supervise(
        self, command: Command, limits: Limits, recipe: Recipe, cancellation: Cancellation
    ) -> RunEvents:
        if self.warm and recipe.ahead is not None:
            source = partial(self.pools.take, command.language, recipe, limits)
            begun = Supervisor(source, command, limits, recipe)
            yield from begun.run(cancellation)
            if not begun.stillborn:
                return
        fresh = Supervisor(partial(cells.make, self.client.request), command, limits, recipe)
        yield from fresh.run(cancellation)

    def pool_stats(self) -> dict[str, PoolStats]:
        """By language: what waits, what runs, and what was started since the start."""
        return self.pools.stats()

    def _refusal(self, command: Command, limits: Limits) -> str | None:
        """Why this command is not even started."""
        try:
            commands.validate(command)
            commands.validate_limits(limits)
        except commands.InvalidCommand as error:
            return f"{error.field}: {error.message}"
        missing = self.toolchain.missing.get(command.language)
        if missing is not None:
            return missing
        if command.dependencies:
            return "This runtime installs no dependencies: the standard library only."
        return None

    def close(self) -> None:
        self.pools.close()
        self.client.close()


def last(events: Iterator[object]) -> Outcome:
    """Run to the end and keep the outcome only."""
    outcome: Outcome | None = None
    for event in events:
        if isinstance(event, Outcome):
            outcome = event
    return outcome or verdicts.fault("The sandbox gave no outcome.")
