"""Inside the sandbox: what connects a Python program to the run it belongs to.

Imported before the program, so it must leave no trace a program could trip over: nothing but
modules that every interpreter has loaded already, and `_json`. (Importing `json` here would
shadow a user's own json.py.)
"""

import _json
import atexit
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, TypeAlias

    Job: TypeAlias = dict[str, Any]

JOB = 198
RESULT = 199
ROOT = "/agent/"
MAX_DEPTH = 200
MAX_DIGITS = 4300
_DATA_MODULES = ("builtins", "decimal", "datetime", "uuid", "fractions", "collections")
_owner = os.getpid()


class Invalid(Exception):
    """The result cannot be represented as JSON; the text names the place."""


class _Scanner:
    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}


def read_job() -> "Job | None":
    """The job as a dict; None when this is not the program's first process."""
    try:
        with open(JOB, "rb") as file:
            text = file.read()
        os.set_inheritable(RESULT, False)
    except OSError:
        return None
    return scan(text.decode("ascii"))


def scan(text: str) -> "Job":
    job: Job = _json.make_scanner(_Scanner)(text, 0)[0]  # type: ignore[arg-type]  # it wants these attributes only
    return job


# -- results


def _plain(value: object) -> dict[str, object]:
    """A dataclass instance as a dict; anything else that is not JSON is refused."""
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is None:
        raise Invalid
    return {name: getattr(value, name) for name in fields}


def encode(value: object) -> str:
    """`value` as JSON text; raises Invalid with the place of what is not JSON."""
    sys.set_int_max_str_digits(MAX_DIGITS)
    encoder = _json.make_encoder({}, _plain, _json.encode_basestring, None, ": ", ", ", False, False, False)
    try:
        return "".join(encoder(value, 0))
    except Exception:
        _find_fault(value, "result", [])
        raise Invalid("result is not JSON") from None


def _find_fault(value: object, place: str, above: list[object]) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            raise Invalid("%s is an integer of more than %d digits" % (place, MAX_DIGITS))
    elif isinstance(value, float):
        if not float("-inf") < value < float("inf"):
            raise Invalid("%s is %r, which JSON cannot represent" % (place, value))
    elif any(value is one for one in above):
        raise Invalid("%s refers back to a value that contains it" % place)
    elif len(above) >= MAX_DEPTH:
        raise Invalid("%s is nested deeper than %d levels" % (_short(place), MAX_DEPTH))
    else:
        _find_fault_within(value, place, [*above, value])


