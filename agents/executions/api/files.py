"""`/api/v1/executions/{id}/artifacts/{name}`: files that a run left."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from agents.executions.api.runs import AnyAccept, find
from agents.snapshots import blobs
from workspaces.enums import Scope
from workspaces.exceptions import NotFound
from workspaces.permissions import RequiresScope

PREVIEWED: Final = frozenset(
    {
        "application/json",
        "application/x-ndjson",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/svg+xml",
        "image/webp",
        "text/csv",
        "text/html",
        "text/markdown",
        "text/plain",
        "text/tab-separated-values",
    }
)
"""Types that may be shown in a page; everything else is only ever saved."""
AS_TEXT: Final = frozenset({"application/x-ndjson", "text/csv", "text/markdown", "text/tab-separated-values"})
WALL: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'"
)
"""What a file of a user's making may do in a browser, even when opened by itself: nothing, in no origin."""


class ExecutionArtifact(APIView):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.EXECUTIONS_READ}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="executions_artifact",
        summary="Download a file that a run left",
        tags=["executions"],
        parameters=[OpenApiParameter("preview", bool, description="To show it instead of saving it.")],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, execution_id: UUID, name: str) -> HttpResponse:
        _, execution = find(request, execution_id, by_address=True)
        artifact = execution.artifacts.filter(name=name).first() if name.isprintable() else None
        if artifact is None:
            raise NotFound("The run left no such file.")
        media_type = artifact.media_type
        shown = media_type in PREVIEWED and _is_preview(request)
        if shown and media_type in AS_TEXT:
            media_type = "text/plain"
        answer = HttpResponse(blobs.read(artifact.blob_id), content_type=_with_charset(media_type))
        headers = {
            "Content-Disposition": _disposition("inline" if shown else "attachment", artifact.name),
            "Content-Security-Policy": WALL if not shown else WALL + "; frame-ancestors 'self'",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN" if shown else "DENY",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, max-age=3600",
            "Referrer-Policy": "no-referrer",
        }
        for header, value in headers.items():
            answer.headers[header] = value
        return answer


def _is_preview(request: Request) -> bool:
    """Asked for to be shown inside a page; whoever opens the address by itself gets a file to save."""
    return request.query_params.get("preview") == "1" and request.headers.get("Sec-Fetch-Dest") != "document"


def _with_charset(media_type: str) -> str:
    textual = media_type.startswith("text/") or media_type == "application/json"
    return f"{media_type}; charset=utf-8" if textual else media_type


def _disposition(how: str, name: str) -> str:
    """With the last part of the name, in ASCII for old clients and in full for the others."""
    last = name.rsplit("/", 1)[-1]
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in last)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(last, safe='')}"
