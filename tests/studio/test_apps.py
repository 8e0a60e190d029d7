"""What the product registers when it starts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from pytest_django.fixtures import Settings

from runtimes import registry
from runtimes.backends.local import LocalSandbox


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = registry.get("local")
    yield
    registry.register("local", lambda: before)


@pytest.mark.parametrize("warm", [True, False])
def test_the_setting_decides_whether_sandboxes_start_ahead(settings: Settings, warm: bool) -> None:
    settings.SANDBOX_WARM = warm
    apps.get_app_config("studio").ready()
    local = registry.get("local")
    assert isinstance(local, LocalSandbox)
    assert local.warm is warm


def test_nothing_starts_ahead_unless_it_is_asked_for() -> None:
    local = registry.get("local")
    assert isinstance(local, LocalSandbox)
    assert local.warm is False
