"""What the registry refuses."""

from __future__ import annotations

from workspaces.exceptions import Conflict


class DraftMoved(Conflict):
    """Somebody saved the draft since the caller loaded it. `extra["current"]` is the draft as it is now."""

    code = "draft-moved"
    title = "The draft was changed elsewhere"


class NothingToSave(Conflict):
    """The draft is what the newest version already holds."""

    code = "nothing-to-save"
    title = "Nothing has changed since the last version"
