from __future__ import annotations

from runtimes.probes import probe
from runtimes.sandbox import attempts


def test_every_protection_holds_and_every_attempt_ran() -> None:
    checks = {check.name: check for check in probe()}
    assert {name: check.detail for name, check in checks.items() if not check.ok} == {}
    assert attempts.ATTEMPTS.keys() <= checks.keys()
    assert len(checks) >= 40


def test_outside_a_sandbox_the_attempts_succeed() -> None:
    """The attempts that are harmless on the host go through there, so that holding means something."""
    assert attempts.capabilities()[0] is False or attempts.seccomp()[0] is False
    assert attempts.see_host_processes()[0] is False
    assert attempts.unprivileged.__name__ == "unprivileged"
    assert attempts.libc("memfd_create", b"probe", 0)[0] is False
    assert attempts.own_environment()[0] is False
