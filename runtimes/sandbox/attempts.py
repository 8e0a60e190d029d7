"""A program that tries to break out. It is run inside a sandbox, and only there.

Its result maps each attempt to [held, what happened]. What it aims at on the host comes as
context: `canary` (a readable file), `port`, `abstract` (listeners), `host_pid`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Callable
from functools import partial

canary: str = globals().get("canary", "/")
port: int = globals().get("port", 0)
abstract: str = globals().get("abstract", "")
host_pid: int = globals().get("host_pid", 0)

_libc = ctypes.CDLL(None, use_errno=True)
_PTRACE_TRACEME = 0
_CLONE_NEWUSER = 0x10000000
_CALLS = {
    # name -> (x86_64, aarch64)
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "perf_event_open": (298, 241),
    "process_vm_readv": (310, 270),
    "clone3": (435, 435),
    "pidfd_getfd": (438, 438),
    "open_tree": (428, 428),
}

Verdict = tuple[bool, str]


def refused(action: Callable[[], object]) -> Verdict:
    """Held if the action raises OSError."""
    try:
        action()
    except OSError as error:
        return True, os.strerror(error.errno or 0)
    return False, "it worked"


def libc(name: str, *arguments: object) -> Verdict:
    ctypes.set_errno(0)
    if getattr(_libc, name)(*arguments) >= 0:
        return False, "it worked"
    return True, os.strerror(ctypes.get_errno())


def syscall(name: str) -> Verdict:
    number = _CALLS[name][0 if os.uname().machine == "x86_64" else 1]
    _libc.syscall.restype = ctypes.c_long
    ctypes.set_errno(0)
    if _libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0)] * 6) >= 0:
        return False, "it worked"
    code = ctypes.get_errno()
    return code in (1, 38), os.strerror(code)


def open_for_writing(path: str) -> Verdict:
    return refused(lambda: os.close(os.open(path, os.O_WRONLY)))


def create(path: str) -> Verdict:
    return refused(lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT)))


def connect(family: socket.AddressFamily, address: str | tuple[str, int]) -> Verdict:
    def attempt() -> None:
        with socket.socket(family) as one:
            one.settimeout(2)
            one.connect(address)

    return refused(attempt)


def status(field: str) -> str:
    with open("/proc/self/status", encoding="ascii") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith(field + ":")), "")


def read_canary() -> Verdict:
    return refused(lambda: os.close(os.open(canary, os.O_RDONLY)))


def see_host_processes() -> Verdict:
    seen = [name for name in os.listdir("/proc") if name.isdigit()]
    return len(seen) <= 4, f"{len(seen)} processes are visible"


def signal_host_process() -> Verdict:
    if host_pid < 64:
        return True, "the host's process has a number that is taken inside"
    return refused(lambda: os.kill(host_pid, 0))


def parent_environment() -> Verdict:
    return refused(lambda: os.close(os.open("/proc/1/environ", os.O_RDONLY)))


def own_environment() -> Verdict:
    expected = {"HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER", "LC_CTYPE"}
    more = sorted(os.environ.keys() - expected)
    return not more, "unexpected: " + ", ".join(more) if more else "nothing of the host's"


def descriptors() -> Verdict:
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append((int(name), os.readlink(f"/proc/self/fd/{name}")))
    foreign = [path for number, path in found if number > 2 and not path.startswith(("pipe:", "/proc/"))]
    return not foreign, ", ".join(foreign) or f"{len(found)} open, none of the host's"


def capabilities() -> Verdict:
    sets = {name: int(status(name) or "1", 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    return not any(sets.values()), ", ".join(f"{name} {value:x}" for name, value in sets.items())


def seccomp() -> Verdict:
    mode = status("Seccomp")
    return mode == "2" and status("NoNewPrivs") == "1", f"mode {mode}, no_new_privs {status('NoNewPrivs')}"


def unprivileged() -> Verdict:
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        options = next(line for line in file if line.split()[4] == "/agent")
    outside = options.rpartition("uid=")[2].split(",")[0].strip()
    return os.getuid() == 1000 and outside not in ("", "0"), f"uid {os.getuid()} inside, {outside} outside"


def other_socket_families() -> Verdict:
    made = []
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, 38, 40):
        with contextlib.suppress(OSError):
            socket.socket(family, socket.SOCK_DGRAM).close()
            made.append(str(int(family)))
    return not made, "made: " + ", ".join(made) if made else "all refused"


def see_network() -> Verdict:
    with open("/proc/self/net/dev", encoding="ascii") as file:
        names = [line.split(":")[0].strip() for line in file.readlines()[2:]]
    return set(names) <= {"lo"}, "only " + ", ".join(names) if names else "nothing"


def read_init_memory() -> Verdict:
    return refused(lambda: os.close(os.open("/proc/1/mem", os.O_RDWR)))


def no_set_uid() -> Verdict:
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        bad = [line.split()[4] for line in file if "nosuid" not in line.split()[5]]
    return not bad, "without nosuid: " + ", ".join(bad) if bad else "every mount is nosuid"


def kill_init() -> Verdict:
    os.kill(1, signal.SIGKILL)
    os.kill(1, signal.SIGSTOP)
    return True, "it lives"


ATTEMPTS: dict[str, Callable[[], Verdict]] = {
    "read a file of the host": read_canary,
    "see the host's processes": see_host_processes,
    "signal a process of the host": signal_host_process,
    "connect to the host's loopback": lambda: connect(socket.AF_INET, ("127.0.0.1", port)),
    "connect to an abstract socket of the host": lambda: connect(socket.AF_UNIX, "\0" + abstract),
    "make sockets of other families": other_socket_families,
    "see the host's network": see_network,
    "write kernel settings": lambda: open_for_writing("/proc/sys/kernel/core_pattern"),
    "write to /usr": lambda: create("/usr/sandbox-probe"),
    "write to /": lambda: create("/sandbox-probe"),
    "write to /etc": lambda: open_for_writing("/etc/passwd"),
    "make a user namespace": lambda: libc("unshare", _CLONE_NEWUSER),
    "mount a file system": lambda: libc("mount", b"none", b"/tmp", b"tmpfs", 0, None),
    "change the root": lambda: libc("chroot", b"/tmp"),
    "trace a process": lambda: libc("ptrace", _PTRACE_TRACEME, 0, 0, 0),
    "hide memory in a memfd": lambda: libc("memfd_create", b"probe", 0),
    **{f"call {name}": partial(syscall, name) for name in _CALLS},
    "read the launcher's environment": parent_environment,
    "write the launcher's memory": read_init_memory,
    "kill or stop the launcher": kill_init,
    "find secrets in the environment": own_environment,
    "find inherited descriptors": descriptors,
    "hold capabilities": capabilities,
    "run without a system call filter": seccomp,
    "be root": unprivileged,
    "gain rights from set-uid files": no_set_uid,
}


def run() -> dict[str, list[object]]:
    results: dict[str, list[object]] = {}
    for name, attempt in ATTEMPTS.items():
        try:
            results[name] = list(attempt())
        except Exception as error:  # the attempt itself broke: that proves nothing
            results[name] = [False, f"the attempt failed: {type(error).__name__}: {error}"]
    return results


if __name__ == "__main__":
    result = run()
