from __future__ import annotations

import timeit
from dataclasses import replace

import pytest

from runtimes import registry, router
from runtimes.registry import UnknownRuntime
from runtimes.router import NoRuntime
from runtimes.types import Capabilities, Language, Limits, NetworkPolicy
from tests.runtimes.engine import command

ABLE = Capabilities(
    languages=frozenset({Language.PYTHON}),
    isolation="namespaces",
    networks=frozenset({NetworkPolicy.NONE}),
    max_memory_bytes=1000,
    max_wall_seconds=10,
    dependencies=False,
    cold_start_ms=1,
    unavailable={Language.BASH: "Install bash."},
)
SMALL = Limits(wall_seconds=1, memory_bytes=500)


def test_the_local_sandbox_is_chosen_and_the_reason_said() -> None:
    choice = router.choose(command("pass"), Limits())
    assert choice.backend is registry.get("local")
    assert choice.reason == "local is the first runtime that offers python with namespaces isolation."


def test_a_runtime_can_be_asked_for_by_name() -> None:
    assert router.choose(command("pass"), Limits(), "local").backend.name == "local"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownRuntime, match="no runtime named 'mars'"):
        router.choose(command("pass"), Limits(), "mars")


def test_dependencies_are_refused_with_the_reason() -> None:
    with pytest.raises(NoRuntime) as caught:
        router.choose(command("pass", dependencies=("numpy",)), Limits())
    assert caught.value.reasons == {"local": "it installs no dependencies"}


@pytest.mark.parametrize(
    ("able", "lacking"),
    [
        (ABLE, ""),
        (replace(ABLE, languages=frozenset()), "it does not offer python"),
        (replace(ABLE, networks=frozenset()), "it does not offer network policy none"),
        (replace(ABLE, max_memory_bytes=100), "it gives at most 100 bytes of memory"),
        (replace(ABLE, max_wall_seconds=0.5), "it gives at most 0.5 seconds"),
    ],
)
def test_what_a_runtime_lacks(able: Capabilities, lacking: str) -> None:
    assert router.shortcoming(able, command("pass"), SMALL) == lacking


def test_a_language_that_could_be_had_says_what_to_install() -> None:
    assert router.shortcoming(ABLE, command(":", "bash"), SMALL) == "Install bash."


def test_choosing_is_quick() -> None:
    given, limits = command("pass"), Limits()
    router.choose(given, limits)
    best = min(timeit.repeat(lambda: router.choose(given, limits), number=100, repeat=5)) / 100
    assert best < 0.0005  # a tenth of a millisecond on a quiet machine
