"""Django's SQLite backend, where the writers of one process wait for each other in a queue.

SQLite lets one write at a time, and makes others sleep and try again, ever longer: eight threads
that write a little spend most of their time asleep. A lock of the process wakes the next one at
once. Other processes are still waited for as SQLite does it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

READS: Final = ("SELECT", "PRAGMA", "EXPLAIN")


class DatabaseWrapper(base.DatabaseWrapper):
    """Holds the turn from BEGIN to COMMIT, or for the one statement outside of a transaction."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_turn = False
        self.execute_wrappers.append(self._in_turn)

    def _in_turn(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if self._has_turn or sql.startswith(READS):
            return execute(sql, params, many, context)
        self._take_turn()
        try:
            return execute(sql, params, many, context)
        finally:
            self._end_turn()

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # likewise
        self._end_turn()  # Not when it failed: a rollback follows.

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # likewise
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # likewise
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        """As `database is locked` after the time that SQLite itself would wait."""
        if not _turn.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 5)):
            raise OperationalError("database is locked")
        self._has_turn = True

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            _turn.release()


_turn = threading.Lock()


def _forget() -> None:
    """Who held it does not exist in a forked process."""
    global _turn  # noqa: PLW0603  # one lock per process
    _turn = threading.Lock()


os.register_at_fork(after_in_child=_forget)
