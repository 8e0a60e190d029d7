"""Runs over HTTP: the bodies that are read and the answers that are given."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.executions import artifacts, turns
from agents.executions.enums import EventKind, Kind, State
from agents.executions.models import Artifact, Execution
from agents.snapshots.serializers import FilesField, FlagField, StrictSerializer, TextField
from runtimes.types import JSON, Language

ANY: dict[str, Any] = {}


# --- Bodies ---------------------------------------------------------------------------------------


@extend_schema_field(OpenApiTypes.STR)
class RawTextField(serializers.Field[str, Any, Any, Any]):
    """Any string that JSON can hold, with NULs and halves of surrogate pairs."""

    default_error_messages: ClassVar[dict[str, Any]] = {"not_text": "Must be a string."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_text")
        return str(data)

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(ANY)
class JsonField(serializers.Field[JSON, Any, Any, Any]):
    """Any JSON value: the parser has read it, so there is nothing left to check."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "number"})
class NumberField(JsonField):
    """Checked with its bounds by `agents.snapshots.limits`."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(JsonField):
    default_error_messages: ClassVar[dict[str, Any]] = {"not_an_object": "Must be an object."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        return data


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class TextMapField(ObjectField):
    default_error_messages: ClassVar[dict[str, Any]] = {"not_text": "Must be text."}

    def to_internal_value(self, data: Any) -> Any:
        for name, value in super().to_internal_value(data).items():
            if not isinstance(value, str):
                raise serializers.ValidationError({name: [self.error_messages["not_text"]]})
        return data


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "timeout": {"type": "number", "description": "Wall-clock seconds."},
            "memory_mb": {"type": "integer"},
            "cpu_seconds": {"type": "number"},
            "output_bytes": {"type": "integer", "description": "Standard output and error together."},
            "processes": {"type": "integer"},
            "disk_bytes": {"type": "integer"},
            "network": {"type": "string", "enum": ["none"]},
        },
        "additionalProperties": False,
    }
)
class LimitsField(ObjectField):
    """Checked by `agents.snapshots.limits`."""


class RunSerializer(StrictSerializer):
    """What may be said about any run."""

    input = JsonField(required=False, allow_null=True, help_text="What the entry point is called with.")
    context = ObjectField(  # type: ignore[assignment]  # fields are taken out of the class
        required=False, help_text="Global variables, in script mode."
    )
    stdin = RawTextField(required=False)
    args = serializers.ListField(required=False, child=RawTextField())
    env = TextMapField(required=False)
    timeout = NumberField(required=False, help_text="Wall-clock seconds.")
    memory_mb = NumberField(required=False)
    limits = LimitsField(required=False)
    runtime = TextField(required=False, max_length=40)
    cache = FlagField(
        required=False,
        default=False,
        help_text="The run is pure: an answer kept of an equal run may be given, and this one be kept.",
    )


class CodeRunSerializer(RunSerializer):
    """Code that belongs to no agent: `code`, or `files` with the `entry` to start."""

    language = serializers.ChoiceField(
        required=False, choices=[(name.value, name.value) for name in Language]
    )
    code = RawTextField(required=False)
    files = FilesField(required=False)
    entry = RawTextField(required=False, help_text="Default: main.py, main.js, main.ts or main.sh.")
    entry_point = TextField(
        required=False, allow_null=True, help_text="The function to call; null runs the entry as a program."
    )
    dependencies = serializers.ListField(required=False, child=RawTextField())


class ExecuteSerializer(CodeRunSerializer):
    """`POST /api/v1/code/execute`."""


class AgentRunSerializer(RunSerializer):
    """`POST /api/v1/code-agents/{id}/execute`."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class StartSerializer(CodeRunSerializer):
    """`POST /api/v1/executions`: code, or an agent with a version or its draft."""

    agent = TextField(required=False, help_text="Id or slug.")
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    draft = FlagField(required=False, default=False, help_text="Run what the editor holds.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        code = {"language", "code", "files", "entry", "entry_point", "dependencies"} & set(attrs)
        if "agent" in attrs and code:
            message = "An agent brings its own code."
            raise serializers.ValidationError({name: [message] for name in sorted(code)})
        if "agent" not in attrs and ("version" in attrs or attrs["draft"]):
            raise serializers.ValidationError({"agent": ["Versions and drafts are of an agent."]})
        if "version" in attrs and attrs["draft"]:
            raise serializers.ValidationError({"draft": ["Either a version or the draft."]})
        return attrs


class CancelSerializer(StrictSerializer):
    reason = RawTextField(required=False, default="")


class RerunSerializer(StrictSerializer):
    mode = serializers.ChoiceField(choices=["same", "newest", "edit"], default="same")
    input = JsonField(required=False, allow_null=True, help_text="With the mode `edit`.")


# --- Answers --------------------------------------------------------------------------------------


class ErrorSerializer(serializers.Serializer[Any]):
    """Why a run did not succeed."""

    type = serializers.CharField()
    message = serializers.CharField()
    traceback = serializers.CharField()
    file = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    limit = serializers.CharField(allow_null=True)


class TimingsSerializer(serializers.Serializer[Any]):
    """Milliseconds."""

    queue_ms = serializers.FloatField()
    setup_ms = serializers.FloatField()
    run_ms = serializers.FloatField()
    collect_ms = serializers.FloatField()
    total_ms = serializers.FloatField()


class UsageSerializer(serializers.Serializer[Any]):
    cpu_ms = serializers.FloatField()
    peak_memory_bytes = serializers.IntegerField()
    output_bytes = serializers.IntegerField()


class ArtifactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    media_type = serializers.CharField()
    size_bytes = serializers.IntegerField(source="blob.size_bytes")
    url = serializers.SerializerMethodField()

    def get_url(self, artifact: Artifact) -> str:
        return artifacts.url(artifact.execution_id, artifact.name)


class AgentLinkSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()


@extend_schema_field(TimingsSerializer)
class TimingsField(JsonField):
    pass


@extend_schema_field(UsageSerializer)
class UsageField(JsonField):
    pass


@extend_schema_field(ErrorSerializer(allow_null=True))
class ErrorField(JsonField):
    pass


class ExecutionSerializer(serializers.Serializer[Execution]):
    """One run."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    status = serializers.ChoiceField(choices=State.choices, source="state")
    agent = AgentLinkSerializer(allow_null=True)
    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    language = serializers.CharField(source="snapshot.language")
    runtime = serializers.CharField()
    runtime_reason = serializers.CharField()
    isolation = serializers.CharField()
    cached = serializers.BooleanField()
    queue_position = serializers.SerializerMethodField(help_text="From 1, of a run that waits; else null.")
    input = JsonField()
    result = JsonField()
    has_result = serializers.BooleanField()
    error = ErrorField()
    exit_code = serializers.IntegerField(allow_null=True)
    timings = TimingsField()
    usage = UsageField()
    progress = serializers.FloatField(allow_null=True)
    user = serializers.EmailField(source="user.email", default=None, allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]  # fields are taken out of the class
    attempt = serializers.IntegerField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    cancelled_by = serializers.CharField()
    cancel_reason = serializers.CharField()
    rerun_of = serializers.UUIDField(source="rerun_of_id", allow_null=True)
    snapshot = serializers.CharField(source="snapshot_id")
    limits = ObjectField()
    artifacts = ArtifactSerializer(many=True)
    url = serializers.SerializerMethodField()
    events_url = serializers.SerializerMethodField()
    stream_url = serializers.SerializerMethodField()
    websocket_url = serializers.SerializerMethodField()
    correlation_id = serializers.CharField()

    def get_queue_position(self, execution: Execution) -> int | None:
        return turns.position(execution)

    def get_url(self, execution: Execution) -> str:
        return artifacts.api_url("execution-detail", execution.id)

    def get_events_url(self, execution: Execution) -> str:
        return artifacts.api_url("execution-events", execution.id)

    def get_stream_url(self, execution: Execution) -> str:
        return artifacts.api_url("execution-stream", execution.id)

    def get_websocket_url(self, execution: Execution) -> str:
        return f"/ws/v1/executions/{execution.id}/"


class ExecutionRowSerializer(ExecutionSerializer):
    """One run in a list."""

    queue_position = None  # type: ignore[assignment]  # takes the field out: it would cost a query per row
    input = JsonField(source="short_input", help_text="Null if it is long; `omitted` says so.")
    result = JsonField(source="short_result", help_text="Null if it is long; `omitted` says so.")
    omitted = serializers.SerializerMethodField(help_text="Fields to be read from the run itself.")

    def get_omitted(self, execution: Execution) -> list[str]:
        return omitted(execution)


def omitted(execution: Any) -> list[str]:
    """What `executions.listed` left out of a row because it is long."""
    return [
        name
        for name in ("input", "result")
        if getattr(execution, f"{name}_length") is not None
        and getattr(execution, f"short_{name}") is None
        and getattr(execution, f"{name}_length") > len("null")
    ]


class EventSerializer(serializers.Serializer[Any]):
    execution = serializers.UUIDField()
    seq = serializers.IntegerField()
    ts = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=EventKind.choices)
    data = ObjectField()  # type: ignore[assignment]  # fields are taken out of the class


class EventsSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    next_after = serializers.IntegerField(help_text="What to ask `after` next.")
    finished = serializers.BooleanField(help_text="Whether the run has ended and these are its last events.")


class ExecuteAnswerSerializer(serializers.Serializer[Any]):
    """How a run ended whose caller waited for it."""

    success = serializers.BooleanField()
    status = serializers.ChoiceField(choices=State.choices)
    result = JsonField()
    stdout = serializers.CharField()
    stderr = serializers.CharField()
    exit_code = serializers.IntegerField(allow_null=True)
    error = ErrorField()
    execution_time_ms = serializers.FloatField()
    timings = TimingsField()
    usage = UsageField()
    cached = serializers.BooleanField()
    runtime = serializers.CharField()
    runtime_reason = serializers.CharField()
    execution_id = serializers.UUIDField()
    artifacts = ArtifactSerializer(many=True)


class LogRowSerializer(serializers.Serializer[Execution]):
    """A run as a line of an agent's or a workflow's log."""

    execution_id = serializers.UUIDField(source="id")
    kind = serializers.CharField()
    status = serializers.CharField(source="state")
    agent = AgentLinkSerializer(allow_null=True)
    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    language = serializers.CharField(source="snapshot.language")
    runtime = serializers.CharField()
    input = JsonField(source="short_input", help_text="Null if it is long; `omitted` says so.")
    result = JsonField(source="short_result", help_text="Null if it is long; `omitted` says so.")
    omitted = serializers.SerializerMethodField(help_text="Fields to be read from the run itself.")
    error = ErrorField()
    exit_code = serializers.IntegerField(allow_null=True)
    timings = TimingsField()
    usage = UsageField()
    user = serializers.EmailField(source="user.email", default=None, allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]  # fields are taken out of the class
    correlation_id = serializers.CharField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_omitted(self, execution: Execution) -> list[str]:
        return omitted(execution)


class LogStatsSerializer(serializers.Serializer[Any]):
    """Sums over the runs of an agent."""

    total = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Finished, and not succeeded or cancelled.")
    unfinished = serializers.IntegerField()
    success_rate = serializers.FloatField(
        allow_null=True, help_text="Of the finished; null if there are none."
    )
    by_status = serializers.DictField(child=serializers.IntegerField())
    mean_run_ms = serializers.FloatField(allow_null=True)
    mean_cpu_ms = serializers.FloatField(allow_null=True)
    peak_memory_bytes = serializers.IntegerField(allow_null=True)
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
