"""Bash: the host's, with the host's usual tools."""

from __future__ import annotations

import json

from runtimes.sandbox.languages.recipes import Recipe, environment, heap_limit, rlimits
from runtimes.sandbox.toolchains import HARNESS, Toolchain
from runtimes.types import Command, Limits

RESULT_PATH = "/tmp/result.json"


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    bash = toolchain.bash.inside if toolchain.bash else "/bin/bash"
    context = json.dumps(dict(command.context), ensure_ascii=False)
    in_function = command.entry_point is not None
    start = (
        [f"{HARNESS}/bash/function.sh", command.entry, str(command.entry_point)]
        if in_function
        else [command.entry]
    )
    return Recipe(
        argv=[bash, *start, *command.args],
        env={**environment(command), "RESULT_PATH": RESULT_PATH, "CONTEXT_JSON": context},
        files=command.files,
        rlimits={**rlimits(limits), "DATA": heap_limit(limits)},
        stdin=json.dumps(command.input, ensure_ascii=False) + "\n" if in_function else command.stdin,
        result_path=RESULT_PATH,
    )
