"""The one shape of an error over HTTP: RFC 9457 problem documents."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse

from workspaces.exceptions import Busy, DomainError, Forbidden, Invalid, NotFound, TooLarge, Unauthenticated

MEDIA_TYPE = "application/problem+json"
BEARER = 'Bearer realm="sandloft"'


def type_of(code: str) -> str:
    """The stable `type` of a problem, relative to the server."""
    return f"/problems/{code}"


def document(
    *, code: str, title: str, status: int, detail: str, request: HttpRequest, **members: Any
) -> dict[str, Any]:
    """A problem document: what went wrong, where, and under which request id."""
    return {
        "type": type_of(code),
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "request_id": getattr(request, "request_id", ""),
        **members,
    }


def document_of(error: DomainError, request: HttpRequest) -> dict[str, Any]:
    errors = [{"pointer": item.pointer, "message": item.message} for item in error.errors]
    return document(
        code=error.code,
        title=error.title,
        status=error.status,
        detail=error.detail,
        request=request,
        errors=errors,
        **error.extra,
    )


def headers_of(error: DomainError) -> dict[str, str]:
    """What the status demands besides the body."""
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": BEARER}
    if isinstance(error, Busy):
        return {"Retry-After": str(max(1, error.retry_after_seconds))}
    return {}


def problem_response(error: DomainError, request: HttpRequest) -> JsonResponse:
    """`error` as an answer, for JSON views outside of DRF; needs no database and may be called anywhere."""
    return JsonResponse(
        document_of(error, request), status=error.status, content_type=MEDIA_TYPE, headers=headers_of(error)
    )


def as_domain_error(error: Exception) -> DomainError | None:
    """Django's own refusals in our words; None for what is nobody's refusal but a defect."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, Http404):
        return NotFound("There is nothing at this address that you may see.")
    if isinstance(error, PermissionDenied):
        return Forbidden("You may not do this.")
    if isinstance(error, RequestDataTooBig):
        return TooLarge("The body is larger than this server accepts.")
    if isinstance(error, SuspiciousOperation):
        return Invalid("The request cannot be understood.")
    return None
