"""`manage.py doctor`: what works on this host, what does not, and what to do about it."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from runtimes import probes
from studio.version import VERSION

PROGRAM_SECONDS = 5


class Command(BaseCommand):
    help = "Try to break each protection of the sandbox, and say what holds. Exits with 1 if one does not."
    requires_system_checks = ()  # It is asked exactly when something is wrong.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *, json: bool, **_: Any) -> None:
        facts, checks = host_facts(), probes.probe()
        self.stdout.write(as_json(facts, checks) if json else as_text(facts, checks))
        if not holds(checks):
            sys.exit(1)


def holds(checks: list[probes.Check]) -> bool:
    """Whether every protection does; a language that is not there harms nobody."""
    return all(check.ok for check in checks if not check.name.startswith("run "))


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


def as_json(facts: dict[str, str], checks: list[probes.Check]) -> str:
    body = {"facts": facts, "holds": holds(checks), "checks": [asdict(check) for check in checks]}
    return json.dumps(body, indent=2)


def as_text(facts: dict[str, str], checks: list[probes.Check]) -> str:
    """Attempts to break out are named for what they tried: `ok` means that it did not work."""
    wide, deep = max(map(len, facts)), max(len(check.name) for check in checks)
    lines = [f"{name:<{wide}}  {value}" for name, value in facts.items()]
    lines += ["", "What was tried, and whether it ended as it must:", ""]
    lines += [
        f"  {'ok  ' if check.ok else 'FAIL'}  {check.name:<{deep}}  {check.detail}".rstrip()
        for check in checks
    ]
    verdict = "The sandbox holds." if holds(checks) else "THE SANDBOX DOES NOT HOLD: see FAIL above."
    return "\n".join([*lines, "", verdict])
