"""How a forked interpreter ends: what a program can see of an interpreter's end, in its order.

The interpreter's own end also frees every object that was there before the program, which
costs more than most programs do, and which nobody can see.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

_FLUSH_FAILED = 120
_base = frozenset[str]()


def finish(*, failed: bool, flush: Callable[[None], int]) -> None:
    """Threads, exit functions, buffers, the program's modules and cycles, and the status."""
    _join_threads()
    atexit._run_exitfuncs()
    code = 1 if failed else 0
    interrupted = failed and isinstance(getattr(sys, "last_value", None), KeyboardInterrupt)
    flushed = _flush()
    _clear_modules()
    flushed = flushed and _flush()
    flush(None)
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code if flushed else _FLUSH_FAILED)


def remember(base: frozenset[str]) -> None:
    """The modules that are not the program's."""
    global _base  # noqa: PLW0603 -- set once, before the first fork
    _base = base


def _join_threads() -> None:
    threading: Any = sys.modules.get("threading")
    if threading is not None:
        try:
            threading._shutdown()
        except BaseException as error:  # as the interpreter: told, and gone on
            _tell(threading, error)


def _tell(what: object, error: BaseException) -> None:
    """Of an error that nobody can catch any more, as the interpreter tells it."""
    with contextlib.suppress(BaseException):
        sys.stderr.write(f"Exception ignored in: {what!r}\n{type(error).__name__}: {error}\n")


def _flush() -> bool:
    flushed = True
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not getattr(stream, "closed", False):
            try:
                stream.flush()
            except Exception as error:
                flushed = False
                if stream is sys.stdout:
                    _tell(stream, error)
    return flushed


def _clear_modules() -> None:
    for name in ("last_type", "last_value", "last_traceback"):
        with contextlib.suppress(AttributeError):
            delattr(sys, name)
    names = [name for name in sys.modules if name not in _base]
    held = []
    for name in names:
        module = sys.modules[name]
        sys.modules[name] = None  # type: ignore[assignment]  # as the interpreter does: an import fails from now on
        if isinstance(module, ModuleType):
            held.append(weakref.ref(module))
        del module
    gc.collect()
    for one in reversed(held):
        if (alive := one()) is not None:
            _clear(vars(alive))
            del alive
    gc.collect()


def _clear(names: dict[str, object]) -> None:
    """Private names first, then all but the builtins; values become None."""
    for name in [name for name in names if name.startswith("_") and not name.startswith("__")]:
        names[name] = None
    for name in [name for name in names if name != "__builtins__"]:
        names[name] = None
