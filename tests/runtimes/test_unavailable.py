"""Where the host forbids the sandbox, nothing runs, and the reason says what to enable."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FORBIDDEN = """
import json, os, sys
sys.path.insert(0, {root!r})
from runtimes.sandbox import bpf, numbers, syscalls
machine = numbers.here()
program = bpf.Assembler()
program.load(0)
for call, code in {calls!r}.items():
    body = bpf.Assembler()
    if call == "clone":  # as containers do: processes yes, namespaces no
        body.argument(0)
        body.answer_unless(0x45, bpf.NAMESPACE_FLAGS & ~0xFF, bpf.ALLOW)
    body.answer(0x00050000 | code)
    program.rule(machine.number(call), body)
program.answer(bpf.ALLOW)
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
syscalls.install_filter(program.bytes())
from runtimes.backends.local import LocalSandbox
from runtimes.types import Cancellation, Command, Language, Limits
backend = LocalSandbox()
health = backend.health()
open("/tmp/" + {mark!r}, "w").close(); os.unlink("/tmp/" + {mark!r})
given = Command(Language.PYTHON, {{"main.py": "open('/tmp/" + {mark!r} + "', 'w')"}}, "main.py")
events = list(backend.run(given, Limits(), Cancellation()))
print(json.dumps([health.ok, health.reason, [type(e).__name__ for e in events], str(events[-1].status),
    events[-1].error.message, os.path.exists("/tmp/" + {mark!r})]))
"""


@pytest.mark.parametrize(
    ("calls", "advice"),
    [
        ({"unshare": errno.EPERM}, "kernel.unprivileged_userns_clone=1"),
        ({"unshare": errno.ENOSPC}, "user.max_user_namespaces"),
        ({"mount": errno.EPERM}, "seccomp=unconfined"),
        ({"clone": errno.EPERM}, "seccomp=unconfined"),
        ({"pivot_root": errno.EPERM}, "apparmor"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_forbidding_host_refuses_and_says_why(calls: dict[str, int], advice: str) -> None:
    mark = f"ran-outside-{'-'.join(calls)}-{calls[next(iter(calls))]}"
    source = _FORBIDDEN.format(root=str(ROOT), calls=calls, mark=mark)
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    ok, reason, kinds, status, message, ran_outside = json.loads(done.stdout)
    assert (ok, kinds, status, ran_outside) == (False, ["Outcome"], "rejected", False)
    assert reason == message
    assert reason.startswith("Sandbox unavailable (")
    assert "Code will not be run without isolation." in reason
    assert advice in reason
