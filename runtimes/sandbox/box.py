"""Holding one program: start it or hand it its job, feed it, watch it, bury it, report.

This is the first process of the sandbox. The program is its child; when it ends, the kernel
kills whatever is left.
"""

from __future__ import annotations

import os
import resource
import select
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from runtimes.sandbox import birth, channel, confine, processes, reports, syscalls
from runtimes.sandbox.ahead import JOB_DESCRIPTOR, RESULT_DESCRIPTOR, Filters, Waiting
from runtimes.sandbox.channel import Kind
from runtimes.sandbox.meter import Meter

_TICK_SECONDS = 0.01
_IDLE_TICK_SECONDS = 0.04
_TICK_COST = 8
"""Watching may take at most one part in so many of one core."""
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


class Box:
    stdout = stderr = sealed = -1
    waiting: Waiting | None = None
    filters: Filters | None = None

    def __init__(self, control: socket.socket, job: dict[str, Any]) -> None:
        self.control = control
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
        self.pipes.stdin = self.job["stdin"].encode("utf-8", "surrogatepass")
        pid = self._hand_over(self.waiting) if self.waiting is not None else self._start_main()
        self.ending.status = self._watch(pid)

    def _start_main(self) -> int:
        stdin, self.pipes.stdin_end = os.pipe2(os.O_CLOEXEC)
        self.pipes.result_end, result = os.pipe2(os.O_CLOEXEC)
        wanted = {0: stdin, 1: self.stdout, 2: self.stderr}
        if self.sealed >= 0:
            wanted |= {JOB_DESCRIPTOR: self.sealed, RESULT_DESCRIPTOR: result}
        channel.send(self.control, Kind.STARTED)
        pid = self._start(self.job["argv"], self.job["env"], wanted)
        for descriptor in {stdin, result, *wanted.values()}:
            os.close(descriptor)
        return pid

    def _hand_over(self, waiting: Waiting) -> int:
        self.pipes.stdin_end, self.pipes.result_end = waiting.stdin_end, waiting.result_end
        self.meter.spare = waiting.spare
        birth.fill(waiting.sealed, self.job["handed"].encode())
        os.close(waiting.sealed)
        confine.limit_process(waiting.pid, self.job["rlimits"])
        os.write(waiting.go, b"G")
        channel.send(self.control, Kind.STARTED)
        os.close(waiting.go)
        return waiting.pid

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
        birth.show()
        os.setsid()
        confine.forget_signals()
        lifted = {target: confine.lift(source) for target, source in wanted.items()}
        confine.place_descriptors(lifted)
        confine.limit_resources(self.job["rlimits"])
        if self.filters is not None:  # ours lets a watcher do more than a program may
            syscalls.install_filter(self.filters.program)
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
        limits = self.limits
        reports.send_result(
            self.control, bytes(self.pipes.result), self.job["result_path"], limits["result_bytes"]
        )
        reports.send_artifacts(self.control, limits["artifact_count"], limits["artifact_bytes"])
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
                "peak": max(
                    self.meter.peak,
                    usage.ru_maxrss * 1024 - self.meter.spare if not self.job["stages"] else 0,
                ),
                "cpu_ms": max(self.meter.cpu, usage.ru_utime + usage.ru_stime) * 1000,
                "collect_ms": (time.monotonic() - ended) * 1000,
            },
        )
