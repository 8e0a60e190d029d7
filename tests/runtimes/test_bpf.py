"""The filter, judged by a small interpreter of its own language."""

from __future__ import annotations

import errno
import socket
import stat
import struct

import pytest

from runtimes.sandbox import bpf
from runtimes.sandbox.numbers import LAST_KNOWN, MACHINES, TABLE, X32_BIT, Machine

X86, ARM = MACHINES["x86_64"], MACHINES["aarch64"]


def judge(machine: Machine, number: int, *arguments: int, audit: int | None = None) -> int:
    """Run the program over one call, as the kernel would; returns its verdict."""
    padded = [*arguments, *[0] * 6][:6]
    data = struct.pack("<iIQ6Q", number, audit or machine.audit, 0, *padded)
    program = list(struct.iter_unpack("=HBBI", bpf.assemble(machine)))
    position = accumulator = 0
    while True:
        code, yes, no, operand = program[position]
        position += 1
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        elif code == 0x54:
            accumulator &= operand
        else:
            holds = {
                0x15: accumulator == operand,
                0x25: accumulator > operand,
                0x45: bool(accumulator & operand),
            }[code]
            position += yes if holds else no


def refused(code: int) -> int:
    return 0x00050000 | code


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_the_program_is_whole(machine: Machine) -> None:
    program = bpf.assemble(machine)
    assert len(program) % 8 == 0
    assert len(program) // 8 <= 4096
    for index, (code, yes, no, _) in enumerate(struct.iter_unpack("=HBBI", program)):
        assert code in (0x20, 0x54, 0x15, 0x25, 0x45, 0x06)
        assert index + 1 + max(yes, no) < len(program) // 8 or code == 0x06


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@pytest.mark.parametrize("call", bpf.REFUSED)
def test_refused_calls(machine: Machine, call: str) -> None:
    number = machine.number(call)
    if number is not None:
        assert judge(machine, number) == refused(errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
@pytest.mark.parametrize("call", bpf.ABSENT)
def test_absent_calls(machine: Machine, call: str) -> None:
    number = machine.number(call)
    assert number is not None
    assert judge(machine, number) == refused(errno.ENOSYS)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_calls_younger_than_our_knowledge_are_absent(machine: Machine) -> None:
    assert judge(machine, LAST_KNOWN) == bpf.ALLOW
    assert judge(machine, LAST_KNOWN + 1) == refused(errno.ENOSYS)
    assert judge(machine, 5000) == refused(errno.ENOSYS)


def test_other_machines_and_x32_are_killed() -> None:
    assert judge(X86, 1, audit=0x40000003) == bpf.KILL
    assert judge(X86, 1, audit=ARM.audit) == bpf.KILL
    assert judge(X86, 1 | X32_BIT) == bpf.KILL
    assert judge(ARM, 1, audit=0x40000028) == bpf.KILL


def test_ordinary_calls_pass() -> None:
    ordinary = {"read": 0, "write": 1, "mmap": 9, "execve": 59, "futex": 202, "openat": 257, "wait4": 61}
    assert {name: judge(X86, number) for name, number in ordinary.items()} == dict.fromkeys(
        ordinary, bpf.ALLOW
    )


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_socket_families_are_an_allow_list(machine: Machine) -> None:
    number = TABLE["socket"][machine.column]
    assert number is not None
    allowed = [family for family in range(64) if judge(machine, number, family) == bpf.ALLOW]
    assert allowed == [socket.AF_UNIX]
    assert judge(machine, number, socket.AF_INET) == refused(errno.ENETUNREACH)
    assert judge(machine, number, 40) == refused(errno.EAFNOSUPPORT)


@pytest.mark.parametrize(
    "flag", [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
)
def test_clone_makes_no_namespaces(flag: int) -> None:
    assert judge(X86, 56, flag | 17) == refused(errno.EPERM)
    assert judge(ARM, 220, flag | 17) == refused(errno.EPERM)


def test_clone_makes_threads_and_processes() -> None:
    assert judge(X86, 56, 17) == bpf.ALLOW
    assert judge(X86, 56, 0x3D0F00) == bpf.ALLOW


def test_pipes_may_be_made_and_devices_not() -> None:
    assert judge(X86, 259, 0, 0, stat.S_IFIFO | 0o600) == bpf.ALLOW
    assert judge(X86, 133, 0, stat.S_IFCHR | 0o600) == refused(errno.EPERM)
    assert judge(ARM, 33, 0, 0, stat.S_IFBLK | 0o600) == refused(errno.EPERM)


@pytest.mark.parametrize(("call", "argument"), bpf.OWN_PROCESS_ONLY.items())
def test_limits_and_priorities_of_oneself_only(call: str, argument: int) -> None:
    number = TABLE[call][0]
    assert number is not None
    others = [0] * argument + [1]
    assert judge(X86, number) == bpf.ALLOW
    assert judge(X86, number, *others) == refused(errno.EPERM)


def test_terminal_tricks_and_personalities() -> None:
    assert judge(X86, 16, 0, 0x5412) == refused(errno.EPERM)
    assert judge(X86, 16, 0, 0x5401) == bpf.ALLOW
    assert judge(X86, 135, 0xFFFFFFFF) == bpf.ALLOW
    assert judge(X86, 135, 0x0040000) == refused(errno.EPERM)
