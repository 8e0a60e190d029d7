"""What a well-formed command is, decided in one place for every way in.

Pure: it looks at nothing but its arguments. Each refusal names the field that is wrong.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterable, Mapping

from runtimes.types import JSON, KIB, MIB, Command, Language, Limits

MAX_FILES = 1000
MAX_TOTAL_BYTES = 10 * MIB
MAX_PATH = 240
MAX_COMPONENT = 100
MAX_DEPTH = 16
MAX_ARGS = 256
MAX_ENV = 256
MAX_VALUE_BYTES = 120 * KIB
"""One argument or variable; the kernel takes 128 KiB at most."""
MAX_ARGUMENTS_BYTES = 1 * MIB
MAX_STDIN_BYTES = 10 * MIB
MAX_JSON_BYTES = 10 * MIB

RESERVED_ENV = frozenset(
    {
        *("RESULT_PATH", "CONTEXT_JSON", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT"),
        *("NODE_OPTIONS", "NODE_PATH", "NODE_V8_COVERAGE"),
    }
)
_RESERVED_PREFIXES = ("LD_", "SANDLOFT_", "BASH_FUNC_", "GLIBC_", "MALLOC_")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SCRIPT_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)
_BASH_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SUFFIXES = {
    Language.PYTHON: (".py",),
    Language.JAVASCRIPT: (".js", ".mjs", ".cjs"),
    Language.TYPESCRIPT: (".ts", ".mts", ".cts", ".tsx"),
}


class InvalidCommand(ValueError):
    """`field` names what is wrong, such as `files` or `files/lib/x.py`; `message` says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def validate(command: Command) -> None:
    """Raise InvalidCommand for the first thing that no runtime could run."""
    validate_files(command.files)
    validate_entry(command.language, command.files, command.entry)
    validate_entry_point(command.language, command.entry_point)
    _validate_args(command.args)
    validate_env(command.env)
    _validate_data(command)


def validate_files(files: object) -> None:
    if not isinstance(files, Mapping):
        raise InvalidCommand("files", "must map paths to text")
    if not files:
        raise InvalidCommand("files", "must hold at least one file")
    if len(files) > MAX_FILES:
        raise InvalidCommand("files", f"holds {len(files)} files; at most {MAX_FILES} are allowed")
    total = 0
    for path, text in files.items():
        validate_path(path)
        total += _text_bytes(path, text)
    if total > MAX_TOTAL_BYTES:
        raise InvalidCommand("files", f"hold {total} bytes together; at most {MAX_TOTAL_BYTES} are allowed")
    _refuse_clashes(files)


def validate_path(path: object) -> None:
    """A relative POSIX path that stays below its folder, in its one plain spelling."""
    if not isinstance(path, str) or not path:
        raise InvalidCommand("files", "a file name must not be empty")
    shown = f"files/{ascii(path)[1:-1]}" if len(path) <= MAX_PATH else "files"
    if _CONTROL.search(path) or _SURROGATE.search(path):
        raise InvalidCommand(shown, "a file name must not hold control characters or lone surrogates")
    if "\\" in path:
        raise InvalidCommand(shown, "a file name must not hold a backslash; folders are separated by /")
    if len(path.encode()) > MAX_PATH:
        raise InvalidCommand(shown, f"a file name must not be longer than {MAX_PATH} bytes")
    if path.startswith("/"):
        raise InvalidCommand(shown, "a file name must be relative")
    _validate_components(shown, path.split("/"))


def _validate_components(shown: str, parts: list[str]) -> None:
    if len(parts) > MAX_DEPTH:
        raise InvalidCommand(shown, f"a file must not lie deeper than {MAX_DEPTH} folders")
    for part in parts:
        if part in ("", ".", ".."):
            raise InvalidCommand(shown, "a file name must not hold empty parts, `.` or `..`")
        if len(part.encode()) > MAX_COMPONENT:
            raise InvalidCommand(
                shown, f"a part of a file name must not be longer than {MAX_COMPONENT} bytes"
            )
        if part != part.strip():
            raise InvalidCommand(shown, "a part of a file name must not begin or end with a space")


def _text_bytes(path: str, text: object) -> int:
    if not isinstance(text, str):
        raise InvalidCommand(f"files/{path}", "must be text")
    found = _SURROGATE.search(text) if not text.isascii() else None
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise InvalidCommand(
            f"files/{path}", f"holds a lone surrogate in line {line}; it is not valid Unicode text"
        )
    return len(text) if text.isascii() else len(text.encode())


def _refuse_clashes(files: Iterable[str]) -> None:
    names = set(files)
    for path in names:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in names:
                raise InvalidCommand(f"files/{path}", f"`{parent}` is both a file and a folder")
            parent = parent.rpartition("/")[0]


def validate_entry(language: Language, files: Iterable[str], entry: object) -> None:
    if not isinstance(entry, str) or entry not in set(files):
        raise InvalidCommand("entry", f"`{ascii(entry)[:100]}` is not among the files")
    if entry.startswith("-"):  # an interpreter or compiler would take it for an option
        raise InvalidCommand("entry", "the name of an entry must not begin with `-`")
    suffixes = _SUFFIXES.get(language)
    if suffixes and not entry.endswith(suffixes):
        raise InvalidCommand(
            "entry", f"a {language} program begins in a file that ends in {' or '.join(suffixes)}"
        )


