"""Bash: the host's, with the host's usual tools."""

from __future__ import annotations

import json
from collections.abc import Mapping

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
from runtimes.types import DEFAULT_ENTRIES, Command, Language, Limits

RESULT_PATH = "/tmp/result.json"
_FUNCTION = f"{HARNESS}/bash/function.sh"


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    bash = toolchain.bash.inside if toolchain.bash else "/bin/bash"
    context = json.dumps(dict(command.context), ensure_ascii=False)
    in_function = command.entry_point is not None
    start = [_FUNCTION, command.entry, str(command.entry_point)] if in_function else [command.entry]
    env = {**environment(command), "RESULT_PATH": RESULT_PATH, "CONTEXT_JSON": context}
    return Recipe(
        argv=[bash, *start, *command.args],
        env=env,
        files=command.files,
        rlimits={**rlimits(limits), "DATA": heap_limit(limits)},
        stdin=json.dumps(command.input, ensure_ascii=False) + "\n" if in_function else command.stdin,
        result_path=RESULT_PATH,
        ahead=_ahead(command, bash, start[0]),
        handed=_handed(env, [*start[1:], *command.args]),
    )


def _ahead(command: Command, bash: str, script: str) -> Ahead | None:
    """Bash reads the file named by BASH_ENV when its own start is done, just before its script.

    Which script that will be is settled at its start, so only the usual names have a pool.
    """
    if not may_start_ahead(command) or script not in (_FUNCTION, DEFAULT_ENTRIES[Language.BASH]):
        return None
    env = {**BASE_ENV, "PATH": PATHS, "BASH_ENV": f"{HARNESS}/bash/wait.sh"}
    return Ahead((bash, script), tuple(env.items()))


def _handed(env: Mapping[str, str], arguments: list[str]) -> str:
    """The number of variables, the variables, the arguments: each ended by a NUL."""
    base = {**BASE_ENV, "PATH": PATHS}
    changed = [f"{name}={value}" for name, value in env.items() if base.get(name) != value]
    return "".join(f"{word}\0" for word in (str(len(changed)), *changed, *arguments))
