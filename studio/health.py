"""How the parts of an installation are: asked one by one, each with a deadline."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection

from runtimes import meters, registry
from runtimes.breakers import BreakerState
from runtimes.types import Backend
from studio import embedded
from studio.celery import app

DEADLINE_SECONDS = 2.0


class Status(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """Something is missing, and what does not need it goes on."""
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Service:
    """One part: `detail` says what is wrong, or what was found."""

    status: Status
    response_ms: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Runtime:
    name: str
    ok: bool
    reason: str
    isolation: str
    languages: tuple[str, ...]
    checks: Mapping[str, bool]
    seen: meters.Reading
    """What this process has seen of it: runs, failures, latencies, breaker, the last decisions."""


def services() -> dict[str, Service]:
    checks: dict[str, Callable[[], str]] = {
        "database": _database,
        "broker": _broker,
        "workers": _workers,
        "channel_layer": _channel_layer,
        "storage": _storage,
    }
    return {name: _timed(check) for name, check in checks.items()}


def runtimes() -> list[Runtime]:
    """Every place that runs code, and whether it takes runs."""
    return [_runtime(backend) for backend in registry.backends().values()]


def report() -> dict[str, Any]:
    """Everything, for the API. Offline: nothing can be stored, or nothing can be run."""
    started = time.perf_counter()
    parts, places = services(), runtimes()
    return {
        "status": overall(parts, places),
        "response_ms": _since(started),
        "mode": "embedded" if settings.EMBEDDED else "scaled out",
        "services": {name: asdict(part) for name, part in parts.items()},
        "runtimes": [asdict(place) for place in places],
    }


def overall(parts: Mapping[str, Service], places: list[Runtime]) -> Status:
    if parts["database"].status is Status.OFFLINE or not any(place.ok for place in places):
        return Status.OFFLINE
    well = all(part.status is Status.HEALTHY for part in parts.values()) and all(map(_well, places))
    return Status.HEALTHY if well else Status.DEGRADED


def _well(place: Runtime) -> bool:
    return place.ok and place.seen.breaker is BreakerState.CLOSED


def ready() -> Service:
    """Whether this process can answer requests: its database, and its own workers if it has some."""
    return _timed(lambda: _database() if not settings.EMBEDDED else f"{_database()}, {_workers()}")


def _timed(check: Callable[[], str]) -> Service:
    started = time.perf_counter()
    try:
        return Service(Status.HEALTHY, detail=check(), response_ms=_since(started))
    except Exception as error:
        detail = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return Service(Status.OFFLINE, detail=detail, response_ms=_since(started))


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return str(connection.vendor)


def _broker() -> str:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=int(DEADLINE_SECONDS))
        return str(broker.transport.driver_name)


def _workers() -> str:
    if settings.EMBEDDED:
        if not embedded.alive():
            raise RuntimeError("the worker threads of this process do not run")
        return f"{settings.EMBEDDED_WORKER_THREADS} threads of this process"
    answers = app.control.inspect(timeout=1.0).ping() or {}
    if not answers:
        raise RuntimeError("no worker answered within a second")
    return f"{len(answers)} workers"


@async_to_sync
async def _channel_layer() -> str:
    layer = get_channel_layer()

    async def round_trip() -> None:
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "health"})
        await layer.receive(channel)

    await asyncio.wait_for(round_trip(), DEADLINE_SECONDS)
    return type(layer).__name__


def _storage() -> str:
    """Write, read and remove a file where bodies are kept."""
    storage = storages["blobs"]
    name = storage.save(f"health/{uuid.uuid4().hex}", ContentFile(b"ok"))
    try:
        with storage.open(name) as file:
            if file.read() != b"ok":
                raise OSError("a file came back changed")
    finally:
        storage.delete(name)
    return type(storage).__name__


def _runtime(backend: Backend) -> Runtime:
    health, can, meter = backend.health(), backend.capabilities, meters.of(backend.name)
    meter.asked(health)
    return Runtime(
        name=backend.name,
        ok=health.ok,
        reason=health.reason,
        isolation=can.isolation,
        languages=tuple(sorted(language.value for language in can.languages)),
        checks=dict(health.checks),
        seen=meter.read(),
    )
