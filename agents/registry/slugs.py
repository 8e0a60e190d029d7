"""The names that agents have in addresses."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final, TypeVar

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from agents.registry.models import Agent
from workspaces.exceptions import Conflict
from workspaces.models import Workspace

RESERVED: Final = frozenset({"analytics", "new", "trash"})
"""Words that have another meaning where a slug may stand."""
_LENGTH: Final = 60
_TRIES: Final = 30

_Row = TypeVar("_Row")


def claim(workspace: Workspace, wish: str, write: Callable[[str], _Row]) -> _Row:
    """Call `write` with a slug that resembles `wish` and is free in the workspace; its answer.

    Somebody who takes the same slug at the same moment only makes this try the next one.
    """
    for _ in range(_TRIES):
        slug = _free(workspace, wish)
        try:
            with transaction.atomic():
                return write(slug)
        except IntegrityError:
            if not Agent.objects.filter(workspace=workspace, slug=slug, deleted_at__isnull=True).exists():
                raise
    raise Conflict("Too many agents are being given this name at once; try again.")


def _free(workspace: Workspace, wish: str) -> str:
    base = slugify(wish)[:_LENGTH].strip("-_") or "agent"
    used = set(
        Agent.objects.filter(workspace=workspace, slug__startswith=base, deleted_at__isnull=True).values_list(
            "slug", flat=True
        )
    )
    taken = used | RESERVED
    if base not in taken:
        return base
    return next(slug for slug in (f"{base}-{number}" for number in count(2)) if slug not in taken)
