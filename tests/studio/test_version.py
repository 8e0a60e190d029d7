"""One version, wherever it is shown."""

from __future__ import annotations

import tomllib

from studio.version import VERSION
from tests.servers import ROOT


def test_the_package_and_the_product_say_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
