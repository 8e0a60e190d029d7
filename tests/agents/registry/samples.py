"""Agents as tests begin with them."""

from __future__ import annotations

from typing import Any, cast

from agents.registry.types import AgentSpec, Details
from agents.snapshots.types import SnapshotSpec

BODY: dict[str, Any] = {
    "name": "Greeter",
    "description": "Says hello",
    "language": "python",
    "files": {
        "main.py": "from words import HELLO\n\n\ndef main(name):\n    return HELLO + name\n",
        "words.py": "HELLO = 'Hi '\n",
    },
}
"""What a program sends to make one."""


def code(text: str = "def main(input):\n    return input\n", **more: Any) -> SnapshotSpec:
    return SnapshotSpec(
        language="python", files={"main.py": text}, entry="main.py", entry_point="main", **more
    )


def spec(
    name: str = "Greeter", text: str = "def main(input):\n    return input\n", **details: Any
) -> AgentSpec:
    return AgentSpec(details=cast(Details, {"name": name, **details}), code=code(text))


def body(**changes: Any) -> dict[str, Any]:
    return {**BODY, **changes}
