"""The process that starts sandboxes: one per server process, ready long before it is needed.

It holds a minimal root and a set of namespaces that owns nothing, and forks one sandbox per
request straight into fresh namespaces. Requests carry descriptors only; the program, its input
and its secrets go from the server to the sandbox without passing through here.

It ends, and the kernel with it every sandbox, when the last copy of the server's end of the
request socket is closed, however the server died.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import py_compile
import resource
import select
import signal
import socket
import sys
from dataclasses import dataclass
from typing import Any

from runtimes.sandbox import birth, bpf, channel, confine, layout, numbers, service, syscalls
from runtimes.sandbox.ahead import Filters
from runtimes.sandbox.channel import Kind

ENGINE = "/opt/sandloft/engine"
"""Where our own sources lie inside, for interpreters that fork sandboxes."""

REQUESTS = 3
"""The request socket's number, as started by the server."""

RETIRE = b"retire"
"""Start nothing more, and end when the last sandbox has ended."""

OUTER = (
    (syscalls.NEWUSER, "new user namespace"),
    (syscalls.NEWPID | syscalls.NEWNS, "new pid and mount namespaces"),
    (syscalls.NEWIPC | syscalls.NEWUTS | syscalls.NEWCGROUP, "new ipc, uts and cgroup namespaces"),
)


@dataclass(slots=True)
class Child:
    pid: int
    channel: socket.socket


def _drop_to(uid: int) -> None:
    """Never be root on the host, not even inside a namespace: files of /proc/sys would be ours."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1, "prctl DUMPABLE")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    except OSError as error:
        error.filename = f"write {path}"
        raise
    finally:
        os.close(descriptor)


def _enter_namespaces(plan: layout.Plan) -> tuple[layout.Plan, str]:
    root = layout.stage_for(plan)
    if os.getuid() == 0:
        if _may_stage():
            plan = layout.stage_as_root(plan, root)
            root = f"{root}/root"
        _drop_to(plan.scratch_uid)
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(*OUTER[0])
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"0 {uid} 1")
    _write("/proc/self/gid_map", f"0 {gid} 1")
    for flags, step in OUTER[1:]:
        syscalls.unshare(flags, step)
    return plan, root


def _may_stage() -> bool:
    try:
        syscalls.unshare(syscalls.NEWNS, "private mount namespace")
    except PermissionError:  # root of a container without CAP_SYS_ADMIN: sources must be readable as they are
        return False
    return True


def _become_init(plan: layout.Plan, root: str) -> None:
    """Fork into the new pid namespace; the outer process only waits for the inner one."""
    pid = os.fork()
    if pid:
        syscalls.close_from(0)
        os.waitpid(pid, 0)
        os._exit(0)
    syscalls.die_with_parent()
    layout.enter_root(plan, root)
    _compile(plan)
    layout.seal_root()
    _settle()


def _compile(plan: layout.Plan) -> None:
    """Byte-compile our own Python harness once, for the interpreter that will import it."""
    for path in plan.files:
        if path.endswith(".py") and not path.startswith(ENGINE):
            py_compile.compile(path, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def _settle() -> None:
    _write("/proc/self/oom_score_adj", "1000")
    syscalls.forget_arguments(service.NAME)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1, "prctl NO_NEW_PRIVS")


class Spawner:
    def __init__(self, requests: socket.socket, filters: Filters) -> None:
        self.requests = requests
        self.filters = filters
        self.retired = False
        self.children: dict[int, Child] = {}
        self.poller = select.poll()
        self.poller.register(requests, select.POLLIN)

    def serve(self) -> None:
        while not self.retired or self.children:
            for descriptor, _ in self.poller.poll():
                if descriptor == self.requests.fileno():
                    if not self._accept():
                        return
                else:
                    self._bury(descriptor)

    def be_box(self, control: socket.socket, stdout: int, stderr: int) -> None:
        service.serve(control, stdout, stderr, self.filters)

    def _accept(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self.requests, 65536, 3)
        if not message:
            return False
        if message == RETIRE:
            self.retired = True
        elif len(descriptors) == 1:
            self._start_zygote(json.loads(message), descriptors[0])
        elif len(descriptors) == 3:
            self._spawn(socket.socket(fileno=descriptors[0]), *descriptors[1:])
        return True

    def _start_zygote(self, start: dict[str, Any], requests: int) -> None:
        """Exec an interpreter that forks sandboxes of its own.

        It gets a user namespace without a root: the kernel gives the /proc entries of a process
        that hides to the root of the namespace in which its image was started, and ours is,
        seen from outside, the programs' own user.
        """
        pid = os.fork()
        if pid == 0:
            try:
                syscalls.die_with_parent()
                confine.forget_signals()
                _place_zygote(requests)
                syscalls.unshare(*OUTER[0])
                birth.map_ids(0)
                os.chdir("/agent")
                os.execve(start["argv"][0], start["argv"], start["env"])
            finally:
                os._exit(127)
        pidfd = os.pidfd_open(pid)
        self.children[pidfd] = Child(pid, socket.socket(fileno=requests))
        self.poller.register(pidfd, select.POLLIN)

    def _spawn(self, control: socket.socket, stdout: int, stderr: int) -> None:
        try:
            pid, pidfd = syscalls.clone(syscalls.ALL_NAMESPACES)
        except OSError as error:
            report = {"step": error.filename, "errno": error.errno, "message": error.strerror}
            channel.send_json(control, Kind.REFUSED, report)
            control.close()
        else:
            if pid == 0:
                self._be_box(control, stdout, stderr)
            _send_pidfd(control, pidfd)
            self.children[pidfd] = Child(pid, control)
            self.poller.register(pidfd, select.POLLIN)
        os.close(stdout)
        os.close(stderr)

    def _be_box(self, control: socket.socket, stdout: int, stderr: int) -> None:
        try:
            kept = {descriptor: descriptor for descriptor in (control.fileno(), stdout, stderr)}
            confine.place_descriptors(kept)
            self.be_box(control, stdout, stderr)
        except BaseException as error:  # no frame of ours may unwind into the spawner's loop
            os.write(stderr, f"sandbox: {type(error).__name__}: {error}\n".encode("utf-8", "replace"))
        finally:
            os._exit(0)

    def _bury(self, pidfd: int) -> None:
        child = self.children.pop(pidfd)
        self.poller.unregister(pidfd)
        os.close(pidfd)
        _, status, usage = os.wait4(child.pid, 0)
        report = {
            "status": status,
            "cpu_ms": (usage.ru_utime + usage.ru_stime) * 1000,
            "peak": usage.ru_maxrss * 1024,
        }
        with contextlib.suppress(OSError):  # the server may no longer listen to this run
            channel.send_json(child.channel, Kind.REAPED, report)
        child.channel.close()


def _place_zygote(requests: int) -> None:
    """Its programs' streams will be pipes, so it begins with pipes: Python asks once what they are."""
    stdin, other = os.pipe()
    another, output = os.pipe()
    wanted = {0: stdin, 1: output, 2: output, REQUESTS: requests}
    lifted = {to: fcntl.fcntl(source, fcntl.F_DUPFD, 100) for to, source in wanted.items()}
    confine.place_descriptors(lifted)
    del other, another


