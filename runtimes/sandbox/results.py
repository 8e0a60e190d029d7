"""The frame a program's harness wrote: parsed strictly, bounded, never trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from runtimes.types import JSON, RunError

MAX_DEPTH = 200
MAX_DIGITS = 4300
_TEXT_LIMIT = 16 * 1024


class InvalidResult(Exception):
    """The result cannot be kept; the text names the place."""


@dataclass(frozen=True, slots=True)
class Frame:
    has_result: bool = False
    result: JSON = None
    invalid: str | None = None
    error: RunError | None = None


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidResult(f"the result holds {name}, which JSON cannot represent")


def _bounded_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise InvalidResult(
            f"the result holds an integer of {len(text)} digits; at most {MAX_DIGITS} are kept"
        )
    return int(text)


def _bounded_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise InvalidResult(f"the result holds {text[:20]}, which is too large for a number")
    return value


def parse_json(text: str) -> JSON:
    """Strict JSON of bounded depth and numbers; raises InvalidResult with words for the author."""
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_int=_bounded_int, parse_float=_bounded_float
        )
    except json.JSONDecodeError as error:
        raise InvalidResult(f"the result is not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidResult(f"the result is nested deeper than {MAX_DEPTH} levels") from error
    _check_depth(text, value)
    return cast(JSON, value)


def _check_depth(text: str, value: Any) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [item for one in level if isinstance(one, (list, dict)) for item in _items(one)]
        if not level:
            return
    raise InvalidResult(f"the result is nested deeper than {MAX_DEPTH} levels")


def _items(value: list[Any] | dict[str, Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def parse_frame(content: bytes) -> Frame:
    """The first line is the frame; what follows is ignored. Nonsense is an invalid result."""
    line, newline, _ = content.partition(b"\n")
    if not content:
        return Frame()
    if not newline:
        return Frame(invalid="what was written as the result has no end")
    try:
        value = parse_json(line.decode("utf-8", "surrogatepass"))
    except InvalidResult as fault:
        return Frame(invalid=str(fault))
    except UnicodeDecodeError:
        return Frame(invalid="what was written as the result is not text")
    if not isinstance(value, dict):
        return Frame(invalid="what was written as the result is not a frame")
    return _frame(value)


def _frame(value: dict[str, JSON]) -> Frame:
    invalid = value.get("invalid")
    return Frame(
        has_result="result" in value,
        result=value.get("result"),
        invalid=invalid[:_TEXT_LIMIT] if isinstance(invalid, str) else None,
        error=_error(value.get("error")),
    )


def _error(value: JSON) -> RunError | None:
    if not isinstance(value, dict):
        return None
    line = value.get("line")
    file = _text(value.get("file"))
    return RunError(
        type=_text(value.get("type"))[:200] or "Error",
        message=_text(value.get("message")),
        traceback=_text(value.get("traceback")),
        file=file or None,
        line=line if isinstance(line, int) and not isinstance(line, bool) and line > 0 else None,
    )


def _text(value: JSON) -> str:
    return value[:_TEXT_LIMIT] if isinstance(value, str) else ""


def parse_file(content: bytes, limit: int) -> Frame:
    """A result file, as Bash writes one: the whole file is one JSON value."""
    if not content.strip():
        return Frame()
    if len(content) > limit:
        return Frame(invalid=f"result is larger than {limit} bytes (result_bytes)")
    try:
        return Frame(has_result=True, result=parse_json(content.decode("utf-8")))
    except InvalidResult as fault:
        return Frame(invalid=str(fault))
    except UnicodeDecodeError:
        return Frame(invalid="the result is not UTF-8 text")
