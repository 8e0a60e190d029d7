"""`manage.py doctor`: what works on this host, what does not, and what to do about it."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from studio import health
from studio.version import VERSION

PROGRAM_SECONDS = 5


class Command(BaseCommand):
    help = "Say what holds on this host. Exits with 1 if no runtime accepts runs."
    requires_system_checks = ()  # It is asked exactly when something is wrong.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *, json: bool, **_: Any) -> None:
        runtimes = health.runtimes()
        facts = host_facts()
        self.stdout.write(as_json(facts, runtimes) if json else as_text(facts, runtimes))
        if not any(runtime.ok for runtime in runtimes):
            sys.exit(1)


def host_facts() -> dict[str, str]:
    return {
        "sandloft": VERSION,
        "system": platform.platform(),
        "python": platform.python_version(),
        "node": program_version("node"),
        "bash": program_version("bash"),
        "chromium": program_version("chromium"),
        "data directory": str(settings.DATA_DIR),
        "database": database(),
        "queue": "threads of the web process" if settings.EMBEDDED else "Redis",
    }


def program_version(name: str) -> str:
    """The first line a program says about itself; agents in JavaScript may use a bundled Node instead."""
    path = shutil.which(name)
    if path is None:
        return "not installed"
    try:
        done = subprocess.run(  # noqa: S603  # a program of this host, by its full path
            [path, "--version"], capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{path} does not start: {error}"
    return (done.stdout.splitlines() or ["says nothing"])[0][:100]


def database() -> str:
    try:
        connection.ensure_connection()
    except Exception as error:
        return f"{connection.vendor}, not reachable: {str(error).splitlines()[0]}"
    return str(connection.vendor)


def as_json(facts: dict[str, str], runtimes: list[health.Runtime]) -> str:
    places = [
        {"name": runtime.name, "ok": runtime.ok, "reason": runtime.reason, "checks": dict(runtime.checks)}
        for runtime in runtimes
    ]
    return json.dumps({"facts": facts, "runtimes": places}, indent=2)


def as_text(facts: dict[str, str], runtimes: list[health.Runtime]) -> str:
    width = max(map(len, facts))
    lines = [f"{name:<{width}}  {value}" for name, value in facts.items()]
    for runtime in runtimes:
        lines += ["", f"runtime {runtime.name}: " + ("accepts runs" if runtime.ok else "REFUSES RUNS")]
        lines += [f"  {'ok  ' if holds else 'FAIL'}  {check}" for check, holds in runtime.checks.items()]
        if runtime.reason:
            lines += ["", *(f"  {line}" for line in runtime.reason.splitlines())]
    return "\n".join(lines)
