"""The backends of this process, by name, in order of preference.

Free of settings: whoever composes the product registers what it has; the local sandbox is
always there. Backends are made on first use and kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

from runtimes import meters
from runtimes.backends.local import LocalSandbox
from runtimes.types import Backend

_lock = threading.Lock()
_makers: dict[str, Callable[[], Backend]] = {"local": LocalSandbox}
_made: dict[str, Backend] = {}


class UnknownRuntime(LookupError):
    """Somebody asked for a runtime by a name that is not registered."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"There is no runtime named {name[:64]!r}; there is {', '.join(known)}.")
        self.name = name


def register(name: str, maker: Callable[[], Backend]) -> None:
    """Add a backend, or replace one that has not been used yet."""
    with _lock:
        _makers[name] = maker
        _made.pop(name, None)
    meters.reset(name)


def unregister(name: str) -> None:
    """Take a backend out; runs that it has go on to their end."""
    with _lock:
        _makers.pop(name, None)
        _made.pop(name, None)
    meters.reset(name)


def backends() -> Mapping[str, Backend]:
    with _lock:
        for name, maker in _makers.items():
            if name not in _made:
                _made[name] = maker()
        return MappingProxyType(dict(_made))


def get(name: str) -> Backend:
    """Raises UnknownRuntime."""
    known = backends()
    if name not in known:
        raise UnknownRuntime(name, tuple(known))
    return known[name]
