"""`manage.py runstudio`: everything Sandloft needs, in one process."""

from __future__ import annotations

import errno
import os
import socket
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

import daphne.server  # isort: skip  # Twisted's reactor must be chosen before anything imports it
from daphne.endpoints import build_endpoint_description_strings
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.module_loading import import_string

from agents.executions import reaper
from runtimes import health
from studio.celery import app as celery_app
from studio.embedded import AlreadyServed, DataDirLock, EmbeddedWorker, Timer
from studio.version import VERSION
from workspaces import organizations, sign_in_links
from workspaces.models import User, Workspace

OWNER_EMAIL = "owner@localhost"


class Command(BaseCommand):
    help = "Set up the database, start the worker threads and serve until SIGTERM or Ctrl+C."
    requires_system_checks = ()  # Runs after migrate, below: some checks read the database.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (default: HOST)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port (default: PORT)")

    def handle(self, *, host: str, port: int, **_: Any) -> None:
        require_free(host=host, port=port)
        with ExitStack() as stack:
            if settings.EMBEDDED:
                self._take_data_dir(stack)
            workspace = prepare()
            if settings.EMBEDDED:
                start_worker(stack)
            self._serve(host=host, port=port, workspace=workspace)
        leave()

    def _take_data_dir(self, stack: ExitStack) -> None:
        lock = DataDirLock(settings.DATA_DIR)
        try:
            lock.acquire()
        except AlreadyServed as error:
            raise CommandError(str(error)) from None
        stack.callback(lock.release)

    def _serve(self, *, host: str, port: int, workspace: Workspace) -> None:
        server = daphne.server.Server(
            application=import_string(settings.ASGI_APPLICATION),
            endpoints=build_endpoint_description_strings(host=host, port=port),
            ready_callable=lambda: self._greet(workspace),
            server_name="sandloft",
            verbosity=0,
        )
        server.run()
        if server.abort_start:
            raise CommandError(port_taken(host=host, port=port))

    def _greet(self, workspace: Workspace) -> None:
        self.stdout.write(greeting(owner=owner_of(workspace)))
        self.stdout.flush()


def require_free(*, host: str, port: int) -> None:
    """Refuse to start when something listens there already, before anything is changed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(port_taken(host=host, port=port)) from None
            raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from None
        except OverflowError:
            raise CommandError(f"PORT must be between 1 and 65535, not {port}.") from None


def port_taken(*, host: str, port: int) -> str:
    return (
        f"Port {port} on {host} is in use by another program.\n"
        f"Stop that program, or start on another port: PORT={port + 1} make run"
    )


def prepare() -> Workspace:
    """Bring the database up to date; the first time, found an organization with an owner."""
    call_command("migrate", verbosity=0, interactive=False)
    workspace = organizations.found(owner_email=OWNER_EMAIL)
    if settings.EMBEDDED:
        # The queue was in the memory of a process that is gone, and so are its runs.
        reaper.reconcile()
    return workspace


def start_worker(stack: ExitStack) -> None:
    worker = EmbeddedWorker(celery_app, threads=settings.EMBEDDED_WORKER_THREADS)
    worker.start()
    stack.callback(worker.stop)
    timer = Timer(reaper.reap, seconds=settings.RUN_REAP_SECONDS)
    timer.start()
    stack.callback(timer.stop)


def owner_of(workspace: Workspace) -> User:
    return User.objects.filter(memberships__workspace=workspace, memberships__role="owner").earliest(
        "joined_at"
    )


def greeting(*, owner: User) -> str:
    """What a newcomer needs to know, and nothing else."""
    link = f"{settings.PUBLIC_URL}/sign-in/link/?token={sign_in_links.create(user=owner)}"
    refused = [f"{name}: {state.reason}" for name, state in health.all().items() if not state.ok]
    lines = [
        "",
        f"  Sandloft {VERSION} is running. Open this link to sign in (it works once, for a day):",
        "",
        f"    {link}",
        "",
        f"  Data     {settings.DATA_DIR}",
        f"  API      {settings.PUBLIC_URL}/api/docs/",
        "  Sandbox  " + ("; ".join(refused) + " (details: manage.py doctor)" if refused else "holds"),
        "  Stop     Ctrl+C",
        "",
    ]
    return "\n".join(lines)


def leave() -> None:
    """End the process now: threads of cut-off requests may not keep it alive."""
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
