"""The first process of a sandbox: sets it up, starts the program, watches and buries it.

It is forked from the spawner straight into the new namespaces. The user's program is its
child; when this process ends, the kernel kills whatever is left.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import select
import socket
import stat
import time
from dataclasses import dataclass, field
from typing import Any

from runtimes.sandbox import artifacts, channel, confine, layout, processes, syscalls
from runtimes.sandbox.channel import Kind
from runtimes.sandbox.meter import Meter

JOB_DESCRIPTOR = 198
RESULT_DESCRIPTOR = 199
WRITING_FILES = "write the program's files"
_TICK_SECONDS = 0.01
_IDLE_TICK_SECONDS = 0.04
_TICK_COST = 8
"""Watching may take at most one part in so many of one core."""
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
_LINGER_SECONDS = 0.5
_STAGE_OUTPUT = 64 * 1024
_SUMMARY_EXTRA = 64 * 1024


@dataclass(slots=True)
class Pipes:
    """Our ends of what the program is connected to."""

    stdin: bytes = b""
    stdin_end: int = -1
    result: bytearray = field(default_factory=bytearray)
    result_end: int = -1
    result_room: int = 0


@dataclass(slots=True)
class Ending:
    status: int = 0
    stage: str = "main"
    limit: str | None = None
    stage_output: str = ""


def serve(control: socket.socket, stdout: int, stderr: int, program: bytes) -> None:
    """Everything from the fresh namespaces to the last report; the caller exits after it."""
    try:
        job = _set_up(control, program)
    except OSError as error:
        report = {
            "step": error.filename or "set-up",
            "errno": error.errno or 0,
            "message": error.strerror or "",
        }
        channel.send_json(control, Kind.REFUSED, report)
        return
    if job is not None:
        Box(control, stdout, stderr, job).run()


def _set_up(control: socket.socket, program: bytes) -> dict[str, Any] | None:
    syscalls.die_with_parent()
    _map_ids()
    text = channel.receive_job(control)
    if text is None:
        return None
    job: dict[str, Any] = json.loads(text)
    layout.enter_box(job["limits"]["disk_bytes"])
    os.setsid()
    os.umask(0o022)
    os.chdir("/agent")
    _write_files(job["files"])
    job["sealed"] = _sealed(json.dumps(job["harness"]).encode("ascii"))
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0, "prctl DUMPABLE")
    confine.give_up_power(program)
    return job


def _map_ids() -> None:
    for name in ("uid_map", "gid_map"):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, b"1000 0 1")
        finally:
            os.close(descriptor)


def _write_files(files: dict[str, str]) -> None:
    if "out" not in files:
        os.mkdir("out")  # artifacts are collected from here; most programs expect to find it
    try:
        for path, text in files.items():
            _write_file(path, text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, WRITING_FILES) from error


def _write_file(path: str, text: str) -> None:
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    mode = 0o755 if text.startswith("#!") else 0o644
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as file:
        file.write(text.encode("utf-8"))


def _sealed(content: bytes) -> int:
    """Content in memory that can be read once by the harness and not grown into a hiding place."""
    descriptor = os.memfd_create("job", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class Box:
    def __init__(self, control: socket.socket, stdout: int, stderr: int, job: dict[str, Any]) -> None:
        self.control = control
        self.stdout = stdout
        self.stderr = stderr
        self.job = job
        self.limits: dict[str, Any] = job["limits"]
        self.meter = Meter(self.limits["memory_bytes"])
        self.ending = Ending()
        self.pipes = Pipes(result_room=self.limits["result_bytes"] + _SUMMARY_EXTRA)
        self.deadline = time.monotonic() + self.limits["wall_seconds"]
        self.tick = _TICK_SECONDS

    def run(self) -> None:
        for stage in self.job["stages"]:
            if not self._run_stage(stage):
                break
        else:
            self._run_main()
        self._bury()
        self._report()

    # -- stages: tools that prepare the program, such as a compiler

    def _run_stage(self, stage: dict[str, Any]) -> bool:
        read_end, write_end = os.pipe2(os.O_CLOEXEC)
        silent = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        pid = self._start(stage["argv"], stage["env"], {0: silent, 1: write_end, 2: write_end})
        os.close(write_end)
        os.close(silent)
        self.pipes.result_end = read_end
        status = self._watch(pid)
        self._close_pipes()
        if status or self.ending.limit:
            self.ending.status, self.ending.stage = status, stage["name"]
            self.ending.stage_output = bytes(self.pipes.result[:_STAGE_OUTPUT]).decode("utf-8", "replace")
        self.pipes.result.clear()
        return not (status or self.ending.limit)

    # -- the program

    def _run_main(self) -> None:
        stdin, self.pipes.stdin_end = os.pipe2(os.O_CLOEXEC)
        self.pipes.result_end, result = os.pipe2(os.O_CLOEXEC)
        self.pipes.stdin = self.job["stdin"].encode("utf-8", "surrogatepass")
        wanted = {0: stdin, 1: self.stdout, 2: self.stderr}
        if self.job["harness"]:
            wanted |= {JOB_DESCRIPTOR: self.job["sealed"], RESULT_DESCRIPTOR: result}
        channel.send(self.control, Kind.STARTED)
        pid = self._start(self.job["argv"], self.job["env"], wanted)
        for descriptor in (stdin, result, self.stdout, self.stderr, self.job["sealed"]):
            os.close(descriptor)
        self.ending.status = self._watch(pid)

    def _start(self, argv: list[str], env: dict[str, str], wanted: dict[int, int]) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            self._become(argv, env, wanted)
        except OSError as error:
            os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        finally:
            os._exit(127)

    def _become(self, argv: list[str], env: dict[str, str], wanted: dict[int, int]) -> None:
        syscalls.die_with_parent()
        # What hides its mappings counts as full; that is the program's choice, and not ours for it.
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1, "prctl DUMPABLE")
        os.setsid()
        confine.forget_signals()
        lifted = {target: _lift(source) for target, source in wanted.items()}
        confine.place_descriptors(lifted)
        confine.limit_resources(self.job["rlimits"])
        os.execve(argv[0], argv, env)

    # -- watching

    def _watch(self, pid: int) -> int:
        """Wait for `pid`, feeding and draining its pipes, until it ends or a limit is hit."""
        poller = select.poll()
        main = os.pidfd_open(pid)
        poller.register(main, select.POLLIN)
        poller.register(self.control, 0)
        self._register_pipes(poller)
        status: int | None = None
        while status is None and self.ending.limit is None:
            events = poller.poll(self.tick * 1000)
            self._exchange(poller, events)
            status = processes.reap(pid)
            if status is None:
                self._check_limits()
        poller.unregister(main)
        os.close(main)
        if status is None:
            processes.kill_everyone()
            status = processes.reap(pid, wait=True)
        elif self.ending.limit is None:
            self._linger(poller)
        return status or 0

    def _register_pipes(self, poller: select.poll) -> None:
        os.set_blocking(self.pipes.result_end, False)
        poller.register(self.pipes.result_end, select.POLLIN)
        if self.pipes.stdin_end >= 0:
            os.set_blocking(self.pipes.stdin_end, False)
            poller.register(self.pipes.stdin_end, select.POLLOUT)

    def _exchange(self, poller: select.poll, events: list[tuple[int, int]]) -> None:
        for descriptor, _ in events:
            if descriptor == self.control.fileno():
                os._exit(0)  # the server is gone
            elif descriptor == self.pipes.stdin_end:
                self._feed(poller)
            elif descriptor == self.pipes.result_end and not self._drain():
                poller.unregister(descriptor)
                os.close(descriptor)
                self.pipes.result_end = -1

    def _feed(self, poller: select.poll) -> None:
        try:
            written = os.write(self.pipes.stdin_end, self.pipes.stdin[:65536])
            self.pipes.stdin = self.pipes.stdin[written:]
        except BlockingIOError:
            return
        except OSError:
            self.pipes.stdin = b""
        if not self.pipes.stdin:
            poller.unregister(self.pipes.stdin_end)
            os.close(self.pipes.stdin_end)
            self.pipes.stdin_end = -1

    def _drain(self) -> bool:
        """Read what is there; False at the end. What exceeds the room is read and dropped."""
        try:
            chunk = os.read(self.pipes.result_end, 65536)
        except BlockingIOError:
            return True
        room = self.pipes.result_room - len(self.pipes.result)
        self.pipes.result += chunk[:room]
        return bool(chunk)

    def _check_limits(self) -> None:
        before = time.monotonic()
        cpu = self.meter.cpu
        self.meter.sample()
        idle = self.meter.cpu == cpu
        if self.meter.over:
            self.ending.limit = "memory_bytes"
        elif self.meter.cpu > self.limits["cpu_seconds"]:
            self.ending.limit = "cpu_seconds"
        elif before > self.deadline:
            self.ending.limit = "wall_seconds"
        base = min(_IDLE_TICK_SECONDS, self.tick * 2) if idle else _TICK_SECONDS
        self.tick = max(base, _TICK_COST * (time.monotonic() - before))

    def _linger(self, poller: select.poll) -> None:
        """Let the rest of a pipeline finish its writing after the main process has ended."""
        until = min(time.monotonic() + _LINGER_SECONDS, self.deadline)
        while processes.reap_any() and time.monotonic() < until and self.ending.limit is None:
            self._exchange(poller, poller.poll(2))
            self._check_limits()

    # -- afterwards

    def _bury(self) -> None:
        processes.kill_everyone()
        while processes.reap_any(wait=True):
            pass
        while self.pipes.result_end >= 0 and self._drain():
            if not select.select([self.pipes.result_end], [], [], 0)[0]:
                break
        self._close_pipes()

    def _close_pipes(self) -> None:
        for descriptor in (self.pipes.result_end, self.pipes.stdin_end):
            if descriptor >= 0:
                os.close(descriptor)
        self.pipes.result_end = self.pipes.stdin_end = -1

    def _report(self) -> None:
        ended = time.monotonic()
        self._send_result()
        self._send_artifacts()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        space = os.statvfs("/agent")
        channel.send_json(
            self.control,
            Kind.ENDED,
            {
                "status": self.ending.status,
                "stage": self.ending.stage,
                "limit": self.ending.limit,
                "stage_output": self.ending.stage_output,
                "full": space.f_bfree == 0 or space.f_ffree == 0,
                "peak": max(self.meter.peak, usage.ru_maxrss * 1024 if not self.job["stages"] else 0),
                "cpu_ms": max(self.meter.cpu, usage.ru_utime + usage.ru_stime) * 1000,
                "collect_ms": (time.monotonic() - ended) * 1000,
            },
        )

    def _send_result(self) -> None:
        content = bytes(self.pipes.result)
        path = self.job["result_path"]
        if path is not None:
            content = _read_regular(path, self.limits["result_bytes"] + 1)
        channel.send_chunks(self.control, Kind.RESULT, content)

    def _send_artifacts(self) -> None:
        count = room = 0
        skipped: list[artifacts.Skipped] = []
        room = self.limits["artifact_bytes"]
        for item in artifacts.walk():
            if isinstance(item, artifacts.Skipped):
                skipped.append(item)
                continue
            with open(item.descriptor, "rb", buffering=0) as file:
                if count == self.limits["artifact_count"]:
                    reason = f"a run keeps at most {count} files (artifact_count)"
                    skipped.append(artifacts.Skipped(item.name, reason))
                elif item.size > room:
                    reason = f"a run keeps at most {self.limits['artifact_bytes']} bytes (artifact_bytes)"
                    skipped.append(artifacts.Skipped(item.name, reason))
                else:
                    count, room = count + 1, room - item.size
                    self._send_artifact(item.name, file.read(item.size) or b"")
        self._send_notes(skipped)

    def _send_artifact(self, name: str, content: bytes) -> None:
        channel.send_json(self.control, Kind.ARTIFACT, {"name": name, "size": len(content)})
        channel.send_chunks(self.control, Kind.CONTENT, content)

    def _send_notes(self, skipped: list[artifacts.Skipped]) -> None:
        for item in skipped[:5]:
            text = f"out/{item.name} was not kept: {item.reason}.\n"
            channel.send(self.control, Kind.NOTE, text.encode("utf-8", "replace"))
        if len(skipped) > 5:
            text = f"{len(skipped) - 5} more files in out/ were not kept.\n"
            channel.send(self.control, Kind.NOTE, text.encode())


def _lift(descriptor: int) -> int:
    """A copy above every number that we place on."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, RESULT_DESCRIPTOR + 1)


def _read_regular(path: str, at_most: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with open(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        return file.read(at_most) or b""
