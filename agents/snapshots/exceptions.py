"""What can go wrong with code at rest."""

from __future__ import annotations

from workspaces.exceptions import Unavailable


class BodyUnreadable(Unavailable):
    """A stored body is gone from the blob storage, or is no longer the bytes that were stored."""

    code = "body-unreadable"
    title = "A stored file cannot be read"
