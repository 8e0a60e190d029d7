"""The restrictions a process puts on itself before anything of the user's runs."""

from __future__ import annotations

import fcntl
import os
import resource
import signal

from runtimes.sandbox import syscalls

_ABOVE = 200
_FOR_ALL = {
    resource.RLIMIT_CORE: (0, 0),
    resource.RLIMIT_MEMLOCK: (0, 0),
    resource.RLIMIT_MSGQUEUE: (0, 0),
    resource.RLIMIT_SIGPENDING: (256, 256),
    resource.RLIMIT_RTPRIO: (0, 0),
}


def give_up_power(program: bytes) -> None:
    """No capabilities, no way to gain any, and the filter; nothing is added back after this."""
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1, "prctl NO_NEW_PRIVS")
    syscalls.drop_capabilities()
    syscalls.install_filter(program)


def limit_resources(limits: dict[str, int]) -> None:
    """Set the per-process limits. `limits` maps names such as "NOFILE" to a hard value."""
    for which, value in _FOR_ALL.items():
        resource.setrlimit(which, value)
    limit_process(0, limits)


def limit_process(pid: int, limits: dict[str, int]) -> None:
    """The limits that depend on the job, for `pid`; 0 is this process."""
    for name, amount in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        hard = resource.prlimit(pid, which)[1]
        allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.prlimit(pid, which, (allowed, allowed))


def forget_signals() -> None:
    """Start with default dispositions and an empty mask: an exec would keep what is ignored."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def place_descriptors(wanted: dict[int, int]) -> None:
    """Make `wanted` (number -> where it is now) the only open descriptors, inherited by exec.

    Every source must lie above every wanted number.
    """
    for target, source in wanted.items():
        os.dup2(source, target, inheritable=True)
    previous = -1
    for target in sorted(wanted):
        if target > previous + 1:  # an empty range would reach the kernel as "to the end"
            os.closerange(previous + 1, target)
        previous = target
    syscalls.close_from(previous + 1)


def lift(descriptor: int) -> int:
    """A copy above every number that we place on."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _ABOVE)
