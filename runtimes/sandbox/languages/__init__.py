"""How a program of each language is started inside: one module per language."""

from __future__ import annotations

from runtimes.sandbox.languages import bash, javascript, python, typescript
from runtimes.sandbox.languages.recipes import Recipe
from runtimes.sandbox.toolchains import Toolchain
from runtimes.types import Command, Language, Limits

_MAKERS = {
    Language.PYTHON: python.recipe,
    Language.JAVASCRIPT: javascript.recipe,
    Language.TYPESCRIPT: typescript.recipe,
    Language.BASH: bash.recipe,
}


def recipe(command: Command, limits: Limits, toolchain: Toolchain) -> Recipe:
    return _MAKERS[command.language](command, limits, toolchain)
