"""Choosing the runtime, which happens before every run."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cases import Case, case, timed_ms
from runtimes import router
from runtimes.types import Command, Language, Limits


def cases() -> Iterator[Case]:
    command = Command(language=Language.PYTHON, files={"main.py": "pass\n"}, entry="main.py")
    limits = Limits()
    router.choose(command, limits)  # Finds the toolchains, once per process.
    yield case("routing", [timed_ms(lambda: router.choose(command, limits)) for _ in range(5000)])