def validate_entry_point(language: Language, name: object) -> None:
    if name is None:
        return
    if not isinstance(name, str) or not _is_identifier(language, name):
        raise InvalidCommand("entry_point", f"`{ascii(name)[:100]}` is not the name of a function")


def _is_identifier(language: Language, name: str) -> bool:
    if len(name) > 100:
        return False
    if language is Language.PYTHON:
        return name.isidentifier() and not keyword.iskeyword(name)
    pattern = _BASH_IDENTIFIER if language is Language.BASH else _SCRIPT_IDENTIFIER
    return pattern.fullmatch(name) is not None


def _validate_args(args: tuple[str, ...]) -> None:
    if len(args) > MAX_ARGS:
        raise InvalidCommand("args", f"holds {len(args)} arguments; at most {MAX_ARGS} are allowed")
    for index, value in enumerate(args):
        _validate_value(f"args/{index}", value)
    if sum(len(value.encode()) for value in args) > MAX_ARGUMENTS_BYTES:
        raise InvalidCommand("args", f"hold more than {MAX_ARGUMENTS_BYTES} bytes together")


def validate_env(env: object) -> None:
    if not isinstance(env, Mapping):
        raise InvalidCommand("env", "must map names to text")
    if len(env) > MAX_ENV:
        raise InvalidCommand("env", f"holds {len(env)} variables; at most {MAX_ENV} are allowed")
    for name, value in env.items():
        validate_env_name(name)
        _validate_value(f"env/{name}", value)
    if sum(len(value.encode()) for value in env.values()) > MAX_ARGUMENTS_BYTES:
        raise InvalidCommand("env", f"holds more than {MAX_ARGUMENTS_BYTES} bytes together")


def validate_env_name(name: object) -> None:
    if not isinstance(name, str) or not _ENV_NAME.fullmatch(name) or len(name) > 128:
        raise InvalidCommand("env", f"`{ascii(name)[:100]}` is not the name of an environment variable")
    if name in RESERVED_ENV or name.startswith(_RESERVED_PREFIXES):
        raise InvalidCommand(
            f"env/{name}", "this name is reserved: it would change how the program is started"
        )


def _validate_value(field: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidCommand(field, "must be text")
    if "\0" in value:
        raise InvalidCommand(field, "must not hold a NUL character")
    if _SURROGATE.search(value):
        raise InvalidCommand(field, "must not hold a lone surrogate")
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise InvalidCommand(
            field, f"must not be longer than {MAX_VALUE_BYTES} bytes; pass it as input or stdin"
        )


def _validate_data(command: Command) -> None:
    if not isinstance(command.stdin, str):
        raise InvalidCommand("stdin", "must be text")
    if len(command.stdin) > MAX_STDIN_BYTES:
        raise InvalidCommand("stdin", f"is longer than {MAX_STDIN_BYTES} characters")
    for name in command.context:
        validate_context_name(command.language, name)
    _validate_json("input", command.input)
    size = _validate_json("context", dict(command.context))
    if command.language is Language.BASH and size > MAX_VALUE_BYTES:
        raise InvalidCommand(
            "context", f"is larger than {MAX_VALUE_BYTES} bytes, too large for CONTEXT_JSON; use stdin"
        )


def validate_context_name(language: Language, name: object) -> None:
    """Context keys become global variables, so they are names and not dunder ones."""
    valid = isinstance(name, str) and len(name) <= 100
    if not valid or (language is not Language.BASH and not _is_identifier(language, str(name))):
        raise InvalidCommand("context", f"`{ascii(name)[:100]}` cannot be the name of a variable")
    if str(name).startswith("__"):
        raise InvalidCommand("context", f"`{name}` is reserved: names must not begin with two underscores")


def _validate_json(field: str, value: JSON) -> int:
    """An estimate of its size; refuses what JSON cannot carry, however deep it lies."""
    size = 0
    level: list[JSON] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > 200:
            raise InvalidCommand(field, "is nested deeper than 200 levels")
        size += sum(_leaf_size(field, item) for item in level)
        level = [child for item in level for child in _children(item)]
    if size > MAX_JSON_BYTES:
        raise InvalidCommand(field, f"is larger than {MAX_JSON_BYTES} bytes")
    return size


def _leaf_size(field: str, value: JSON) -> int:
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidCommand(field, "holds NaN or Infinity, which JSON cannot represent")
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 14_000:
        raise InvalidCommand(field, "holds an integer of more than 4,200 digits")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise InvalidCommand(field, "holds a key that is not text")
        return 2 + sum(len(key) + 4 for key in value)
    if value is None or isinstance(value, (bool, int, float, list)):
        return 8
    raise InvalidCommand(field, f"holds a {type(value).__name__}, which is not JSON")


def _children(value: JSON) -> Iterable[JSON]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def validate_limits(limits: Limits) -> None:
    """Limits that no sandbox can be built with."""
    lowest = {
        "wall_seconds": 0.05,
        "cpu_seconds": 0.05,
        "memory_bytes": 16 * MIB,
        "output_bytes": 1,
        "result_bytes": 1,
        "processes": 1,
        "open_files": 16,
        "disk_bytes": 64 * KIB,
        "artifact_bytes": 0,
        "artifact_count": 0,
    }
    for name, least in lowest.items():
        value = getattr(limits, name)
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value < least:
            raise InvalidCommand(f"limits/{name}", f"must be at least {least}")
