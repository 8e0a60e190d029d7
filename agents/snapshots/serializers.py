"""Code in request bodies: read strictly, so that a misspelt field is an answer and not a surprise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from agents.snapshots import limits
from agents.snapshots.types import SnapshotConfig, SnapshotSpec
from runtimes.types import DEFAULT_ENTRIES, JSON, Language, NetworkPolicy
from workspaces.exceptions import FieldError, Invalid

LANGUAGES = [(language.value, language.value) for language in Language]


def read(serializer: type[serializers.Serializer[Any]], body: Any) -> Any:
    """What `serializer` makes of a body; `Invalid` with a pointer to each bad field."""
    reader = serializer(data=body)
    if not reader.is_valid():
        errors = [FieldError(pointer or "/", message) for pointer, message in _flat(reader.errors)]
        raise Invalid(f"{errors[0].pointer}: {errors[0].message}", errors=errors)
    return reader.validated_data


def _flat(detail: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """The nested messages of a serializer, each with its JSON pointer."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            step = "" if key == "non_field_errors" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from _flat(value, pointer + step)
    else:
        for index, value in enumerate(detail):
            if isinstance(value, Mapping | list):
                yield from _flat(value, f"{pointer}/{index}")
            else:
                yield pointer, str(value)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, by name and together with whatever else is wrong."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data)
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **unknown}) from error
            raise
        if unknown:
            raise ValidationError(unknown)
        return value

    def _unknown(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, Mapping):
            return {}
        return {str(name): ["There is no such field."] for name in data if name not in self.fields}


class TextField(serializers.CharField):
    """A string and nothing that could be turned into one; its spaces are kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class WholeField(serializers.IntegerField):
    """A whole number, and neither its text nor true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class FlagField(serializers.BooleanField):
    """True or false, and neither 1 nor "yes"."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class FilesField(serializers.Field[dict[str, str], Any, Any, Any]):
    """Relative path → text. What a path may be is for the store to say."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            raise ValidationError("Must be an object from path to text.")
        wrong = [path for path, text in data.items() if not isinstance(text, str)]
        if wrong:
            raise ValidationError({path: ["Must be text."] for path in wrong[:100]})
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class LimitsSerializer(serializers.Serializer[Any]):
    """What a run may use. The fields are for the documents; `agents.snapshots.limits` checks them."""

    timeout = serializers.FloatField(required=False, help_text="Wall-clock seconds.")
    memory_mb = serializers.IntegerField(required=False)
    cpu_seconds = serializers.FloatField(required=False)
    output_bytes = serializers.IntegerField(required=False, help_text="Standard output and error together.")
    processes = serializers.IntegerField(required=False)
    disk_bytes = serializers.IntegerField(required=False)
    network = serializers.ChoiceField(
        required=False, choices=[(policy.value, policy.value) for policy in NetworkPolicy]
    )

    def to_internal_value(self, data: Any) -> dict[str, JSON]:
        if not isinstance(data, dict):
            raise ValidationError("Must be an object.")
        return limits.normal(data)

    def to_representation(self, instance: Any) -> Any:
        return instance


class ConfigSerializer(StrictSerializer):
    """The settings that travel with the code."""

    limits = LimitsSerializer(required=False)
    runtime = TextField(required=False, default="auto")
    env = serializers.ListField(child=TextField(), required=False, default=list, help_text="Names.")
    secrets = serializers.ListField(child=TextField(), required=False, default=list, help_text="Names.")
    dependencies = serializers.ListField(child=TextField(), required=False, default=list)
    input_schema = serializers.JSONField(required=False, allow_null=True, default=None)
    output_schema = serializers.JSONField(required=False, allow_null=True, default=None)


class CodeSerializer(ConfigSerializer):
    """A tree of files and how it runs. `code` is the short form of one file under the default entry."""

    language = serializers.ChoiceField(choices=LANGUAGES)
    files = FilesField(required=False)
    code = TextField(required=False, allow_blank=True, write_only=True)
    entry = TextField(required=False, help_text="Default: main.py, main.js, main.ts or main.sh.")
    entry_point = TextField(
        required=False, allow_null=True, default="main", help_text="The function to call; null runs the file."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("files" in attrs) == ("code" in attrs):
            raise ValidationError({"files": ["Give either `files` or `code`."]})
        return attrs


def config_of(data: Mapping[str, Any]) -> SnapshotConfig:
    """The settings in a body that `ConfigSerializer` has read."""
    return SnapshotConfig(
        limits=data.get("limits") or limits.normal({}),
        runtime=data["runtime"],
        env=tuple(data["env"]),
        secrets=tuple(data["secrets"]),
        dependencies=tuple(data["dependencies"]),
        input_schema=data["input_schema"],
        output_schema=data["output_schema"],
    )


def spec_of(data: Mapping[str, Any]) -> SnapshotSpec:
    """The code in a body that `CodeSerializer` has read."""
    default = DEFAULT_ENTRIES[Language(data["language"])]
    files = data["files"] if "files" in data else {data.get("entry", default): data["code"]}
    only = next(iter(files)) if len(files) == 1 else default
    return SnapshotSpec(
        language=data["language"],
        files=files,
        entry=data.get("entry", only),
        entry_point=data["entry_point"],
        config=config_of(data),
    )
