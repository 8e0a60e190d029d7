"""Channel layers that fail, to prove that they are doorbells and no more."""

from __future__ import annotations

from typing import Any

from channels.layers import InMemoryChannelLayer


class DeafLayer(InMemoryChannelLayer):  # type: ignore[misc]  # channels has no types
    """Loses every message."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        return


class BrokenLayer(InMemoryChannelLayer):  # type: ignore[misc]  # channels has no types
    """Raises whatever is asked of it."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionError("no layer")

    async def group_add(self, group: str, channel: str) -> None:
        raise ConnectionError("no layer")
