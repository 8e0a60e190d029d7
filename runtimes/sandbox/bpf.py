"""The system call filter: a small assembler for classic BPF, and our policy.

The policy is what a program that computes, reads and writes its files, starts threads and
processes and talks to them needs. Everything that reaches deeper into the kernel, or past the
sandbox, is refused with an error number rather than a signal, so that libraries fall back.
"""

from __future__ import annotations

import errno
import socket
import stat
import struct
from dataclasses import dataclass, field

from runtimes.sandbox.numbers import LAST_KNOWN, X32_BIT, Machine

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_JEQ = 0x15
_JGT = 0x25
_JSET = 0x45
_RET = 0x06

ALLOW = 0x7FFF0000
KILL = 0x80000000
_ERRNO = 0x00050000

_NUMBER, _ARCH, _ARGS = 0, 4, 16

REFUSED = (
    "mount umount2 pivot_root move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr chroot "
    "unshare setns keyctl add_key request_key bpf perf_event_open userfaultfd "
    "ptrace process_vm_readv process_vm_writev kcmp process_madvise process_mrelease pidfd_getfd "
    "kexec_load kexec_file_load init_module finit_module delete_module create_module query_module "
    "get_kernel_syms reboot swapon swapoff acct quotactl quotactl_fd settimeofday clock_settime "
    "clock_adjtime adjtimex iopl ioperm syslog name_to_handle_at open_by_handle_at lookup_dcookie "
    "nfsservctl vhangup uselib ustat sysfs _sysctl move_pages migrate_pages mbind set_mempolicy "
    "get_mempolicy set_mempolicy_home_node fanotify_init fanotify_mark memfd_secret "
    "landlock_create_ruleset landlock_add_rule landlock_restrict_self sethostname setdomainname "
    # Memory that no limit of ours would see, because no process need map it.
    "memfd_create shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semctl semtimedop "
    "mq_open mq_unlink modify_ldt vmsplice seccomp remap_file_pages afs_syscall tuxcall security "
    "getpmsg putpmsg vserver"
).split()

ABSENT = "clone3 io_uring_setup io_uring_enter io_uring_register io_setup".split()
"""Answered with ENOSYS: clone3 because a filter cannot read its flags, and libc falls back to clone;
io_setup because the whole host shares one small number of its requests."""

OWN_PROCESS_ONLY = {
    # call -> the argument that names the process. Only 0, "myself": else a program could starve
    # or limit the process that watches over its memory.
    "sched_setscheduler": 0,
    "sched_setparam": 0,
    "sched_setattr": 0,
    "sched_setaffinity": 0,
    "prlimit64": 0,
    "setpriority": 1,
    "ioprio_set": 1,
}

NAMESPACE_FLAGS = 0x7E020000 | 0x80  # CLONE_NEW{CGROUP,UTS,IPC,USER,PID,NET,NS}, CLONE_NEWTIME
_TERMINAL_TRICKS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_QUERY_PERSONALITY = 0xFFFFFFFF


def _signed_errno(code: int) -> int:
    return _ERRNO | code


@dataclass(slots=True)
class Assembler:
    """Instructions in order; jumps inside one rule only, so offsets stay below 256."""

    code: list[tuple[int, int, int, int]] = field(default_factory=list)

    def load(self, offset: int) -> None:
        self.code.append((_LOAD, 0, 0, offset))

    def argument(self, index: int, *, high: bool = False) -> None:
        self.load(_ARGS + 8 * index + (4 if high else 0))

    def mask(self, bits: int) -> None:
        self.code.append((_AND, 0, 0, bits))

    def answer(self, verdict: int) -> None:
        self.code.append((_RET, 0, 0, verdict))

    def answer_if(self, jump: int, operand: int, verdict: int) -> None:
        """Return `verdict` when the loaded word compares true; else go on."""
        self.code.append((jump, 0, 1, operand))
        self.answer(verdict)

    def answer_unless(self, jump: int, operand: int, verdict: int) -> None:
        self.code.append((jump, 1, 0, operand))
        self.answer(verdict)

    def rule(self, number: int | None, body: Assembler) -> None:
        """Run `body`, which must end in an answer, for this call only; the number is loaded."""
        if number is None:
            return
        self.code.append((_JEQ, 0, len(body.code), number))
        self.code.extend(body.code)

    def bytes(self) -> bytes:
        return b"".join(struct.pack("=HBBI", *instruction) for instruction in self.code)


