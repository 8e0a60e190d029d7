"""TypeScript: bundled by esbuild inside the sandbox, then run by Node.js."""

from __future__ import annotations

from runtimes.sandbox.languages.recipes import Recipe, environment, rlimits
from runtimes.sandbox.toolchains import Toolchain
from runtimes.types import Command, Limits

THREADS = 16
"""What Node itself needs beside the program's own processes."""


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    node = toolchain.node.inside if toolchain.node else "/usr/bin/node"
    return Recipe(
        argv=[node, command.entry, *command.args],
        env=environment(command),
        files=command.files,
        rlimits=rlimits(limits, extra_processes=THREADS),
        stdin=command.stdin,
    )