def _send_pidfd(control: socket.socket, pidfd: int) -> None:
    with contextlib.suppress(OSError):  # the server may be gone; the sandbox notices by itself
        socket.send_fds(control, [Kind.PIDFD.value], [pidfd])


def _describe(error: OSError) -> dict[str, Any]:
    return {
        "step": str(error.filename or "set-up"),
        "errno": error.errno or 0,
        "message": error.strerror or "",
    }


def filters_for(machine: numbers.Machine) -> Filters:
    return Filters(bpf.assemble(machine), bpf.assemble(machine, watcher=True))


def main() -> None:
    """Entry point of the process. The plan comes on standard input; the answer goes to the socket."""
    # The first process of a sandbox gets those signals of its program that it has a handler for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = socket.socket(fileno=REQUESTS)
    machine = numbers.here()
    plan = layout.plan_from(json.load(sys.stdin))
    try:
        if machine is None:
            raise OSError(38, "this machine's system calls are not known", "seccomp policy")
        plan, root = _enter_namespaces(plan)
        _become_init(plan, root)
    except OSError as error:
        requests.send(json.dumps({"ok": False, **_describe(error)}).encode())
        return
    requests.send(json.dumps({"ok": True}).encode())
    silent = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for target in (0, 1, 2):
        os.dup2(silent, target)
    try:
        Spawner(requests, filters_for(machine)).serve()
    finally:
        os._exit(0)
