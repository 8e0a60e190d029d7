"""From what a caller says to a `RunRequest`: which code, with which limits, and whether it may run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agents.executions.enums import Kind
from agents.executions.exceptions import NothingToRun
from agents.executions.types import RunRequest
from agents.registry import drafts, versions
from agents.registry.models import Agent, Version
from agents.snapshots import checks, limits, snapshots
from agents.snapshots.models import Snapshot
from agents.snapshots.types import SnapshotConfig, SnapshotSpec
from runtimes import commands, registry, router
from runtimes.types import DEFAULT_ENTRIES, JSON, Command, Language
from workspaces.access import Actor
from workspaces.exceptions import FieldError, Forbidden, Invalid, TooLarge

MAX_INPUT_BYTES: Final = 4 * 1024 * 1024
"""Of input and context together, as JSON."""
MAX_STDIN_CHARACTERS: Final = 4 * 1024 * 1024
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller may say about any run, whatever the code."""

    input: JSON = None
    context: Mapping[str, JSON] = field(default_factory=dict)
    stdin: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, JSON] = field(default_factory=dict)
    """In the words of `agents.snapshots.limits`; those that are not named are the code's own."""
    runtime: str = ""
    """Empty: what the code says."""
    idempotency_key: str | None = None
    fingerprint: str = ""
    correlation_id: str = ""
    cache: bool = False


def spec_of(
    *,
    language: str,
    code: str | None = None,
    files: Mapping[str, str] | None = None,
    entry: str | None = None,
    entry_point: str | None = None,
    config: SnapshotConfig,
) -> SnapshotSpec:
    """The code of an ad hoc run: one text, or a tree of files."""
    if language not in list(Language):
        raise checks.refusal("/language", f"is not known; known are {', '.join(Language)}")
    if (code is None) == (files is None):
        raise checks.refusal("/code", "or files must be given, and not both")
    default = DEFAULT_ENTRIES[Language(language)]
    if code is not None:
        tree = {entry or default: code}
        name = entry or default
    else:
        tree = dict(files or {})
        name = entry or (next(iter(tree)) if len(tree) == 1 else default)
    if entry is None and tree and name not in tree:
        raise checks.refusal("/entry", f"must be given, because {name} is not among the files")
    if code is not None and not code.strip():
        raise checks.refusal("/code", "is empty: there is nothing to run")
    return SnapshotSpec(language=language, files=tree, entry=name, entry_point=entry_point, config=config)


def of_code(spec: SnapshotSpec, given: Given) -> RunRequest:
    """A run of code that belongs to no agent."""
    _check(spec, given)
    checks.runnable(spec)
    return _request(Kind.ADHOC, snapshots.take(spec), spec.config, given)


def of_version(version: Version, given: Given) -> RunRequest:
    """A run of a saved version of an agent."""
    return _of_snapshot(Kind.AGENT, version.snapshot, given, agent=version.agent, version=version)


def of_draft(agent: Agent, given: Given) -> RunRequest:
    """A run of what the editor holds, which is in no version yet."""
    snapshot = drafts.of(agent).snapshot
    checks.runnable(snapshots.spec(snapshot))
    return _of_snapshot(Kind.AGENT, snapshot, given, agent=agent)


def version_to_run(*, by: Actor, agent: Agent, number: int | None) -> Version:
    """The version of that number, else the one that answers calls; `NothingToRun` if there is none."""
    return newest_version(agent) if number is None else versions.get(by=by, agent=agent, number=number)


def newest_version(agent: Agent) -> Version:
    """The active version, else the newest."""
    if agent.active_version_id is not None:
        return Version.objects.select_related("agent", "snapshot").get(pk=agent.active_version_id)
    version = versions.newest(agent)
    if version is None:
        raise NothingToRun(f"{agent.name} has no saved version yet. Save one, or run its draft.")
    return version


def idempotency_key(value: str | None) -> str | None:
    """The key of the header `Idempotency-Key`, or `Invalid`."""
    if value is None or _KEY.fullmatch(value):
        return value
    raise Invalid(
        "The header Idempotency-Key must be 1 to 255 visible ASCII characters without spaces.",
        errors=[FieldError("/Idempotency-Key", "is not 1 to 255 visible ASCII characters")],
    )


def refuse_network(policy: object) -> None:
    """No runtime gives untrusted code a network, so asking for one is refused rather than ignored."""
    if policy not in (None, "none"):
        raise Forbidden(
            "This server runs code without a network. Only `none` is allowed.",
            errors=[FieldError("/limits/network", "must be none")],
        )


def _of_snapshot(
    kind: Kind, snapshot: Snapshot, given: Given, *, agent: Agent, version: Version | None = None
) -> RunRequest:
    spec = snapshots.spec(snapshot)
    _check(spec, given)
    return _request(kind, snapshot, spec.config, given, agent=agent, version=version)


def _request(
    kind: Kind,
    snapshot: Snapshot,
    config: SnapshotConfig,
    given: Given,
    *,
    agent: Agent | None = None,
    version: Version | None = None,
) -> RunRequest:
    runtime = given.runtime or config.runtime
    if runtime != router.AUTO:
        try:
            registry.get(runtime)
        except registry.UnknownRuntime as error:
            raise checks.refusal("/runtime", f"is not known. {error}".rstrip(".")) from error
    return RunRequest(
        kind=kind,
        snapshot=snapshot,
        agent=agent,
        version=version,
        input=given.input,
        context=given.context,
        stdin=given.stdin,
        args=given.args,
        env=given.env,
        limits=limits.runtime(limits.normal({**config.limits, **given.limits})),
        runtime=runtime,
        idempotency_key=given.idempotency_key,
        fingerprint=given.fingerprint,
        correlation_id=given.correlation_id,
        cache=given.cache,
    )


def _check(spec: SnapshotSpec, given: Given) -> None:
    """Refuse what the runtime contract does not allow, naming the field."""
    if spec.language not in list(Language):
        raise checks.refusal("/language", f"is not known; known are {', '.join(Language)}")
    if len(given.stdin) > MAX_STDIN_CHARACTERS:
        raise _too_large("/stdin", MAX_STDIN_CHARACTERS)
    if _json_bytes([given.input, given.context]) > MAX_INPUT_BYTES:
        raise _too_large("/input", MAX_INPUT_BYTES)
    command = Command(
        language=Language(spec.language),
        files=spec.files,
        entry=spec.entry,
        entry_point=spec.entry_point,
        input=given.input,
        context=given.context,
        stdin=given.stdin,
        args=given.args,
        env=given.env,
    )
    try:
        commands.validate(command)
    except commands.InvalidCommand as error:
        path = error.field.removeprefix("files/")
        pointer = "/" + error.field if path == error.field else checks.file_pointer(path)
        raise checks.refusal(pointer, error.message) from error


def _json_bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=True, separators=(",", ":")))


def _too_large(pointer: str, most: int) -> TooLarge:
    message = f"is larger than {most // (1024 * 1024)} MiB"
    return TooLarge(f"{pointer} {message}.", errors=[FieldError(pointer, message)])
