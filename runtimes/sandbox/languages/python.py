"""Python: the base interpreter, with nothing but its standard library."""

from __future__ import annotations

import json
import os.path

from runtimes.sandbox.languages.recipes import (
    BASE_ENV,
    PATHS,
    Ahead,
    Recipe,
    environment,
    heap_limit,
    may_start_ahead,
    rlimits,
)
from runtimes.sandbox.toolchains import HARNESS, Toolchain
from runtimes.types import Command, Limits

_FOLDER = f"{HARNESS}/python"


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    python = toolchain.python.inside
    path = f"{os.path.dirname(python)}:{PATHS}" if python.startswith("/opt/") else PATHS
    start = [command.entry] if command.entry_point is None else ["-P", f"{_FOLDER}/function.py"]
    env = environment(command, path=path)
    harness = {
        "entry": command.entry,
        "entry_point": command.entry_point,
        "input": command.input,
        "context": dict(command.context),
        "result_bytes": limits.result_bytes,
    }
    return Recipe(
        argv=[python, *start, *command.args],
        env={**env, "PYTHONPATH": _FOLDER},
        files=command.files,
        rlimits={**rlimits(limits), "DATA": heap_limit(limits)},
        stdin=command.stdin,
        harness=harness,
        ahead=_ahead(python, path) if may_start_ahead(command) else None,
        handed=json.dumps({**harness, "env": env, "start": start, "args": list(command.args)}),
    )


def _ahead(python: str, path: str) -> Ahead:
    env = {**BASE_ENV, "PATH": path, "PYTHONPATH": _FOLDER}
    return Ahead((python, f"{_FOLDER}/zygote.py"), tuple(env.items()), forked=True)
