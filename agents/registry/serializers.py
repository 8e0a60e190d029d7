"""Agents over HTTP: the bodies that are read and the answers that are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from rest_framework import serializers

from agents.registry.enums import AgentStatus, AgentType, Stage, Visibility
from agents.registry.models import Agent, Version
from agents.registry.types import AgentSpec, Details
from agents.snapshots.serializers import (
    LANGUAGES,
    CodeSerializer,
    ConfigSerializer,
    FilesField,
    FlagField,
    LimitsSerializer,
    StrictSerializer,
    TextField,
    WholeField,
    config_of,
    spec_of,
)
from agents.snapshots.types import SnapshotSpec


class DetailsSerializer(StrictSerializer):
    """What is said about an agent; every field may be left out."""

    name = TextField(required=False)
    description = TextField(required=False, allow_blank=True)
    type = serializers.ChoiceField(required=False, choices=AgentType.choices)
    template = TextField(required=False)
    visibility = serializers.ChoiceField(required=False, choices=Visibility.choices)
    tags = serializers.ListField(required=False, child=TextField())
    deprecated = FlagField(required=False)
    sample_input = TextField(required=False, allow_blank=True, help_text="JSON text for the run panel.")


class AgentPutSerializer(DetailsSerializer, CodeSerializer):
    """The code of a new version, and details to change with it."""

    changelog = TextField(required=False, allow_blank=True, default="")


class AgentPostSerializer(AgentPutSerializer):
    """A new agent with its first version."""

    name = TextField()


class DraftSerializer(StrictSerializer):
    """The draft as the editor saves it; `agents.registry.drafts.as_json` is how it loads it."""

    agent = TextField(required=False)
    saved_at = TextField(required=False)
    saved_by = TextField(required=False, allow_blank=True)
    based_on = WholeField(required=False, allow_null=True)
    hash = TextField(required=False)
    revision = WholeField(min_value=1, help_text="The one that was loaded.")
    force = FlagField(required=False, default=False)
    language = serializers.ChoiceField(choices=LANGUAGES)
    files = FilesField()
    entry = TextField()
    entry_point = TextField(allow_null=True)
    config = ConfigSerializer()
    sample_input = TextField(required=False, allow_blank=True)


class VersionSaveSerializer(StrictSerializer):
    revision = WholeField(min_value=1)
    changelog = TextField(required=False, allow_blank=True, default="")


def agent_spec(data: Mapping[str, Any]) -> AgentSpec:
    """The agent in a body that was read."""
    details = {name: data[name] for name in Details.__annotations__ if name in data}
    return AgentSpec(details=cast(Details, details), code=spec_of(data))


def draft_spec(data: Mapping[str, Any]) -> SnapshotSpec:
    """The code in a draft that was read."""
    code = {name: data[name] for name in ("language", "files", "entry", "entry_point")}
    return SnapshotSpec(**code, config=config_of(data["config"]))


class VersionSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    hash = serializers.CharField(source="snapshot_id")
    stage = serializers.ChoiceField(choices=Stage.choices)
    changelog = serializers.CharField()
    created_by = serializers.EmailField(source="created_by.email", default=None, allow_null=True)
    created_at = serializers.DateTimeField()


class AgentRowSerializer(serializers.Serializer[Any]):
    """An agent in a list; made from `as_row`."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    type = serializers.ChoiceField(choices=AgentType.choices)
    template = serializers.CharField()
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    status = serializers.ChoiceField(choices=AgentStatus.choices)
    deprecated = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField())
    sample_input = serializers.CharField()
    language = serializers.ChoiceField(choices=LANGUAGES)
    active_version = serializers.IntegerField(allow_null=True)
    version = VersionSerializer(allow_null=True, help_text="The newest, or the one asked for.")
    created_by = serializers.EmailField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class AgentSerializer(AgentRowSerializer):
    """An agent with the code of one version, or of its draft while it has none; made from `as_agent`."""

    files = FilesField()
    entry = serializers.CharField()
    entry_point = serializers.CharField(allow_null=True)
    input_schema = serializers.JSONField(allow_null=True)
    output_schema = serializers.JSONField(allow_null=True)
    dependencies = serializers.ListField(child=serializers.CharField())
    env = serializers.ListField(child=serializers.CharField())
    secrets = serializers.ListField(child=serializers.CharField())
    limits = LimitsSerializer()
    runtime = serializers.CharField()


class FileDiffSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    change = serializers.ChoiceField(choices=["added", "removed", "changed"])
    diff = serializers.CharField(help_text="Unified diff.")


class SettingDiffSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class DiffSerializer(serializers.Serializer[Any]):
    """What changed between two versions; null stands for the draft."""

    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)
    files = FileDiffSerializer(many=True)
    settings = SettingDiffSerializer(many=True)


def as_row(agent: Agent, version: Version | None, language: str) -> dict[str, Any]:
    plain = ("id", "slug", "created_at", "updated_at", "status", *Details.__annotations__)
    return {
        **{name: getattr(agent, name) for name in plain},
        "language": language,
        "active_version": agent.active_version.number if agent.active_version else None,
        "version": version,
        "created_by": agent.created_by.email if agent.created_by else None,
    }


def as_agent(agent: Agent, version: Version | None, spec: SnapshotSpec) -> dict[str, Any]:
    code = {"files": spec.files, "entry": spec.entry, "entry_point": spec.entry_point}
    return {**as_row(agent, version, spec.language), **code, **spec.config.as_json()}
