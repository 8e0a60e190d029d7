"""`/api/v1/code/cache`: what is kept of runs that were declared pure."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.executions import cache
from workspaces.enums import Scope
from workspaces.exceptions import FieldError, Invalid
from workspaces.permissions import RequiresScope
from workspaces.requests import api_actor

MAX_HOURS: Final = 1_000_000.0


class CacheStatsSerializer(serializers.Serializer[Any]):
    total_cached_executions = serializers.IntegerField(help_text="Answers that can be given now.")
    total_cache_hits = serializers.IntegerField(help_text="Runs ever that were answered without running.")
    average_execution_time_ms = serializers.FloatField(
        allow_null=True, help_text="How long the programs ran whose answers are kept."
    )
    cache_hit_rate = serializers.FloatField(
        allow_null=True, help_text="Hits among all runs declared pure; null if there were none."
    )
    total_bytes = serializers.IntegerField()
    max_bytes = serializers.IntegerField()
    max_age_seconds = serializers.IntegerField()
    oldest_at = serializers.DateTimeField(allow_null=True)


class CacheStatsAnswerSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    cache_stats = CacheStatsSerializer()


class CacheClearedSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    entries_deleted = serializers.IntegerField()


class ResultCacheStats(APIView):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ}

    @extend_schema(
        operation_id="code_cache_stats",
        summary="What the workspace's result cache holds",
        tags=["code"],
        responses=CacheStatsAnswerSerializer,
    )
    def get(self, request: Request) -> Response:
        held = cache.stats(by=api_actor(request))
        numbers = {
            "total_cached_executions": held.entries,
            "total_cache_hits": held.hits,
            "average_execution_time_ms": held.average_run_ms,
            "cache_hit_rate": held.hit_rate,
            "total_bytes": held.bytes,
            "max_bytes": settings.RESULT_CACHE_MAX_BYTES,
            "max_age_seconds": settings.RESULT_CACHE_SECONDS,
            "oldest_at": held.oldest_at,
        }
        return Response(CacheStatsAnswerSerializer({"success": True, "cache_stats": numbers}).data)


class ResultCache(APIView):
    permission_classes = [RequiresScope]
    scopes = {"DELETE": Scope.EXECUTIONS_WRITE}

    @extend_schema(
        operation_id="code_cache_clear",
        summary="Forget the answers that were kept",
        tags=["code"],
        parameters=[OpenApiParameter("older_than_hours", float, description="Only those kept longer ago.")],
        responses={200: CacheClearedSerializer},
    )
    def delete(self, request: Request) -> Response:
        deleted = cache.clear(by=api_actor(request), older_than=_older_than(request))
        return Response({"success": True, "entries_deleted": deleted})


def _older_than(request: Request) -> timedelta | None:
    """The time in `?older_than_hours=`, or `Invalid`. A misspelt name must not clear everything."""
    unknown = sorted(set(request.query_params) - {"older_than_hours"})
    if unknown:
        name = ascii(unknown[0])[1:-1][:60]
        raise Invalid(f"{name} is not known here.", errors=[FieldError(f"/{name}", "is not known")])
    text = request.query_params.get("older_than_hours")
    if text is None:
        return None
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    if not 0 <= hours <= MAX_HOURS:
        problem = FieldError("/older_than_hours", f"must be a number from 0 to {MAX_HOURS:.0f}")
        raise Invalid("older_than_hours must be a number of hours.", errors=[problem])
    return timedelta(hours=hours)
