"""From what was observed to one `Outcome`, with words for the author of the code."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass, field, replace
from typing import Any

from runtimes.sandbox.results import Frame
from runtimes.types import KIB, MIB, Command, Language, Limits, Outcome, RunError, Status, Timings, Usage

ISOLATION = "namespaces+seccomp"

_STATUS_OF = {
    "wall_seconds": Status.TIMED_OUT,
    "cpu_seconds": Status.TIMED_OUT,
    "memory_bytes": Status.MEMORY_EXCEEDED,
    "output_bytes": Status.OUTPUT_EXCEEDED,
}
_TYPE_OF = {
    "wall_seconds": "TimeLimit",
    "cpu_seconds": "CpuLimit",
    "memory_bytes": "MemoryLimit",
    "output_bytes": "OutputLimit",
    "disk_bytes": "DiskLimit",
    "processes": "ProcessLimit",
}
_BASH_SYNTAX = re.compile(r"^(?:\./)?(?P<file>[^\n:]+): (?:.*: )?line (?P<line>\d+): (?P<message>.*)$", re.M)
_NODE_SYNTAX = re.compile(
    r"^(?:file://)?/agent/(?P<file>[^\n]+):(?P<line>\d+)\n(?=[^\0]*?^SyntaxError: )", re.M
)
_OUT_OF_HEAP = "JavaScript heap out of memory"
_STAGE_PLACE = re.compile(r"\[ERROR\] (?P<message>[^\n]*)\n\n    (?P<file>[^\n:]+):(?P<line>\d+):\d+:")


@dataclass(slots=True)
class Observation:
    """Everything one run showed from outside."""

    frame: Frame = field(default_factory=Frame)
    ended: dict[str, Any] | None = None
    """What the sandbox's first process reported; None when it was killed."""
    reaped: dict[str, Any] | None = None
    limit: str | None = None
    started: bool = False
    cancelled: bool = False
    output_bytes: int = 0
    stderr_tail: str = ""
    timings: Timings = field(default_factory=Timings)


def rejected(message: str) -> Outcome:
    return Outcome(status=Status.REJECTED, error=RunError(type="Rejected", message=message))


def fault(message: str, timings: Timings | None = None) -> Outcome:
    """The engine's own failure; the program is not to blame."""
    error = RunError(type="RuntimeFault", message=message)
    return Outcome(status=Status.FAILED, error=error, timings=timings or Timings(), isolation=ISOLATION)


