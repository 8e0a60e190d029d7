from __future__ import annotations

import timeit
from collections.abc import Iterator
from dataclasses import replace

import pytest

from runtimes import meters, registry, router
from runtimes.registry import UnknownRuntime
from runtimes.router import NoRuntime
from runtimes.types import Capabilities, Health, Language, Limits, NetworkPolicy
from tests.runtimes.engine import command
from tests.runtimes.scripted import Scripted, open_breaker

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
    assert choice.reason == "local: runs Python in namespaces with no network."


def test_a_runtime_can_be_asked_for_by_name() -> None:
    choice = router.choose(command("pass"), Limits(), "local")
    assert choice.backend.name == "local"
    assert choice.reason == "local: asked for by name; runs Python in namespaces with no network."


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


@pytest.fixture
def spare() -> Iterator[Scripted]:
    """A second backend, able to do all that the local one does."""
    backend = Scripted("spare")
    registry.register("spare", lambda: backend)
    yield backend
    registry.unregister("spare")


def test_the_order_of_registration_is_the_preference(spare: Scripted) -> None:
    assert router.choose(command("pass"), Limits()).backend.name == "local"


def test_what_was_passed_over_is_said(spare: Scripted) -> None:
    choice = router.choose(command("pass", dependencies=("numpy",)), Limits())
    assert choice.backend is spare
    assert choice.reason == (
        "spare: runs Python in namespaces with no network."
        " Passed over: local, because it installs no dependencies."
    )


def test_a_runtime_whose_breaker_is_open_is_passed_over(spare: Scripted) -> None:
    open_breaker("local")
    choice = router.choose(command("pass"), Limits())
    assert choice.backend is spare
    assert "local, because it failed 5 times in a row and is tried again in" in choice.reason
    with pytest.raises(NoRuntime, match="failed 5 times in a row"):
        router.choose(command("pass"), Limits(), "local")
    open_breaker("spare")
    with pytest.raises(NoRuntime) as caught:
        router.choose(command("pass"), Limits())
    assert set(caught.value.reasons) == {"local", "spare"}


def test_a_runtime_that_is_not_well_is_the_last_resort(spare: Scripted) -> None:
    meters.of("local").asked(Health(ok=False, reason="No namespaces here."))
    choice = router.choose(command("pass"), Limits())
    assert choice.backend is spare
    assert choice.reason.endswith("Passed over: local, because it is not well: No namespaces here.")
    meters.of("spare").asked(Health(ok=False))
    assert router.choose(command("pass"), Limits()).backend.name == "local"
    meters.of("local").asked(Health(ok=True))
    assert router.choose(command("pass"), Limits()).reason.startswith("local: ")


@pytest.mark.parametrize(("pace", "name"), [(50.0, "local"), (49.0, "spare")])
def test_a_runtime_that_starts_much_quicker_is_preferred(spare: Scripted, pace: float, name: str) -> None:
    for _ in range(meters.ENOUGH):
        assert router.choose(command("pass"), Limits()).backend.name == "local"
        meters.of("local").began(100.0)
        meters.of("spare").began(pace)
    choice = router.choose(command("pass"), Limits())
    assert choice.backend.name == name
    assert ("spare has lately been starting more than twice as quickly" in choice.reason) == (name == "spare")


def test_a_quicker_runtime_with_other_walls_is_not(spare: Scripted) -> None:
    spare.isolation = "none"
    for _ in range(meters.ENOUGH):
        meters.of("local").began(100.0)
        meters.of("spare").began(1.0)
    assert router.choose(command("pass"), Limits()).backend.name == "local"


def test_choosing_asks_each_runtime_once_and_only_what_it_declares(spare: Scripted) -> None:
    """The work of a choice, rather than its time: no health is asked, nothing is run."""
    for _ in range(10):
        router.choose(command("pass"), Limits())
    assert spare.asked == {"capabilities": 10}
    spare.asked.clear()
    router.choose(command("pass"), Limits(), "spare")
    assert spare.asked == {"capabilities": 1}


def test_choosing_is_quick() -> None:
    given, limits = command("pass"), Limits()
    router.choose(given, limits)
    best = min(timeit.repeat(lambda: router.choose(given, limits), number=100, repeat=5)) / 100
    assert best < 0.0005  # a tenth of a millisecond on a quiet machine
