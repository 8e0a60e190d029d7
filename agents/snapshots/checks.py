"""What may be stored as code, and what may be run.

Storing is lenient, so that an editor can save a file nobody has written yet; running is strict.
The rules for a program are those of `runtimes.commands`; here are the bounds of the store and the
words in which a bad field is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from agents.snapshots import limits
from agents.snapshots.types import SnapshotConfig, SnapshotSpec
from runtimes import commands
from runtimes.types import JSON, MIB, Language
from workspaces.exceptions import FieldError, Invalid, TooLarge

MAX_NAMES: Final = 200
MAX_SCHEMA_BYTES: Final = 256 * 1024
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_RUNTIME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")


def file_pointer(path: str) -> str:
    """The JSON pointer to one file of a body."""
    return "/files/" + path.replace("~", "~0").replace("/", "~1")


def refusal(pointer: str, message: str) -> Invalid:
    """`Invalid` for one field, such as `/entry`."""
    return Invalid(f"{pointer} {message}.", errors=[FieldError(pointer, message)])


def bounded(bodies: Mapping[str, bytes]) -> None:
    """Raise `TooLarge` for more files or bytes than a snapshot may hold. Cheap: for the hot path."""
    message = ""
    if len(bodies) > commands.MAX_FILES:
        message = f"has {len(bodies):,} files; at most {commands.MAX_FILES:,} are allowed"
    elif sum(map(len, bodies.values())) > commands.MAX_TOTAL_BYTES:
        message = f"is larger than {commands.MAX_TOTAL_BYTES // MIB} MiB"
    if message:
        raise TooLarge(f"The code {message}.", errors=[FieldError("/files", message)])


def storable(spec: SnapshotSpec) -> None:
    """Raise `Invalid` with every field that no snapshot may have, `TooLarge` for too much of it."""
    bounded({path: text.encode(errors="surrogatepass") for path, text in spec.files.items()})
    errors = [*_file_errors(spec), *_config_errors(spec.config)]
    if errors:
        raise Invalid(f"The code cannot be kept: {errors[0].pointer} {errors[0].message}.", errors=errors)
    limits.normal(spec.config.limits)


def runnable(spec: SnapshotSpec) -> None:
    """Raise `Invalid` unless a runtime would accept `spec`: what a version must be, and a draft need not."""
    storable(spec)
    language = Language(spec.language)
    try:
        commands.validate_entry(language, spec.files, spec.entry)
        commands.validate_entry_point(language, spec.entry_point)
        for name in (*spec.config.env, *spec.config.secrets):
            commands.validate_env_name(name)
    except commands.InvalidCommand as error:
        raise refusal(f"/{error.field}", error.message) from error
    if not spec.files[spec.entry].strip():
        raise refusal(file_pointer(spec.entry), "is empty: there is nothing to run")


def _file_errors(spec: SnapshotSpec) -> Iterator[FieldError]:
    if spec.language not in list(Language):
        yield FieldError("/language", f"is not known; known are {', '.join(Language)}")
    if spec.files and spec.entry not in spec.files:
        yield FieldError("/entry", f"names {spec.entry!r}, which is not among the files")
    if spec.entry_point is not None and not (
        spec.entry_point.isprintable() and 0 < len(spec.entry_point) <= 100
    ):
        yield FieldError("/entry_point", "must be the name of a function")
    wrong = [*_path_errors(spec)]
    yield from wrong
    if not wrong:
        yield from _tree_errors(spec)


def _path_errors(spec: SnapshotSpec) -> Iterator[FieldError]:
    for path in spec.files:
        try:
            commands.validate_path(path)
        except commands.InvalidCommand as error:
            yield FieldError(file_pointer(path), error.message)


def _tree_errors(spec: SnapshotSpec) -> Iterator[FieldError]:
    try:
        commands.validate_files(spec.files)
    except commands.InvalidCommand as error:
        pointer = file_pointer(error.field[6:]) if error.field.startswith("files/") else f"/{error.field}"
        yield FieldError(pointer, error.message)


def _config_errors(config: SnapshotConfig) -> Iterator[FieldError]:
    if not _RUNTIME.match(config.runtime):
        yield FieldError("/runtime", "must be the name of a runtime, or auto")
    for field, names in (("env", config.env), ("secrets", config.secrets)):
        yield from _name_errors(field, names)
    for index, name in enumerate(config.dependencies):
        if not 0 < len(name) <= 200 or not name.isprintable():
            yield FieldError(f"/dependencies/{index}", "must name a package")
    for field, schema in (("input_schema", config.input_schema), ("output_schema", config.output_schema)):
        if problem := _schema_problem(schema):
            yield FieldError(f"/{field}", problem)


def _name_errors(field: str, names: tuple[str, ...]) -> Iterator[FieldError]:
    if len(names) > MAX_NAMES:
        yield FieldError(f"/{field}", f"has more than {MAX_NAMES} names")
    for index, name in enumerate(names):
        if not _VARIABLE.match(name):
            yield FieldError(f"/{field}/{index}", "must be a name of letters, digits and _")


def _schema_problem(schema: JSON) -> str:
    if schema is None or isinstance(schema, bool):
        return ""
    if not isinstance(schema, dict):
        return "must be a JSON Schema, which is an object"
    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        return f"is larger than {MAX_SCHEMA_BYTES // 1024} KiB"
    return ""
