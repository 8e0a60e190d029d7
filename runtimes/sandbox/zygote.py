"""An interpreter that forks sandboxes in which a copy of itself waits for a program.

It is started by the spawner, inside the spawner's root, as `python zygote.py`. Each sandbox is
used once; what its program is, only that sandbox ever learns. What this process has imported
for itself is hidden from the programs: they find the modules of an interpreter just started.
"""

from __future__ import annotations

import _thread
import builtins
import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator
from importlib.machinery import BuiltinImporter
from itertools import starmap
from typing import Any

from runtimes.sandbox import ahead, birth, confine, numbers, service, syscalls
from runtimes.sandbox.finish import finish
from runtimes.sandbox.spawner import REQUESTS, Spawner, filters_for

Call = tuple[int, bytes, int, None]
_M_ARENA_MAX = -8

_libc = ctypes.PyDLL(None)
_libc.fopen.restype = ctypes.c_void_p
_libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
# Runs a file as the main program, exactly as the interpreter's own start does.
_run_file = ctypes.pythonapi.PyRun_AnyFileExFlags
_run_file.restype = ctypes.c_int
_run_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]


class Zygote(Spawner):
    def be_box(self, control: socket.socket, stdout: int, stderr: int) -> None:
        with service.refusing(control):
            syscalls.die_with_parent()
            order = service.receive(control)
            if order is None:
                return
            birth.enter(order["disk_bytes"], outside=birth.INSIDE)
            waiting, theirs = ahead.connections()
            theirs |= {1: stdout, 2: stderr}
            waiting.pid = self._fork_program(theirs)
            ahead.close_theirs(waiting, theirs)
            service.wait_and_run(control, waiting, self.filters, forked=True)

    def _fork_program(self, theirs: dict[int, int]) -> int:
        """Fork from a fresh thread, because below its first frame there is none of ours.

        After the fork that thread is the main one, and C code calls the program from it.
        """
        born: list[int] = []
        done = _thread.allocate_lock()
        done.acquire()
        codes: list[int] = []
        program = self._program(theirs, born, done, codes)
        _thread.start_new_thread(codes.extend, (starmap(_run_file, program),))
        done.acquire()
        if born[0] < 0:
            raise OSError(-born[0], os.strerror(-born[0]), "fork")
        return born[0]

    def _program(
        self, theirs: dict[int, int], born: list[int], done: Any, codes: list[int]
    ) -> Iterator[Call]:
        """Resumed by C code: up to the program's start, and again when it has ended."""
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if pid:
            born.append(pid)
            done.release()
            return
        try:
            job = self._await_job(theirs)
            yield _take_up(job)
            finish(failed=codes[-1] != 0, flush=_libc.fflush)
        except BaseException as error:  # ours, not the program's: C code has dealt with that one
            os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode("utf-8", "replace"))
        finally:
            os._exit(127)

    def _await_job(self, theirs: dict[int, int]) -> dict[str, Any]:
        os.setsid()
        confine.place_descriptors({target: confine.lift(source) for target, source in theirs.items()})
        os.set_inheritable(ahead.GO_DESCRIPTOR, False)
        ahead.restrict(self.filters.program)
        _rehearse()
        os.write(ahead.RESULT_DESCRIPTOR, b"R")
        if os.read(ahead.GO_DESCRIPTOR, 1) != b"G":
            os._exit(0)
        os.close(ahead.GO_DESCRIPTOR)
        harness: Any = sys.modules["sandloft_run"]
        job: dict[str, Any] = harness.read_job()
        return job


_REHEARSAL = """
class A:
    def f(self, n):
        return [str(i) + "%s" % i for i in range(n)]
try:
    A().f(3)[9]
except IndexError as error:
    a = {"b": error.args, **{}}
print("", end="")
"""


def _rehearse() -> None:
    """Touch what every program touches, while nobody waits."""
    exec(compile(_REHEARSAL, "main.py", "exec"), {})  # noqa: S102 -- our own text
    harness: Any = sys.modules["sandloft_run"]
    harness.scan('{"env": {"a": "b"}, "n": [1, 2.5]}')
    os.path.realpath("main.py")
    gc.collect()


def _take_up(job: dict[str, Any]) -> Call:
    """Make this interpreter look like one that was started for the job."""
    harness: Any = sys.modules["sandloft_run"]
    site: Any = sys.modules["sitecustomize"]
    os.environ.clear()
    os.environ.update(job["env"])
    start = job["start"]
    script = start[-1]
    sys.argv[:] = [script, *job["args"]]
    sys.orig_argv[1:] = [*start, *job["args"]]
    if start[0] != "-P":
        sys.path.insert(0, os.path.dirname(os.path.realpath(script)))
    sys.modules["__main__"] = _fresh_main()
    site.job = job
    harness.prepare(job)
    path = os.path.join("/agent", script).encode()
    return _libc.fopen(path, b"rb"), path, 1, None


def _fresh_main() -> Any:
    main = type(sys)("__main__")
    main.__dict__.update(__loader__=BuiltinImporter, __annotations__={}, __builtins__=builtins)
    return main


def _hide(own: set[str]) -> None:
    """Take the modules that we alone have imported out of sight, without letting go of them."""
    kept = {name: sys.modules.pop(name) for name in own}
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
    for path in [path for path in sys.path_importer_cache if "/opt/sandloft" in path]:
        del sys.path_importer_cache[path]


def main(bare: set[str]) -> None:
    """`bare` names the modules of an interpreter that has just been started."""
    machine = numbers.here()
    if machine is None:
        return
    requests = socket.socket(fileno=REQUESTS)
    _libc.mallopt(_M_ARENA_MAX, 1)
    zygote = Zygote(requests, filters_for(machine))
    _hide(set(sys.modules) - bare)
    signal.set_wakeup_fd(-1)
    gc.collect()
    gc.freeze()
    requests.send(b"ready")
    try:
        zygote.serve()
    finally:
        os._exit(0)
