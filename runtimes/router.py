"""Which runtime a command goes to, and why.

Decided by what each runtime declares, whether it has been failing, and how quickly it has lately
been starting. Asks nobody and waits for nothing: choosing takes a few microseconds per runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from runtimes import meters, registry
from runtimes.types import Backend, Capabilities, Command, Language, Limits, NetworkPolicy

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


_NOTHING: Mapping[str, str] = MappingProxyType({})
_LANGUAGES = {
    Language.PYTHON: "Python",
    Language.JAVASCRIPT: "JavaScript",
    Language.TYPESCRIPT: "TypeScript",
    Language.BASH: "Bash",
}
_MUCH_QUICKER = 2.0


def choose(
    command: Command, limits: Limits, runtime: str = AUTO, passed: Mapping[str, str] = _NOTHING
) -> Choice:
    """The first registered runtime that is able and well, or one just as isolated that starts much quicker.

    `passed` names runtimes that must not be taken, with the reason. Raises UnknownRuntime for a name
    that is not there, NoRuntime when none is able.
    """
    if runtime != AUTO:
        backend = registry.get(runtime)
        able = backend.capabilities
        lacking = _obstacle(backend.name, able, command, limits, passed)
        if lacking:
            raise NoRuntime({runtime: lacking})
        return Choice(backend, f"{runtime}: asked for by name; {_doing(able, command, limits)}.")
    return _best(registry.backends(), command, limits, passed)


def _best(
    backends: Mapping[str, Backend], command: Command, limits: Limits, passed: Mapping[str, str]
) -> Choice:
    reasons: dict[str, str] = {}
    able: dict[str, Capabilities] = {}
    for name, backend in backends.items():
        capabilities = backend.capabilities
        obstacle = _obstacle(name, capabilities, command, limits, passed)
        if obstacle:
            reasons[name] = obstacle
        else:
            able[name] = capabilities
    if not able:
        raise NoRuntime(reasons)
    _set_unwell_aside(able, reasons)
    first = next(iter(able))
    name = _quickest(first, able)
    if name != first:
        reasons[first] = f"{name} has lately been starting more than twice as quickly"
    reason = f"{name}: {_doing(able[name], command, limits)}"
    if reasons:
        reason += ". Passed over: " + "; ".join(f"{other}, because {why}" for other, why in reasons.items())
    return Choice(backends[name], reason + ".")


def _set_unwell_aside(able: dict[str, Capabilities], reasons: dict[str, str]) -> None:
    """Leave out those whose health was lately bad, as long as there are others."""
    unwell = {name: why for name in able if (why := meters.of(name).unwell)}
    if len(unwell) < len(able):
        for name, why in unwell.items():
            del able[name]
            reasons[name] = f"it is not well: {why.rstrip('.')}"


def _obstacle(
    name: str, able: Capabilities, command: Command, limits: Limits, passed: Mapping[str, str]
) -> str:
    """Why this runtime is not taken; empty when it can be."""
    if name in passed:
        return passed[name]
    return shortcoming(able, command, limits) or meters.of(name).breaker.refusal()


def _quickest(first: str, able: Mapping[str, Capabilities]) -> str:
    """The first of those able, unless one with the same walls has been starting much quicker."""
    pace = meters.of(first).median_start_ms
    if len(able) == 1 or pace is None:
        return first
    paces = {
        name: median
        for name, capabilities in able.items()
        if capabilities.isolation == able[first].isolation
        and (median := meters.of(name).median_start_ms) is not None
    }
    quickest = min(paces, key=paces.__getitem__)
    return quickest if paces[quickest] * _MUCH_QUICKER < pace else first


def _doing(able: Capabilities, command: Command, limits: Limits) -> str:
    """What it does with the command, in words for people."""
    network = "no network" if limits.network is NetworkPolicy.NONE else f"network policy {limits.network}"
    return f"runs {_LANGUAGES[command.language]} in {able.isolation} with {network}"


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
