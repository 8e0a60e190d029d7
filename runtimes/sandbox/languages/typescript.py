"""TypeScript: bundled by esbuild inside the sandbox, then run by Node.js.

Bundling, rather than translating file by file, is what makes imports of types vanish, finds
`./x` and `./x.js` in x.ts and inlines const enums, as the language's own compiler does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from runtimes.sandbox.languages.javascript import THREADS, harness, node_flags, start, with_handles
from runtimes.sandbox.languages.recipes import Recipe, Stage, environment, rlimits
from runtimes.sandbox.toolchains import Node, Tool, Toolchain
from runtimes.types import Command, Limits

_OUT = "/tmp/.sandloft"
_MODULE_SYNTAX = re.compile(r"^\s*(?:import|export)\b(?!\s*\()|^(?:[^\n]*=\s*)?await\b|^for\s+await\b", re.M)
_MAIN_GUARD = re.compile(r"require\.main\s*===?\s*module|module\s*===?\s*require\.main")
_DECORATOR = re.compile(r"(?:^|[\s{;(])@[A-Za-z_$]")
_OLD_DECORATOR = re.compile(
    r"PropertyDescriptor|propertyKey|reflect-metadata|\bdescriptor\b|TypedPropertyDescriptor"
)
_NEW_DECORATOR = re.compile(r"DecoratorContext\b|\baddInitializer\b")


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    node = toolchain.node or Node("node", "/usr/bin/node")
    esbuild = toolchain.esbuild or Tool("esbuild", "/opt/esbuild/bin/esbuild")
    modules = _is_module(command.files[command.entry])
    out = f"{_OUT}/main.{'mjs' if modules else 'cjs'}"
    env = environment(command)
    return Recipe(
        argv=[
            node.inside,
            *node_flags(limits, node),
            "--enable-source-maps",
            *start(command, out),
            *command.args,
        ],
        env=env,
        files=_with_main_guard(command, with_handles(command)),
        rlimits=rlimits(limits, extra_processes=THREADS),
        harness={**harness(command, limits, out), "globals_for_modules": modules},
        stdin=command.stdin,
        stages=(Stage("compile", _compile(command, esbuild.inside, node, out, modules), env),),
    )


def _is_module(source: str) -> bool:
    """Whether the entry is an ES module. A script that awaits must be one; the order in which
    process.nextTick is served is the only thing that then differs."""
    if _MODULE_SYNTAX.search(source):
        return True
    return re.search(r"\bawait\b", source) is not None and "nextTick" not in source


def _with_main_guard(command: Command, files: Mapping[str, str]) -> Mapping[str, str]:
    """Answer `require.main === module` in the entry, which a bundle cannot, at its own length."""
    answer = "true" if command.entry_point is None else "false"
    source = _MAIN_GUARD.sub(lambda found: answer.ljust(len(found[0])), files[command.entry])
    return {**files, command.entry: source}


def _compile(command: Command, esbuild: str, node: Node, out: str, modules: bool) -> list[str]:
    path = f"/agent/{command.entry}"
    folder = path.rpartition("/")[0]
    version = ".".join(str(part) for part in node.version[:2]) or "20"
    known = {
        "import.meta.url": f"file://{path}",
        "import.meta.dirname": folder,
        "import.meta.filename": path,
        "__dirname": folder,
        "__filename": path,
    }
    return [
        esbuild,
        path,
        "--bundle",
        "--platform=node",
        "--packages=external",
        f"--target=node{version}",
        f"--format={'esm' if modules else 'cjs'}",
        f"--outfile={out}",
        "--sourcemap",
        "--keep-names",
        "--charset=utf8",
        "--log-level=error",
        "--color=false",
        *(f"--define:{name}={json.dumps(value)}" for name, value in known.items()),
        *_decorators(command),
    ]


def _decorators(command: Command) -> list[str]:
    """Which of the language's two kinds of decorators is meant, where no tsconfig.json says."""
    if "tsconfig.json" in command.files:
        return []
    text = "\n".join(
        body for name, body in command.files.items() if name.endswith((".ts", ".tsx", ".mts", ".cts"))
    )
    if not _DECORATOR.search(text) or _NEW_DECORATOR.search(text) or not _OLD_DECORATOR.search(text):
        return []
    return ['--tsconfig-raw={"compilerOptions":{"experimentalDecorators":true}}']
