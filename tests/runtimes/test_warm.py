"""Programs that were started ahead: as from nothing in all they can see, and alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtimes.backends.local import LocalSandbox
from runtimes.sandbox import birth, languages
from runtimes.types import DEFAULT_ENTRIES, MIB, Language, Limits, Status
from tests.runtimes.engine import Ran, command, run
from tests.runtimes.test_lifecycle import until

HELLO = {
    "python": "print('hello')",
    "javascript": "console.log('hello')",
    "bash": "echo hello",
}


@pytest.fixture(scope="module")
def warm() -> Iterator[LocalSandbox]:
    backend = LocalSandbox(warm=True)
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def cold() -> Iterator[LocalSandbox]:
    backend = LocalSandbox(warm=False)
    yield backend
    backend.close()


def fill(backend: LocalSandbox, language: str) -> None:
    """Have one more program of the language wait than do now, or at least one."""
    if backend.pool_stats()[language].warm == 0:
        run(HELLO[language], language, on=backend)
        assert until(lambda: backend.pool_stats()[language].warm > 0, 20)


def run_warm(backend: LocalSandbox, source: str, language: str = "python", **fields: Any) -> Ran:
    """The run, which must have been given a sandbox that was started ahead."""
    fill(backend, language)
    before = backend.pool_stats()[language].taken
    ran = run(source, language, on=backend, **fields)
    assert backend.pool_stats()[language].taken == before + 1
    return ran


ALIKE = [
    "import sys; print(sorted(sys.modules)); print(sys.flags, sys.path, sys.argv, sys.orig_argv, sys.executable)",
    "print(sorted(globals()), __loader__, __spec__, __package__, __file__)",
    "import os; print(sorted(os.environ.items()), os.getcwd(), os.umask(0), os.getsid(0) == os.getpid())",
    "class A:\n    def __del__(self): print('bye', __name__, A)\na = A()\nb = A(); b.b = b\n"
    "import atexit; atexit.register(print, 'atexit')",
    "import threading as t, time\nt.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\n"
    "print(t.current_thread() is t.main_thread(), t.active_count())",
    "import signal as s; print(s.getsignal(2), s.getsignal(13), s.pthread_sigmask(0, []))\n"
    "s.signal(14, lambda *a: print('alarm')); s.setitimer(s.ITIMER_REAL, 0.05); s.pause()",
    "import sys; sys.stdout.write('no newline'); sys.exit(3)",
    "raise SystemExit('words')",
    "def f(): 1 / 0\nf()",
    "import inspect, sys\nprint(len(inspect.stack()), sys._getframe().f_back)",
    "import resource as r; print([r.getrlimit(getattr(r, n)) for n in dir(r) if n.startswith('RLIMIT')])",
    "import os; print(sorted(os.listdir('/proc/self/fd'))); s = open('/proc/self/status').read()\n"
    "print(s.split('CapInh')[1].split('Cpus_allowed')[0])",
    "import sys; sys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\nprint(f(20000))",
    "import sys; sys.excepthook = lambda *a: print('hook', a[0])\n1 / 0",
    "import os; os.close(1)\nprint('x')",
    "import sys; sys.stdout.close()",
    "raise KeyboardInterrupt",
    "import sys; print(sys.stdin.read(), sys.stdin, sys.stdout, sys.stdin.seekable(), sys.stdout.line_buffering)",
    "x = (\n",
    "# -*- coding: latin-1 -*-\nprint('ok')",
    "import multiprocessing as m\ndef f(q): q.put(1)\nif __name__ == '__main__':\n"
    "    for k in ('fork', 'spawn', 'forkserver'):\n        c = m.get_context(k); q = c.Queue()\n"
    "        p = c.Process(target=f, args=(q,)); p.start(); print(k, q.get()); p.join()",
    "import pickle, dataclasses, json, re, ctypes, socket, select, struct, logging\nclass P: pass\n"
    "print(pickle.dumps(P()), ctypes.c_int(5), re.compile('a'), json.loads('[1]'))\nimport __main__; print(__main__.P is P)",
    "def g():\n    try: yield 1\n    finally: print('closed')\nx = g(); next(x)",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(30,), daemon=True).start()\nprint('x')",
    "import os\nif os.fork() == 0:\n    print('child'); raise SystemExit(4)\nprint(os.wait()[1] >> 8)",
    "import ctypes; ctypes.CDLL(None).printf(b'from c\\n')",
]


def _shown(ran: Ran) -> tuple[object, ...]:
    texts = [re.sub(r"0x[0-9a-f]+|\b\d{5,}\b", "#", text) for text in (ran.stdout, ran.stderr)]
    return *texts, ran.status, ran.outcome.exit_code, ran.outcome.error, ran.outcome.isolation


@pytest.mark.parametrize("program", ALIKE)
def test_a_python_program_cannot_tell(warm: LocalSandbox, cold: LocalSandbox, program: str) -> None:
    fields: dict[str, Any] = {"stdin": "in", "args": ("x", "y z"), "env": {"NAME": "Zoë"}}
    ahead = run_warm(warm, program, **fields)
    assert _shown(ahead) == _shown(run(program, on=cold, **fields))


@pytest.mark.parametrize(
    "program",
    [
        'echo "$0 ${BASH_SOURCE[*]} $# $* $- $LINENO $SHLVL $BASH_SUBSHELL"; env | sort; return 3; echo "rc $?"',
        "declare -p | grep -i -e sandloft -e BASH_ENV; ls /proc/$$/fd; echo \"$NAME|$(cat)\"; trap 'echo bye' EXIT; exit 7",
        'set -euo pipefail; f() { echo "${FUNCNAME[*]} ${BASH_LINENO[*]}"; false; }; trap "echo err" ERR; f',
        "if then; fi",
        'kill -TERM $$',
        "ulimit -a; caller; type nosuch",
    ],
)  # fmt: skip
def test_a_bash_script_cannot_tell(warm: LocalSandbox, cold: LocalSandbox, program: str) -> None:
    fields: dict[str, Any] = {"stdin": "in", "args": ("x", "y z", ""), "env": {"NAME": "Zoë\nx"}}
    ahead = run_warm(warm, program, "bash", **fields)
    assert _shown(ahead) == _shown(run(program, "bash", on=cold, **fields))


@pytest.mark.parametrize(
    "program",
    [
        "console.log(process.argv, process.execArgv, __filename, require.main === module, process.env)",
        "console.log(Object.getOwnPropertyNames(globalThis).sort().join(), Object.keys(require.cache), module.paths)",
        "import f from 'fs'; console.log(import.meta.url, f.readFileSync(0, 'utf8'), await 5); process.exitCode = 4",
        "console.log(new Error('x').stack); process.on('exit', () => console.log('bye')); throw new TypeError('y')",
        "console.log(require('fs').readdirSync('/proc/self/fd').filter((n) => n >= 100))",
        "let x = (",
    ],
)
def test_a_node_program_cannot_tell(warm: LocalSandbox, cold: LocalSandbox, program: str) -> None:
    fields: dict[str, Any] = {"stdin": "in", "args": ("x", "y z"), "env": {"NAME": "Zoë"}}
    ahead = run_warm(warm, program, "javascript", **fields)
    assert _shown(ahead) == _shown(run(program, "javascript", on=cold, **fields))


@pytest.mark.parametrize("name", ["json", "os", "random", "sitecustomize", "dataclasses", "runtimes"])
def test_files_named_like_modules_of_ours(warm: LocalSandbox, cold: LocalSandbox, name: str) -> None:
    program = f"import {name}\nprint(getattr({name}, 'MINE', 'theirs'))\nresult = [1]"
    files = {"main.py": program, f"{name}.py": "MINE = 'mine'"}
    fill(warm, "python")
    ran, bare = run(files, on=warm), run(files, on=cold)
    assert (ran.stdout, ran.result) == (bare.stdout, [1])
    assert ran.stdout == ("theirs\n" if name in ("os", "sitecustomize") else "mine\n")


def test_runs_of_one_zygote_find_nothing_of_each_other(warm: LocalSandbox) -> None:
    """The first run's secrets are looked for in all of the second one's memory."""
    half = os.urandom(8).hex()
    leave = "import os; open('/tmp/left', 'w').write('x'); os.environ['LEFT'] = 'x'; import json; json.LEFT = 1; print(K)"
    first = run_warm(warm, leave, context={"K": f"secret-{half}"}, env={"SECRET": f"secret-{half}"})
    assert first.stdout == f"secret-{half}\n"
    for secret, found in ((half, False), ("own" + half, True)):
        look = (
            "import os, json\nneedle = ('secret' + '-' + W).encode()[:-1]; seen = 0\n"
            "for line in open('/proc/self/maps'):\n"
            "    span, rights = line.split()[:2]\n    if 'r' not in rights or '[v' in line: continue\n"
            "    start, end = (int(x, 16) for x in span.split('-'))\n"
            "    with open('/proc/self/mem', 'rb') as f:\n        f.seek(start)\n"
            "        while start < end:\n            part = f.read(min(1 << 20, end - start)); start += len(part) or end\n"
            "            seen += part.count(needle)\n"
            "print(seen > 1, os.path.exists('/tmp/left'), 'LEFT' in os.environ, hasattr(json, 'LEFT'))"
        )  # one hit is the needle itself; its own secret, if it has one, is found more often
        own = {"OWN": f"secret-{secret}"} if found else {}
        ran = run_warm(warm, look, context={"W": secret}, env=own)
        assert ran.stdout == f"{found} False False False\n", ran.stderr


def test_random_numbers_differ_between_runs(warm: LocalSandbox) -> None:
    program = "import random, uuid, secrets; print(random.random(), uuid.uuid4(), secrets.token_hex(4))"
    seen = [run_warm(warm, program).stdout for _ in range(4)]
    assert len(set(" ".join(seen).split())) == 12


def test_shared_memory_is_not_the_run_s(warm: LocalSandbox, cold: LocalSandbox) -> None:
    ahead, bare = run_warm(warm, "pass").outcome.usage, run("pass", on=cold).outcome.usage
    assert 1 * MIB < ahead.peak_memory_bytes <= bare.peak_memory_bytes


def test_what_the_interpreter_reads_at_its_start_is_not_started_ahead(warm: LocalSandbox) -> None:
    for given in (
        command("1", env={"PYTHONHASHSEED": "0"}),
        command("1", env={"TZ": "Asia/Tokyo"}),
        command({"main.py": "1", ".local/x": ""}),
        command("1", "javascript", env={"NODE_DEBUG": "fs"}),
        command({"other.sh": "true"}, "bash", entry="other.sh"),
    ):
        assert languages.recipe(given, Limits(), warm.toolchain).ahead is None
    ran = run("print(hash('a'))", env={"PYTHONHASHSEED": "0"}, on=warm)
    assert ran.stdout == run("print(hash('a'))", env={"PYTHONHASHSEED": "0"}, on=warm).stdout


@pytest.mark.parametrize("language", HELLO)
def test_three_hundred_small_runs_eight_at_a_time(language: str) -> None:
    backend = LocalSandbox(warm=True)
    count = 300 if language != "javascript" else 60
    seen: list[tuple[str, Status]] = []
    left = iter(range(count))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if next(left, None) is None:
                    return
            ran = run(HELLO[language], language, on=backend)
            seen.append((ran.stdout, ran.status))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert seen == [("hello\n", Status.SUCCEEDED)] * count
    assert backend.pool_stats()[language].busy == 0
    backend.close()


def _descendants(pid: int) -> list[int]:
    out = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(line.split()[0]): int(line.split()[1]) for line in out.splitlines()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _zygote(backend: LocalSandbox) -> int:
    live = backend.client._live
    assert live is not None
    for pid in _descendants(live.process.pid):
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        words = [Path(f"/proc/{one}/cmdline").read_bytes() for one in (pid, parent)]
        if b"zygote.py" in words[0] and b"zygote.py" not in words[1]:
            return pid
    raise AssertionError("there is no zygote")


@pytest.mark.parametrize("victim", ["zygote", "spawner"])
def test_a_killed_zygote_or_spawner_is_replaced(victim: str) -> None:
    backend = LocalSandbox(warm=True)
    fill(backend, "python")
    live = backend.client._live
    assert live is not None
    pid = _zygote(backend) if victim == "zygote" else live.process.pid
    ended: list[Ran] = []
    runner = threading.Thread(target=lambda: ended.append(run("import time; time.sleep(60)", on=backend)))
    runner.start()
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    runner.join(20)
    assert [(ran.status, ran.error.type) for ran in ended] == [(Status.FAILED, "RuntimeFault")]
    for _ in range(5):
        assert run("print('hello')", on=backend).stdout == "hello\n"
    assert until(lambda: backend.pool_stats()["python"].warm > 0, 20)
    assert run_warm(backend, "print('again')").stdout == "again\n"
    backend.close()


def test_a_zygote_that_cannot_start_fails_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = LocalSandbox(warm=True)
    monkeypatch.setitem(backend.toolchain.plan.files, "/opt/sandloft/python/zygote.py", "raise SystemExit(1)")
    for _ in range(3):
        assert run("print('hello')", on=backend).stdout == "hello\n"
    assert until(lambda: backend.pool_stats()["python"].refusals >= 3)
    assert backend.pool_stats()["python"].warm == 0
    backend.close()


def test_a_closed_pool_leaves_nothing() -> None:
    backend = LocalSandbox(warm=True)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for language in HELLO:
        fill(backend, language)
    live = backend.client._live
    assert live is not None
    assert len(_descendants(live.process.pid)) > 3
    backend.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert backend.pool_stats()["python"].warm == 0


def test_pools_are_by_language_and_bounded(warm: LocalSandbox) -> None:
    for language in HELLO:
        fill(warm, language)
    stats = warm.pool_stats()
    assert set(stats) == {str(one) for one in Language}
    assert all(stats[one].warm > 0 for one in HELLO)
    assert sys.version_info >= (3, 11)


# -- the walls that a sandbox started from nothing has as well

_LOOK = {
    "python": "import os; print(open('/proc/1/cmdline').read().rstrip('\\0'), os.listdir('.'))",
    "javascript": "const fs = require('fs'); const [name] = fs.readFileSync('/proc/1/cmdline', 'utf8').split('\\0');"
    "console.log(name, fs.readdirSync('.'))",
    "bash": "IFS= read -r -d '' name < /proc/1/cmdline; echo \"$name\" *",
}


@pytest.mark.parametrize("language", HELLO)
def test_the_watcher_names_no_path_and_the_folder_for_artifacts_is_there(
    warm: LocalSandbox, cold: LocalSandbox, language: str
) -> None:
    ahead = run_warm(warm, _LOOK[language], language)
    assert ahead.stdout.split()[0] == "sandbox"
    assert "out" in ahead.stdout
    assert ahead.stdout == run(_LOOK[language], language, on=cold).stdout


@pytest.mark.parametrize("language", HELLO)
def test_a_file_of_the_program_may_be_named_like_the_folder_for_artifacts(
    warm: LocalSandbox, language: str
) -> None:
    fill(warm, language)
    before = warm.pool_stats()[language].taken
    entry = DEFAULT_ENTRIES[Language(language)]
    ran = run({entry: HELLO[language], "out": "text"}, language, on=warm)
    assert (ran.stdout, ran.artifacts) == ("hello\n", {})
    assert warm.pool_stats()[language].taken == before + 1


def test_no_program_ends_its_watcher(warm: LocalSandbox) -> None:
    program = (
        "import os, signal, time\nfor n in signal.valid_signals() - {9, 19}: os.kill(1, n)\n"
        "time.sleep(0.2)\nprint('held')"
    )
    ran = run_warm(warm, program)
    assert (ran.stdout, ran.status) == ("held\n", Status.SUCCEEDED)


def test_a_program_is_visible_to_its_watcher_until_it_hides(warm: LocalSandbox) -> None:
    hide = (
        "import ctypes, mmap, time\nprint(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)\n"
        "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\nkept = [mmap.mmap(-1, 300 << 20)]\n"
        "until = time.time() + 5\nwhile time.time() < until: kept.append(bytes(1 << 20)); del kept[1:]\nprint('unseen')"
    )
    ran = run_warm(warm, hide, limits=Limits(memory_bytes=256 * MIB))
    assert (ran.stdout, ran.status) == ("1\n", Status.MEMORY_EXCEEDED)


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_a_job_cannot_be_grown(content: bytes) -> None:
    descriptor = birth.sealed(content)
    if not content:
        birth.fill(descriptor, b"{}")
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        assert file.read() == b"{}"
        with pytest.raises(PermissionError):
            file.write(b"more")
