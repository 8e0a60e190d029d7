"""Which runtime a command goes to, and why. Pure over declared capabilities, and fast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtimes import registry
from runtimes.types import Backend, Capabilities, Command, Limits

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Choice:
    backend: Backend
    reason: str
    """One sentence for the run's record."""


class NoRuntime(LookupError):
    """No runtime can do what is asked. `reasons` maps each one's name to what it lacks."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("No runtime can run this: " + "; ".join(f"{n}: {why}" for n, why in reasons.items()))
        self.reasons = dict(reasons)


def choose(command: Command, limits: Limits, runtime: str = AUTO) -> Choice:
    """Raises UnknownRuntime for a name that is not there, NoRuntime when none is able."""
    if runtime != AUTO:
        backend = registry.get(runtime)
        lacking = shortcoming(backend.capabilities, command, limits)
        if lacking:
            raise NoRuntime({runtime: lacking})
        return Choice(backend, f"{runtime} was asked for by name.")
    return _first_able(registry.backends(), command, limits)


def _first_able(backends: Mapping[str, Backend], command: Command, limits: Limits) -> Choice:
    reasons: dict[str, str] = {}
    for name, backend in backends.items():
        lacking = shortcoming(backend.capabilities, command, limits)
        if not lacking:
            return Choice(backend, _why(name, backend.capabilities, command, reasons))
        reasons[name] = lacking
    raise NoRuntime(reasons)


def _why(name: str, able: Capabilities, command: Command, passed: Mapping[str, str]) -> str:
    reason = f"{name} is the first runtime that offers {command.language} with {able.isolation} isolation"
    if passed:
        reason += " (" + "; ".join(f"{other}: {why}" for other, why in passed.items()) + ")"
    return reason + "."


def shortcoming(able: Capabilities, command: Command, limits: Limits) -> str:
    """What a runtime lacks for this command; empty when nothing."""
    if command.language not in able.languages:
        return able.unavailable.get(command.language) or f"it does not offer {command.language}"
    if command.dependencies and not able.dependencies:
        return "it installs no dependencies"
    if limits.network not in able.networks:
        return f"it does not offer network policy {limits.network}"
    if limits.memory_bytes > able.max_memory_bytes:
        return f"it gives at most {able.max_memory_bytes} bytes of memory"
    if limits.wall_seconds > able.max_wall_seconds:
        return f"it gives at most {able.max_wall_seconds:g} seconds"
    return ""
