"""Python: the base interpreter, with nothing but its standard library."""

from __future__ import annotations

import os.path

from runtimes.sandbox.languages.recipes import PATHS, Recipe, environment, heap_limit, rlimits
from runtimes.sandbox.toolchains import HARNESS, Toolchain
from runtimes.types import Command, Limits

_FOLDER = f"{HARNESS}/python"


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    python = toolchain.python.inside
    path = f"{os.path.dirname(python)}:{PATHS}" if python.startswith("/opt/") else PATHS
    start = [command.entry] if command.entry_point is None else ["-P", f"{_FOLDER}/function.py"]
    return Recipe(
        argv=[python, *start, *command.args],
        env={**environment(command, path=path), "PYTHONPATH": _FOLDER},
        files=command.files,
        rlimits={**rlimits(limits), "DATA": heap_limit(limits)},
        stdin=command.stdin,
        harness={
            "entry": command.entry,
            "entry_point": command.entry_point,
            "input": command.input,
            "context": dict(command.context),
            "result_bytes": limits.result_bytes,
        },
    )
