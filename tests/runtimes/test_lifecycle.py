"""Nothing outlives its run, its server or its spawner; and nothing is needed twice."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtimes.backends.local import LocalSandbox
from runtimes.types import Cancellation, Limits, Outcome, Status
from tests.runtimes.engine import command, run, sandbox

ROOT = Path(__file__).parents[2]
_SERVER = """
import sys
sys.path.insert(0, {root!r})
from runtimes.backends.local import LocalSandbox
from runtimes.types import Cancellation, Command, Language, Limits
program = "import os\\nfor _ in range(2): os.fork()\\nprint('up', flush=True)\\nimport time\\ntime.sleep(300)"
backend = LocalSandbox(warm={warm})
given = Command(Language.PYTHON, {{"main.py": program}}, "main.py", args=({mark!r},))
for event in backend.run(given, Limits(wall_seconds=300), Cancellation()):
    print(event, flush=True)
"""


_WITH_CHILD = "import subprocess, sys\nsubprocess.Popen(['sh', '-c', 'sleep 99; :', *sys.argv[1:]])\n"


@pytest.fixture(params=[True, False], ids=["ahead", "from-nothing"])
def warm(request: pytest.FixtureRequest) -> bool:
    """Whether sandboxes are started ahead."""
    return bool(request.param)


def until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def processes_with(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        name = folder.name
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0") if name.isdigit() else []
        except OSError:
            continue
        if mark.encode() in words:
            found.append(int(name))
    return found


def test_a_killed_server_takes_its_sandboxes_along(warm: bool) -> None:
    mark = f"mark-{os.getpid()}-{os.urandom(4).hex()}"
    source = _SERVER.format(root=str(ROOT), mark=mark, warm=warm)
    server = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert until(lambda: len(processes_with(mark)) == 4)
    server.kill()
    server.wait()
    assert until(lambda: processes_with(mark) == [])
    assert server.stdout is not None
    server.stdout.close()


def test_a_killed_spawner_ends_its_runs_and_is_replaced(warm: bool) -> None:
    backend = LocalSandbox(warm=warm)
    with Cancellation() as cancellation:
        events = backend.run(
            command("print('up', flush=True)\nimport time; time.sleep(60)"), Limits(), cancellation
        )
        next(events), next(events)
        os.kill(_spawner(backend), signal.SIGKILL)
        outcome = list(events)[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.type) == (Status.FAILED, "RuntimeFault")
    assert run("print(1)", on=backend).stdout == "1\n"
    backend.close()


def _spawner(backend: LocalSandbox) -> int:
    live = backend.client._live
    assert live is not None
    return live.process.pid


def test_a_closed_backend_starts_again(warm: bool) -> None:
    backend = LocalSandbox(warm=warm)
    assert run("print(1)", on=backend).stdout == "1\n"
    backend.close()
    backend.close()
    assert run("print(2)", on=backend).stdout == "2\n"
    backend.close()


def test_closing_the_iterator_kills_the_run() -> None:
    mark = f"mark-{os.urandom(4).hex()}"
    with Cancellation() as cancellation:
        given = command(_WITH_CHILD + "print('up', flush=True)\nimport time; time.sleep(60)", args=(mark,))
        events = sandbox().run(given, Limits(), cancellation)
        next(events), next(events)
        assert until(lambda: processes_with(mark) != [])
        events.close()  # type: ignore[attr-defined]  # the engine's iterator is a generator
    assert until(lambda: processes_with(mark) == [])


def test_the_thread_that_started_a_run_may_end() -> None:
    with Cancellation() as cancellation:
        events = sandbox().run(command("import time; time.sleep(0.4); print('done')"), Limits(), cancellation)
        starter = threading.Thread(target=lambda: next(events))
        starter.start()
        starter.join()
        outcome = list(events)[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.status is Status.SUCCEEDED


def test_forked_workers_have_spawners_of_their_own(warm: bool) -> None:
    backend = LocalSandbox(warm=warm)
    assert backend.health().ok
    ours = _spawner(backend)
    children = []
    for _ in range(2):
        pid = os.fork()
        if pid == 0:
            good = run("print(1)", on=backend).stdout == "1\n" and _spawner(backend) != ours
            backend.close()
            os._exit(0 if good else 1)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0]
    assert _spawner(backend) == ours
    assert run("print(2)", on=backend).stdout == "2\n"
    backend.close()


def test_a_slow_reader_does_not_lengthen_a_run() -> None:
    limits = Limits(wall_seconds=0.5)
    with Cancellation() as cancellation:
        events = sandbox().run(
            command("print('x' * 400_000, flush=True)\nimport time; time.sleep(60)"), limits, cancellation
        )
        next(events), next(events)
        time.sleep(1.2)
        begun = time.monotonic()
        outcome = list(events)[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.status is Status.TIMED_OUT
    assert time.monotonic() - begun < 1


def test_forty_runs_leave_nothing_behind(warm: bool) -> None:
    backend = LocalSandbox(warm=warm)
    assert run("print(1)", on=backend).stdout == "1\n"
    backend.close()
    gc.collect()  # What others dropped must not be closed while we count.
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    mounts = Path("/proc/self/mountinfo").read_text().count("\n")
    mark = f"mark-{os.urandom(4).hex()}"
    outputs: list[str] = []

    def work() -> None:
        outputs.extend(run(_WITH_CHILD + "print(42)", args=(mark,), on=backend).stdout for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outputs == ["42\n"] * 40
    backend.close()
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors
    assert Path("/proc/self/mountinfo").read_text().count("\n") == mounts
    assert until(lambda: processes_with(mark) == [])


def test_secrets_are_on_no_command_line_and_in_no_other_run() -> None:
    secret = f"secret-{os.urandom(8).hex()}"
    with Cancellation() as cancellation:
        given = command(
            "print('up', flush=True)\nimport time; time.sleep(60)",
            env={"KEY": secret},
            input=secret,
            context={"k": secret},
        )
        events = sandbox().run(given, Limits(), cancellation)
        next(events), next(events)
        lines = subprocess.run(["ps", "-e", "-o", "args"], capture_output=True, text=True, check=True).stdout
        other = run(
            "import os, glob\nfor p in glob.glob('/proc/*/environ'):\n    try: print(open(p).read())\n    except OSError: pass"
        )
        events.close()  # type: ignore[attr-defined]  # the engine's iterator is a generator
    assert secret not in lines
    assert secret not in other.stdout
    assert "LANG=C.UTF-8" in other.stdout  # so that the search found something


@pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root to become somebody else; as an ordinary user every test shows it"
)
def test_every_protection_holds_for_an_ordinary_user() -> None:
    python = next(
        (one for one in (sys.base_prefix + "/bin/python3", "/usr/bin/python3") if _usable(one)), None
    )
    if python is None or not _readable_by_all(ROOT / "runtimes" / "types.py"):
        pytest.skip("neither Python nor these sources can be read by an ordinary user here")
    source = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom runtimes.probes import probe\n"
        "checks = probe()\nprint(len(checks), [(c.name, c.detail) for c in checks if not c.ok])"
    )
    done = subprocess.run(
        [python, "-I", "-c", source],
        capture_output=True,
        text=True,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        timeout=60,
        check=False,
    )
    count, _, faults = done.stdout.partition(" ")
    assert faults.strip() == "[]", done
    assert int(count) >= 40


def _readable_by_all(path: Path) -> bool:
    parents = all(parent.stat().st_mode & 0o001 for parent in path.parents)
    return parents and bool(path.stat().st_mode & 0o004)


def _usable(python: str) -> bool:
    path = Path(python).resolve()
    if not path.exists() or not _readable_by_all(path):
        return False
    check = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(check, check=False).returncode == 0
