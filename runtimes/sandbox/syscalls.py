"""The system calls that the standard library does not offer, through ctypes.

Everything raises OSError with the call's name as `filename`, so that a failure during set-up
says which step the host forbade.
"""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any

from runtimes.sandbox import numbers

NEWNS = 0x00020000
NEWCGROUP = 0x02000000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000
ALL_NAMESPACES = NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_PIDFD = 0x1000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NAME = 15
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
_CAP_AMBIENT_CLEAR_ALL = 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522

# PyDLL keeps the interpreter lock over a call: a raw clone must return in both processes with it held.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, step: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), step)
    return result


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    result = _libc.mount(
        _encoded(source), _encoded(target), _encoded(kind), ctypes.c_ulong(flags), _encoded(data)
    )
    _checked(result, f"mount {kind or source or 'flags'} on {target}")


def unmount(target: str) -> None:
    _checked(_libc.umount2(_encoded(target), MNT_DETACH), f"umount {target}")


def unshare(flags: int, step: str) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)), step)


def pivot_root(new: str, old: str) -> None:
    machine = numbers.here()
    number = machine.number("pivot_root") if machine else None
    _checked(_libc.syscall(ctypes.c_long(number or -1), _encoded(new), _encoded(old)), "pivot_root")


def sethostname(name: str) -> None:
    encoded = name.encode()
    _checked(_libc.sethostname(encoded, ctypes.c_size_t(len(encoded))), "sethostname")


def prctl(option: int, value: int = 0, step: str = "prctl") -> int:
    zero = ctypes.c_ulong(0)
    result = int(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero))
    return _checked(result, step)


def die_with_parent() -> None:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, "prctl PDEATHSIG")


def clone(flags: int) -> tuple[int, int]:
    """Fork into new namespaces: (0, -1) in the child, (pid, pidfd) in the parent.

    The legacy call rather than clone3, which containers commonly answer with ENOSYS. It takes
    no stack, so the child goes on in a copy of ours, as after fork.
    """
    machine = numbers.here()
    number = machine.number("clone") if machine else None
    pidfd = ctypes.c_int(-1)
    python: Any = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = _libc.syscall(
        ctypes.c_long(number or -1),
        ctypes.c_ulong(flags | _PIDFD | signal.SIGCHLD),
        ctypes.c_void_p(0),
        ctypes.byref(pidfd),
        ctypes.c_void_p(0),
        ctypes.c_void_p(0),
    )
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0, -1
    python.PyOS_AfterFork_Parent()
    return _checked(pid, "clone into new namespaces"), pidfd.value


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def drop_capabilities() -> None:
    """Empty every set but the bounding one, which no_new_privs makes worthless."""
    _libc.prctl(
        ctypes.c_int(PR_CAP_AMBIENT), ctypes.c_ulong(_CAP_AMBIENT_CLEAR_ALL), *[ctypes.c_ulong(0)] * 3
    )
    header = _CapHeader(_CAPABILITY_VERSION_3, 0)
    data = (_CapData * 2)()
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref(data)), "capset")


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def install_filter(program: bytes) -> None:
    """Install a classic BPF program as this process's system call filter; needs no_new_privs."""
    buffer = ctypes.create_string_buffer(program, len(program))
    described = _FilterProgram(len(program) // 8, ctypes.addressof(buffer))
    zero = ctypes.c_ulong(0)
    result = _libc.prctl(
        ctypes.c_int(PR_SET_SECCOMP),
        ctypes.c_ulong(_SECCOMP_MODE_FILTER),
        ctypes.byref(described),
        zero,
        zero,
    )
    _checked(result, "prctl SECCOMP")


def forget_arguments(name: bytes) -> None:
    """Have /proc/PID/cmdline show `name` instead of our arguments, which name paths of the host.

    They lie on the stack that the kernel made; every fork from here on inherits what we write.
    """
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    if end - start > len(name):
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, name, len(name))


def close_from(lowest: int) -> None:
    os.closerange(lowest, 1 << 30)


class _MountAttributes(ctypes.Structure):
    _fields_ = [
        ("add", ctypes.c_uint64),
        ("remove", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    ]


_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_SETATTR = 442
_ATTRIBUTE_OF = {MS_RDONLY: 1, MS_NOSUID: 2, MS_NODEV: 4, MS_NOEXEC: 8}


def restrict_mount(target: str, flags: int) -> None:
    """Add restrictions to a mount and all below it, keeping those that it has."""
    wanted = sum(bit for flag, bit in _ATTRIBUTE_OF.items() if flags & flag)
    attributes = _MountAttributes(wanted, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        _encoded(target),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    if result < 0:  # before Linux 5.12: the top mount only, restating what it already forbids
        kept = os.statvfs(target).f_flag & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | 1024 | 2048 | 4096)
        known = (kept & 15) | (kept & 1024) | (kept & 2048)
        mount(None, target, None, MS_REMOUNT | MS_BIND | flags | known)