def _find_fault_within(value: object, place: str, above: list[object]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not (key is None or isinstance(key, (str, int, float))):
                raise Invalid("%s has a key of type %s; JSON keys are text" % (place, type(key).__name__))
            _find_fault(item, "%s.%s" % (place, key), above)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _find_fault(item, "%s[%d]" % (place, index), above)
    elif getattr(type(value), "__dataclass_fields__", None) is not None:
        _find_fault_within(_plain(value), place, above)
    else:
        kind = type(value)
        name = (
            kind.__qualname__
            if kind.__module__ == "builtins"
            else "%s.%s" % (kind.__module__, kind.__qualname__)
        )
        raise Invalid("%s is a %s, which is not JSON" % (place, name))


def _short(place: str) -> str:
    return place if len(place) <= 80 else place[:60] + "…"


def _refuse_long_text(value: object, place: str, limit: int) -> None:
    """Name text that is too long by itself before it is copied, which might exceed the memory instead."""
    if isinstance(value, str):
        if len(value) > limit:
            raise Invalid(
                "%s is text of %d characters; at most %d bytes are kept (result_bytes)"
                % (place, len(value), limit)
            )
    elif type(value) is dict and place.count(".") < 3:
        for key, item in value.items():
            _refuse_long_text(item, "%s.%s" % (place, key), limit)


def is_data(value: object) -> bool:
    """Whether a global named `result` was meant as data, not as, say, a test runner's report."""
    kind = type(value)
    if kind.__module__ not in _DATA_MODULES:
        return getattr(kind, "__dataclass_fields__", None) is not None or isinstance(
            value, (dict, list, tuple)
        )
    return not callable(value) and kind.__name__ not in ("module", "generator", "coroutine", "type")


# -- errors


def _place(path: str) -> str:
    return path[len(ROOT) :] if path.startswith(ROOT) else path


def user_frames(traceback: "TracebackType | None") -> list[tuple[str, int, str]]:
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename.startswith(ROOT):
            frames.append((_place(code.co_filename), traceback.tb_lineno or 0, code.co_name))
        traceback = traceback.tb_next
    return frames


def describe(error: BaseException) -> dict[str, object]:
    """The error as the fields of a RunError."""
    frames = user_frames(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename and str(error.filename).startswith(ROOT):
        frames.append((_place(error.filename), error.lineno or 0, ""))
    try:
        message = str(error)
    except Exception:
        message = "(its message could not be made)"
    file, line = (frames[-1][0], frames[-1][1]) if frames else (None, None)
    return {
        "type": type(error).__name__,
        "message": message[:10000],
        "traceback": _traceback_text(frames, type(error).__name__, message[:10000]),
        "file": file,
        "line": line,
    }


def _traceback_text(frames: list[tuple[str, int, str]], kind: str, message: str) -> str:
    shown = (
        frames
        if len(frames) <= 40
        else [*frames[:20], ("…", 0, "%d more" % (len(frames) - 40)), *frames[-20:]]
    )
    lines = ["Traceback (most recent call last):"] if frames else []
    for file, line, name in shown:
        lines.append('  File "%s", line %d%s' % (file, line, ", in " + name if name else ""))
        source = _source_line(file, line)
        if source:
            lines.append("    " + source)
    return "\n".join([*lines, "%s: %s" % (kind, message) if message else kind])


def _source_line(file: str, number: int) -> str:
    try:
        with open(ROOT + file, encoding="utf-8", errors="replace") as source:
            for index, line in enumerate(source, 1):
                if index == number:
                    return line.strip()[:200]
    except (OSError, ValueError):
        pass
    return ""


# -- the frame


def send(
    limit: int, *, has_result: bool = False, result: object = None, error: dict[str, object] | None = None
) -> str | None:
    """Write the one frame that counts. `limit` is the most bytes the result may have."""
    parts = []
    if error is not None:
        parts.append('"error": ' + encode(error))
    invalid = None
    if has_result:
        try:
            _refuse_long_text(result, "result", limit)
            text = encode(result)
            size = len(text.encode("utf-8", "surrogatepass"))
            if size > limit:
                raise Invalid(
                    "result is %d bytes of JSON; at most %d are kept (result_bytes)" % (size, limit)
                )
            parts.append('"result": ' + text)
        except Invalid as fault:
            invalid = str(fault)
            parts.append('"invalid": ' + encode(invalid))
    _write(("{%s}\n" % ", ".join(parts)).encode("utf-8", "surrogatepass"))
    return invalid


def _write(frame: bytes) -> None:
    try:
        while frame:
            frame = frame[os.write(RESULT, frame) :]
        os.close(RESULT)
    except OSError:
        pass


def report_script(limit: int) -> None:
    """At the very end of a script: its global named `result`, and what it died of."""
    if os.getpid() != _owner:
        return
    main = sys.modules["__main__"].__dict__
    value = main.get("result")
    error = getattr(sys, "last_value", None)
    has_result = "result" in main and is_data(value)
    if has_result or isinstance(error, BaseException):
        described = describe(error) if isinstance(error, BaseException) else None
        send(limit, has_result=has_result, result=value, error=described)


def prepare(job: "Job") -> None:
    """Before the program: its globals, its view of the environment, live output."""
    global _owner  # noqa: PLW0603 -- an interpreter may have been forked since this was imported
    _owner = os.getpid()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    if job["entry_point"] is None:
        sys.modules["__main__"].__dict__.update(job["context"])
        atexit.register(report_script, job["result_bytes"])
