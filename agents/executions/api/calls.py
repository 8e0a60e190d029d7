"""What API calls that start runs have in common: their headers, their bodies, their answers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from agents.executions import artifacts, log, requests
from agents.executions.enums import State
from agents.executions.models import Execution
from agents.executions.requests import Given
from agents.executions.serializers import ArtifactSerializer, ExecutionSerializer
from agents.snapshots import checks, limits
from agents.snapshots.serializers import StrictSerializer
from agents.snapshots.types import SnapshotConfig, SnapshotSpec
from runtimes.types import JSON
from workspaces import problems
from workspaces.exceptions import FieldError, Invalid
from workspaces.requests import plain_request

MAX_WAIT_SECONDS = 300.0


def read(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The body, checked. An empty body is an empty object."""
    reader = serializer(data=request.data)
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)


def given(request: Request, data: Mapping[str, Any]) -> Given:
    """What the body and the headers say about the run, whatever its code."""
    key = requests.idempotency_key(request.headers.get("Idempotency-Key"))
    return Given(
        input=data.get("input"),
        context=data.get("context", {}),
        stdin=data.get("stdin", ""),
        args=tuple(data.get("args", ())),
        env=data.get("env", {}),
        limits=_limits(data),
        runtime=data.get("runtime", ""),
        idempotency_key=key,
        fingerprint=fingerprint(request) if key else "",
        cache=data.get("cache", False),
    )


def code_of(data: Mapping[str, Any], *, entry_point: str | None) -> SnapshotSpec:
    """The code of an ad hoc run; `entry_point` is what counts when the body names none."""
    if data.get("dependencies"):
        raise checks.refusal(
            "/dependencies", "must be empty: no runtime of this server installs packages for ad hoc code"
        )
    return requests.spec_of(
        language=data.get("language", "python"),
        code=data.get("code"),
        files=data.get("files"),
        entry=data.get("entry"),
        entry_point=data.get("entry_point", entry_point),
        config=SnapshotConfig(limits=limits.normal({})),
    )


def fingerprint(request: Request) -> str:
    """A digest of what was asked, by which a repeated key is told from a reused one."""
    asked = [request.method, request.path, request.data]
    text = json.dumps(asked, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def prefers(request: Request) -> dict[str, str]:
    """The header `Prefer` as a map: `wait=5, handling=strict` and `respond-async`."""
    found = {}
    for item in request.headers.get("Prefer", "").split(","):
        name, _, value = item.partition("=")
        if name.strip():
            found[name.strip().lower()] = value.split(";")[0].strip().strip('"').lower()
    return found


def wait_seconds(request: Request) -> float:
    """How long the caller would wait for the end: 0 unless `Prefer: wait=N` says otherwise."""
    asked = prefers(request).get("wait")
    if asked is None:
        return 0.0
    if not re.fullmatch(r"[0-9]{1,6}", asked):
        problem = FieldError("/Prefer", "wait must be a number of seconds")
        raise Invalid(
            "The header Prefer is not understood: wait must be a number of seconds.", errors=[problem]
        )
    return min(float(asked), MAX_WAIT_SECONDS)


def ended(request: Request, execution: Execution) -> Response:
    """The answer to a caller who waited: 200 however the program ended, unless strictness was preferred."""
    body = ended_body(execution)
    if body["success"] or prefers(request).get("handling") != "strict":
        return Response(body)
    message = body["error"]["message"] if body["error"] else execution.get_state_display()
    document = problems.document(
        code="run-failed",
        title="The run did not succeed",
        status=422,
        detail=message,
        request=plain_request(request),
        execution=body,
    )
    return Response(document, status=422, content_type=problems.MEDIA_TYPE)


def ended_body(execution: Execution) -> dict[str, Any]:
    told = execution.told
    stdout, stderr = (told.stdout, told.stderr) if told else log.output(execution.id)
    bare = not told.has_artifacts if told else execution.state == State.REJECTED
    timings = execution.timings
    return {
        "success": execution.state == State.SUCCEEDED,
        "status": execution.state,
        "result": execution.result,
        "stdout": stdout,
        "stderr": stderr,
        "exit_code": execution.exit_code,
        "error": execution.error,
        "execution_time_ms": timings.get("run_ms", 0.0),
        "timings": timings,
        "usage": execution.usage,
        "cached": execution.cached,
        "runtime": execution.runtime,
        "runtime_reason": execution.runtime_reason,
        "execution_id": str(execution.id),
        "artifacts": [] if bare else _artifacts(execution),
    }


def _artifacts(execution: Execution) -> Any:
    return ArtifactSerializer(execution.artifacts.select_related("blob"), many=True).data


def accepted(execution: Execution) -> Response:
    """202 with the run and where to read on."""
    url = artifacts.api_url("execution-detail", execution.id)
    return Response(ExecutionSerializer(execution).data, status=202, headers={"Location": url})


def _limits(data: Mapping[str, Any]) -> dict[str, JSON]:
    """The limits that were named, each checked under the name the caller used."""
    asked = data.get("limits", {})
    requests.refuse_network(asked.get("network"))
    direct = {name: data[name] for name in ("timeout", "memory_mb") if data.get(name) is not None}
    for name in direct.keys() & asked.keys():
        raise checks.refusal(f"/limits/{name}", "is given twice")
    checked = {**limits.normal(asked), **_only(limits.normal(direct, pointer=""), direct)}
    return _only(checked, {**asked, **direct})


def _only(values: Mapping[str, JSON], names: Mapping[str, Any]) -> dict[str, JSON]:
    return {name: value for name, value in values.items() if names.get(name) is not None}


def version_asked(request: Request) -> int | None:
    """The number in `?version=`, if there is one."""
    text = request.query_params.get("version")
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise Invalid(
            "version must be a number from 1.", errors=[FieldError("/version", "must be a number from 1")]
        )
    return int(text)