def size(amount: float) -> str:
    for unit, name in ((1024 * MIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if amount >= unit:
            return f"{amount / unit:.4g} {name}"
    return f"{amount:.4g} bytes"


def limit_error(name: str, limits: Limits) -> RunError:
    amount = getattr(limits, name)
    words = {
        "wall_seconds": f"The run took longer than its {amount:g} seconds",
        "cpu_seconds": f"The run used more than its {amount:g} seconds of CPU time",
        "memory_bytes": f"The run used more than its {size(amount)} of memory",
        "output_bytes": f"The run wrote more than its {size(amount)} of output",
        "disk_bytes": f"The run filled its {size(amount)} of disk",
        "processes": f"The run reached its {amount} processes",
    }[name]
    return RunError(type=_TYPE_OF[name], message=f"{words} ({name}).", limit=name)


def judge(command: Command, limits: Limits, seen: Observation) -> Outcome:
    status, error, exit_code = _verdict(command, limits, seen)
    kept = seen.frame.has_result and status in (Status.SUCCEEDED, Status.FAILED)
    return Outcome(
        status=status,
        has_result=kept,
        result=seen.frame.result if kept else None,
        exit_code=exit_code,
        error=error,
        timings=seen.timings,
        usage=_usage(seen),
        isolation=ISOLATION,
    )


def _usage(seen: Observation) -> Usage:
    """Its own report leaves the watching out; a killed sandbox is known as a whole only."""
    reports = [report for report in (seen.ended, seen.reaped) if report]
    return Usage(
        cpu_ms=float(reports[0]["cpu_ms"]) if reports else 0.0,
        peak_memory_bytes=max((int(report["peak"]) for report in reports), default=0),
        output_bytes=seen.output_bytes,
    )


def _verdict(
    command: Command, limits: Limits, seen: Observation
) -> tuple[Status, RunError | None, int | None]:
    killed = 128 + signal.SIGKILL if seen.started else None
    if seen.cancelled:
        return Status.CANCELLED, RunError(type="Cancelled", message="The run was cancelled."), killed
    ended = seen.ended or {}
    limit = seen.limit or ended.get("limit")
    if limit is not None:
        return _STATUS_OF[limit], limit_error(limit, limits), killed
    if seen.ended is None:
        return Status.FAILED, _lost(seen), None
    code = exit_code(int(ended["status"]))
    if ended["stage"] != "main":
        return Status.FAILED, _stage_error(ended), code
    if int(ended["status"]):
        return _failure(limits, seen, int(ended["status"]), code)
    return _success(command, seen, code)


def _success(command: Command, seen: Observation, code: int) -> tuple[Status, RunError | None, int]:
    if seen.frame.invalid is not None:
        return Status.FAILED, _invalid(seen.frame.invalid), code
    if command.entry_point is not None and not seen.frame.has_result:
        return Status.FAILED, _no_result(command), code
    return Status.SUCCEEDED, None, code


def _failure(limits: Limits, seen: Observation, status: int, code: int) -> tuple[Status, RunError, int]:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return Status.TIMED_OUT, limit_error("cpu_seconds", limits), code
    error = _placed(seen.frame.error, seen.stderr_tail)
    if (error is not None and error.type == "MemoryError") or _OUT_OF_HEAP in seen.stderr_tail:
        hit = limit_error("memory_bytes", limits)
        return Status.MEMORY_EXCEEDED, _with_place(hit, error) if error else hit, code
    if seen.ended and seen.ended.get("full"):
        hit = limit_error("disk_bytes", limits)
        return Status.FAILED, _with_place(hit, error) if error else hit, code
    if error is None and seen.frame.invalid is not None:
        return Status.FAILED, _invalid(seen.frame.invalid), code
    return Status.FAILED, error or _exit_error(status, code, seen.stderr_tail), code


def _placed(error: RunError | None, stderr: str) -> RunError | None:
    """Node tells the place of a syntax error in a module on stderr only."""
    if error is None or error.type != "SyntaxError" or error.file is not None:
        return error
    found = _NODE_SYNTAX.search(stderr)
    return replace(error, file=found["file"], line=int(found["line"])) if found else error


def _with_place(hit: RunError, error: RunError) -> RunError:
    return RunError(hit.type, hit.message, error.traceback, error.file, error.line, hit.limit)


def exit_code(status: int) -> int:
    """As a shell would show it: 128+N for signal N."""
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _exit_error(status: int, code: int, stderr: str) -> RunError:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in signal.valid_signals() else str(number)
        return RunError(type="Signal", message=f"The program was ended by signal {name}.")
    found = None
    if code == 2:
        found = next((one for one in _BASH_SYNTAX.finditer(stderr) if "syntax error" in one["message"]), None)
    if found:
        return _syntax_error(found, found[0])
    return RunError(type="Exit", message=f"The program exited with status {code}.")


def _stage_error(ended: dict[str, Any]) -> RunError:
    text = str(ended["stage_output"])
    found = _STAGE_PLACE.search(text)
    if found is None:
        return RunError(
            type="RuntimeFault", message=f"The {ended['stage']} step failed. {text.strip()[:4000]}"
        )
    error = _syntax_error(found, text)
    return replace(error, type="ImportError") if error.message.startswith("Could not resolve") else error


def _syntax_error(found: re.Match[str], traceback: str) -> RunError:
    line = int(found["line"])
    return RunError("SyntaxError", found["message"], traceback, file=found["file"], line=line)


def _invalid(message: str) -> RunError:
    return RunError(type="ResultInvalid", message=f"{message}.", limit=_limit_in(message))


def _limit_in(message: str) -> str | None:
    return "result_bytes" if "(result_bytes)" in message else None


def _no_result(command: Command) -> RunError:
    hint = {
        Language.BASH: " Write JSON to the file $RESULT_PATH.",
        Language.PYTHON: " It was ended from within, before the function returned.",
    }.get(command.language, " It was ended from within, or what it waited for never happened.")
    return RunError(type="NoResult", message=f"{command.entry_point} ended without giving a result.{hint}")


def _lost(seen: Observation) -> RunError:
    if seen.reaped is not None:
        return RunError(type="RuntimeFault", message="The sandbox ended without a report.")
    return RunError(type="RuntimeFault", message="The sandbox was lost: the process that held it is gone.")