def _refusing(code: int) -> Assembler:
    body = Assembler()
    body.answer(_signed_errno(code))
    return body


def _socket_families() -> Assembler:
    body = Assembler()
    body.argument(0)
    body.answer_if(_JEQ, socket.AF_UNIX, ALLOW)
    body.answer_if(_JEQ, socket.AF_INET, _signed_errno(errno.ENETUNREACH))
    body.answer_if(_JEQ, socket.AF_INET6, _signed_errno(errno.ENETUNREACH))
    body.answer(_signed_errno(errno.EAFNOSUPPORT))
    return body


def _unix_pairs_only() -> Assembler:
    body = Assembler()
    body.argument(0)
    body.answer_unless(_JEQ, socket.AF_UNIX, _signed_errno(errno.EAFNOSUPPORT))
    body.answer(ALLOW)
    return body


def _no_new_namespaces() -> Assembler:
    body = Assembler()
    body.argument(0)
    body.answer_if(_JSET, NAMESPACE_FLAGS & ~0xFF, _signed_errno(errno.EPERM))
    body.answer(ALLOW)
    return body


def _no_terminal_tricks() -> Assembler:
    body = Assembler()
    body.argument(1)
    for request in _TERMINAL_TRICKS:
        body.answer_if(_JEQ, request, _signed_errno(errno.EPERM))
    body.answer(ALLOW)
    return body


def _plain_personality() -> Assembler:
    body = Assembler()
    body.argument(0)
    body.answer_if(_JEQ, _QUERY_PERSONALITY, ALLOW)
    body.answer_if(_JEQ, 0, ALLOW)
    body.answer(_signed_errno(errno.EPERM))
    return body


def _no_devices(mode_argument: int) -> Assembler:
    body = Assembler()
    body.argument(mode_argument)
    body.mask(stat.S_IFMT(0xFFFF))
    body.answer_if(_JEQ, stat.S_IFCHR, _signed_errno(errno.EPERM))
    body.answer_if(_JEQ, stat.S_IFBLK, _signed_errno(errno.EPERM))
    body.answer(ALLOW)
    return body


def _myself_only(argument: int) -> Assembler:
    body = Assembler()
    body.argument(argument)
    body.answer_unless(_JEQ, 0, _signed_errno(errno.EPERM))
    body.answer(ALLOW)
    return body


def _entrance(machine: Machine) -> Assembler:
    """Kill what speaks another ABI; ENOSYS for calls younger than our knowledge."""
    program = Assembler()
    program.load(_ARCH)
    program.answer_unless(_JEQ, machine.audit, KILL)
    program.load(_NUMBER)
    if machine.name == "x86_64":
        program.answer_if(_JSET, X32_BIT, KILL)
    program.answer_if(_JGT, LAST_KNOWN, _signed_errno(errno.ENOSYS))
    return program


def assemble(machine: Machine, *, watcher: bool = False) -> bytes:
    """The whole policy for one machine, as an array of `struct sock_filter`.

    A `watcher` may still set the limits of the program that it started.
    """
    program = _entrance(machine)
    own_only = {call: at for call, at in OWN_PROCESS_ONLY.items() if not (watcher and call == "prlimit64")}
    special = {
        "socket": _socket_families(),
        "socketpair": _unix_pairs_only(),
        "clone": _no_new_namespaces(),
        "ioctl": _no_terminal_tricks(),
        "personality": _plain_personality(),
        "mknod": _no_devices(1),
        "mknodat": _no_devices(2),
        **{call: _myself_only(argument) for call, argument in own_only.items()},
        **{call: _refusing(errno.ENOSYS) for call in ABSENT},
        **{call: _refusing(errno.EPERM) for call in REFUSED},
    }
    for call, body in special.items():
        program.rule(machine.number(call), body)
    program.answer(ALLOW)
    return program.bytes()
