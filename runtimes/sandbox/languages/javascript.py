"""JavaScript: Node.js, ES modules and CommonJS alike."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from runtimes.sandbox.languages.recipes import (
    BASE_ENV,
    PATHS,
    WAITS,
    Ahead,
    Recipe,
    environment,
    may_start_ahead,
    rlimits,
)
from runtimes.sandbox.toolchains import HARNESS, Node, Toolchain
from runtimes.types import MIB, Command, Limits

THREADS = 16
"""What Node itself needs beside the program's own processes."""

_FOLDER = f"{HARNESS}/node"
_OUTSIDE_HEAP_BYTES = 48 * MIB
_SMALLEST_HEAP = 32
_SMALL_MEMORY = 192 * MIB
_NAMED_RESULT = re.compile(r"^(?:export\s+)?(?:const|let|var)\s+result\b", re.M)


def node_flags(limits: Limits, node: Node) -> list[str]:
    """Let V8 collect in time instead of growing into the group's memory limit."""
    heap = max(_SMALLEST_HEAP, (limits.memory_bytes - _OUTSIDE_HEAP_BYTES) // MIB)
    flags = [f"--max-old-space-size={heap}"]
    if limits.memory_bytes < _SMALL_MEMORY:
        flags.append("--max-semi-space-size=4")
    if node.version < (20, 19):
        flags.append("--experimental-detect-module")
    if node.version >= (20, 11):
        flags.append("--disable-warning=MODULE_TYPELESS_PACKAGE_JSON")
    return [*flags, "--require", f"{_FOLDER}/preload.cjs"]


def with_handles(command: Command) -> Mapping[str, str]:
    """Let the harness reach what the entry declares but does not export.

    A line is added after the program's last one, and only where a declaration at its top level
    asks for it, so no line number moves.
    """
    source = command.files[command.entry]
    if command.entry_point is None:
        if not _NAMED_RESULT.search(source):
            return command.files
        return _appended(command, 'globalThis[Symbol.for("sandloft.result")] = () => result;')
    name = re.escape(command.entry_point)
    declared = rf"^(?:(?:async\s+)?function\b\s*\*?\s*{name}|(?:const|let|var|class)\s+{name})(?![\w$])"
    if not re.search(declared, source, re.M):
        return command.files
    return _appended(command, f'globalThis[Symbol.for("sandloft.entry")] = () => {command.entry_point};')


def _appended(command: Command, line: str) -> Mapping[str, str]:
    return {**command.files, command.entry: f"{command.files[command.entry]}\n;{line}\n"}


def harness(command: Command, limits: Limits, module: str) -> dict[str, Any]:
    return {
        "entry": command.entry,
        "entry_point": command.entry_point,
        "input": command.input,
        "context": dict(command.context),
        "result_bytes": limits.result_bytes,
        "module": module,
        "argv1": f"/agent/{command.entry}",
    }


def start(command: Command, module: str) -> list[str]:
    return [module] if command.entry_point is None else [f"{_FOLDER}/function.cjs"]


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    node = toolchain.node or Node("node", "/usr/bin/node")
    module = f"/agent/{command.entry}"
    flags = node_flags(limits, node)
    job = harness(command, limits, module)
    return Recipe(
        argv=[node.inside, *flags, *start(command, module), *command.args],
        env=environment(command),
        files=with_handles(command),
        rlimits=rlimits(limits, extra_processes=THREADS),
        harness=job,
        stdin=command.stdin,
        ahead=ahead(command, [node.inside, *flags]),
        handed=handed(command, job, module),
    )


def ahead(command: Command, argv: list[str]) -> Ahead | None:
    """Node waits after its own start, just before it would open the main module."""
    if not may_start_ahead(command):
        return None
    env = {**BASE_ENV, "PATH": PATHS, WAITS: "1"}
    return Ahead((*argv, "/agent/main.js"), tuple(env.items()))


def handed(command: Command, job: dict[str, Any], module: str) -> str:
    main = start(command, module)[0]
    return json.dumps({**job, "env": environment(command), "main": main, "args": list(command.args)})
