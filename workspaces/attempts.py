"""How often somebody may try. Counted in the cache, so that a guess costs a lookup and no write."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

from workspaces.exceptions import Busy

WINDOW_SECONDS = 300
PER_PERSON = 10
"""Tries at one account from one address of the network."""
PER_ADDRESS = 100
"""Tries at any account from one address of the network."""


def count(*, email: str, address: str) -> None:
    """Note one more try to sign in; `Busy` when there were too many in the last minutes."""
    for key, limit in _counters(email, address):
        cache.add(key, 0, WINDOW_SECONDS)
        if _increment(key) > limit:
            raise Busy(
                "There were too many tries to sign in. Wait five minutes and try again.",
                retry_after_seconds=WINDOW_SECONDS,
            )


def forgive(*, email: str, address: str) -> None:
    """The person knew the password after all: forget their failed tries."""
    person, _ = _counters(email, address)
    cache.delete(person[0])


def address_of(request: HttpRequest, *, behind_proxy: bool) -> str:
    """Where the request came from; behind a proxy of ours, what that proxy says last."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if behind_proxy else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR") or "unknown"


def _increment(key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:  # It expired just now.
        cache.set(key, 1, WINDOW_SECONDS)
        return 1


def _counters(email: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    person = hashlib.sha256(f"{email.strip().lower()}\n{address}".encode("utf-8", "replace")).hexdigest()
    place = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()
    return (f"sign-in:person:{person}", PER_PERSON), (f"sign-in:address:{place}", PER_ADDRESS)
