"""Whether it lives, for load balancers; how its parts are, for people and programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from studio import health
from studio.version import VERSION


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nobody else, so that a slow database does not get it restarted."""
    return JsonResponse({"status": "ok", "version": VERSION})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The process can do its work. Says nothing about the inside to those who are not signed in."""
    ready = health.ready().status is health.Status.HEALTHY
    return JsonResponse({"status": "ready" if ready else "not ready"}, status=200 if ready else 503)


class HealthView(APIView):
    @extend_schema(
        operation_id="health_detailed",
        responses={200: OpenApiResponse(description="Every service and runtime, one by one")},
    )
    def get(self, request: Request) -> Response:
        report: dict[str, Any] = health.report()
        return Response({**report, "version": VERSION})
