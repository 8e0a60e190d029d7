"""Limits in the words of authors, and in those of the runtimes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from agents.snapshots import limits
from runtimes.types import MIB, Limits
from workspaces.exceptions import Invalid


def test_what_is_not_given_is_the_default() -> None:
    assert limits.normal({}) == {"timeout": 30, "memory_mb": 256, "network": "none"}
    assert limits.normal({"timeout": None, "network": None}) == limits.normal({})
    assert limits.runtime(limits.normal({})) == Limits()
    assert limits.runtime({}) == Limits()


def test_all_of_them_reach_the_runtime() -> None:
    given = {
        "timeout": 2.5,
        "memory_mb": 64,
        "cpu_seconds": 7,
        "output_bytes": 2048,
        "processes": 3,
        "disk_bytes": 4 * MIB,
        "network": "none",
    }
    assert limits.runtime(limits.normal(given)) == Limits(
        wall_seconds=2.5,
        cpu_seconds=7,
        memory_bytes=64 * MIB,
        output_bytes=2048,
        processes=3,
        disk_bytes=4 * MIB,
    )


def test_equal_numbers_are_one_number() -> None:
    assert repr(limits.normal({"timeout": 5.0})) == repr(limits.normal({"timeout": 5}))


def test_the_time_bounds_the_processor_time() -> None:
    assert limits.runtime(limits.normal({"timeout": 5})).cpu_seconds == 5


@pytest.mark.parametrize("value", [0, -1, 601, 10**400, "5", True, [], float("nan"), float("inf")])
def test_a_timeout_that_cannot_be(value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        limits.normal({"timeout": value}, pointer="")
    assert [error.pointer for error in refused.value.errors] == ["/timeout"]


def test_the_host_sets_the_bounds() -> None:
    with override_settings(RUN_MAX_TIMEOUT_SECONDS=10):
        assert limits.normal({"timeout": 10})["timeout"] == 10
        with pytest.raises(Invalid, match=r"between 0\.1 and 10"):
            limits.normal({"timeout": 11})
