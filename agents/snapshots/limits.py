"""What a run may use, in the words of authors and callers: seconds, megabytes, counts."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from django.conf import settings

from runtimes.types import JSON, KIB, MIB, Limits, NetworkPolicy
from workspaces.exceptions import FieldError, Invalid

_DEFAULT: Final = Limits()


def bounds() -> dict[str, tuple[float, float]]:
    """The least and the most of each number that may be asked for on this host."""
    return {
        "timeout": (0.1, float(settings.RUN_MAX_TIMEOUT_SECONDS)),
        "memory_mb": (16, float(settings.RUN_MAX_MEMORY_MB)),
        "cpu_seconds": (0.1, float(settings.RUN_MAX_TIMEOUT_SECONDS) * 4),
        "output_bytes": (1 * KIB, 16 * MIB),
        "processes": (1, 512),
        "disk_bytes": (1 * MIB, 1024 * MIB),
    }


def normal(given: Mapping[str, object], *, pointer: str = "/limits") -> dict[str, JSON]:
    """The limits that `given` asks for, checked; `timeout`, `memory_mb` and `network` always named.

    Raises `Invalid` with one error for each bad field, below `pointer`.
    """
    limits: dict[str, JSON] = {
        "timeout": _number(_DEFAULT.wall_seconds),
        "memory_mb": _DEFAULT.memory_bytes // MIB,
        "network": _DEFAULT.network.value,
    }
    errors: list[FieldError] = []
    for name, value in given.items():
        problem = _problem(name, value)
        if problem:
            errors.append(FieldError(f"{pointer}/{name}", problem))
        elif value is not None:
            limits[name] = _number(value) if isinstance(value, int | float) else str(value)
    if errors:
        raise Invalid("A limit cannot be as asked: " + _sentence(errors[0], pointer), errors=errors)
    return limits


def runtime(limits: Mapping[str, JSON]) -> Limits:
    """What `normal` gave, in the units of the runtime contract."""
    timeout = float(_of(limits, "timeout", _DEFAULT.wall_seconds))
    return Limits(
        wall_seconds=timeout,
        cpu_seconds=float(_of(limits, "cpu_seconds", timeout)),
        memory_bytes=int(_of(limits, "memory_mb", _DEFAULT.memory_bytes / MIB) * MIB),
        output_bytes=int(_of(limits, "output_bytes", _DEFAULT.output_bytes)),
        processes=int(_of(limits, "processes", _DEFAULT.processes)),
        disk_bytes=int(_of(limits, "disk_bytes", _DEFAULT.disk_bytes)),
        network=NetworkPolicy(str(limits.get("network") or _DEFAULT.network.value)),
    )


def _problem(name: str, value: object) -> str:
    """What is wrong with one limit, or nothing. None stands for the default."""
    if name == "network":
        known = [policy.value for policy in NetworkPolicy]
        return "" if value is None or value in known else f"must be one of: {', '.join(known)}"
    if name not in bounds():
        return f"is no limit; known are {', '.join([*bounds(), 'network'])}"
    return "" if value is None else _number_problem(name, value)


def _number_problem(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if isinstance(value, float) and not isfinite(value):
        return "must be a finite number"
    if name in _WHOLE and value != int(value):
        return "must be a whole number"
    low, high = bounds()[name]
    return "" if low <= value <= high else f"must be between {_number(low)} and {_number(high)}"


_WHOLE: Final = frozenset({"memory_mb", "output_bytes", "processes", "disk_bytes"})


def _number(value: float) -> int | float:
    """30.0 and 30 are one limit, so they must be one number in the content hash."""
    return int(value) if value == int(value) else value


def _of(limits: Mapping[str, JSON], name: str, default: float) -> float:
    value = limits.get(name)
    return default if not isinstance(value, int | float) else value


def _sentence(error: FieldError, pointer: str) -> str:
    return f"{error.pointer.removeprefix(pointer + '/')} {error.message}."
