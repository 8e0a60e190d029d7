"""`manage.py runstudio`: everything Sandloft needs, in one process."""

from __future__ import annotations

import daphne.server  # noqa: F401  # isort: skip  # Twisted's reactor must be chosen before anything imports it

import errno
import os
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.module_loading import import_string

from agents.executions import reaper
from agents.snapshots import snapshots
from studio import installation
from studio.bodies import BoundedServer
from studio.celery import app as celery_app
from studio.embedded import AlreadyServed, DataDirLock, EmbeddedWorker, Timer
from studio.version import VERSION

SWEEP_SECONDS = 3600.0
"""How often code that nothing refers to any more is looked for."""


class Command(BaseCommand):
    help = "Set up the database, start the worker threads and serve until SIGTERM or Ctrl+C."
    requires_system_checks = ()  # Some checks read the database, which is migrated below.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (default: HOST)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port (default: PORT)")
        parser.add_argument(
            "--serve-only", action="store_true", help="leave the database to `manage.py prepare`"
        )

    def handle(self, *, host: str, port: int, serve_only: bool, **_: Any) -> None:
        require_free(host=host, port=port)
        with ExitStack() as stack:
            if settings.EMBEDDED:
                hold_data_dir(stack)
            lines = [] if serve_only else first_lines(installation.sign_in_link(installation.prepare()))
            if settings.EMBEDDED:
                # The queue was in the memory of a process that is gone, and so are its runs.
                reaper.reconcile()
                start_worker(stack)
            # Also beside separate workers: they may all be dead, and their runs with them.
            start_timer(stack, reaper.reap, seconds=settings.RUN_REAP_SECONDS)
            start_timer(stack, snapshots.sweep, seconds=SWEEP_SECONDS)
            self._serve(host=host, port=port, greeting=[*lines, *last_lines(host=host, port=port)])
        leave()

    def _serve(self, *, host: str, port: int, greeting: list[str]) -> None:
        server = BoundedServer(
            application=import_string(settings.ASGI_APPLICATION),
            endpoints=build_endpoint_description_strings(host=host, port=port),
            ready_callable=lambda: self._print(greeting),
            server_name="sandloft",
            verbosity=0,
        )
        server.run()
        if server.abort_start:
            raise CommandError(port_taken(host=host, port=port))

    def _print(self, lines: list[str]) -> None:
        self.stdout.write("\n".join(["", *lines, ""]))
        self.stdout.flush()


def require_free(*, host: str, port: int) -> None:
    """Refuse to start when something listens there already, before anything is changed."""
    if not 0 < port < 65536:
        raise CommandError(f"PORT must be between 1 and 65535, not {port}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(port_taken(host=host, port=port)) from None
            raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from None


def port_taken(*, host: str, port: int) -> str:
    return (
        f"Port {port} on {host} is in use by another program.\n"
        f"Stop that program, or start on another port, such as: PORT={port % 65535 + 1} make run"
    )


def hold_data_dir(stack: ExitStack) -> None:
    lock = DataDirLock(settings.DATA_DIR)
    try:
        lock.acquire()
    except AlreadyServed as error:
        raise CommandError(str(error)) from None
    stack.callback(lock.release)


def start_worker(stack: ExitStack) -> None:
    worker = EmbeddedWorker(celery_app, threads=settings.EMBEDDED_WORKER_THREADS)
    worker.start()
    stack.callback(worker.stop)


def start_timer(stack: ExitStack, work: Callable[[], object], *, seconds: float) -> None:
    timer = Timer(work, seconds=seconds)
    timer.start()
    stack.callback(timer.stop)


def first_lines(link: str) -> list[str]:
    return [
        f"  Sandloft {VERSION} is running. Open this link to sign in (it works once, within a day):",
        "",
        f"    {link}",
        "",
    ]


def last_lines(*, host: str, port: int) -> list[str]:
    return [
        f"  Listens  {host} port {port}",
        f"  Data     {settings.DATA_DIR}",
        f"  API      {settings.PUBLIC_URL}/api/docs/",
        "  Stop     Ctrl+C",
    ]


def leave() -> None:
    """End the process now: threads of requests that were cut off may not keep it alive."""
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
