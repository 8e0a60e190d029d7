"""The API's one exception handler: whatever goes wrong is answered as a problem document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.http import HttpRequest
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import set_rollback

from workspaces import problems, requests
from workspaces.exceptions import DomainError

logger = structlog.get_logger(__name__)

TITLES = {
    400: ("invalid", "The request cannot be carried out"),
    401: ("unauthenticated", "Sign in or send a token"),
    403: ("forbidden", "You may not do this"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "This address does not do that"),
    406: ("not-acceptable", "There is no answer in that format"),
    415: ("unsupported-media-type", "The body is in a format that is not understood here"),
    429: ("busy", "Too many at once"),
}
SERVER_ERROR = "Something broke on our side; the log names the cause next to this request's id."


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer `error`; DRF calls this for every exception of an API view."""
    request = requests.plain_request(context["request"])
    set_rollback()
    refusal = problems.as_domain_error(error)
    if refusal is not None:
        return _domain(refusal, request)
    if isinstance(error, drf.APIException):
        return _framework(error, request)
    return _defect(error, request)


def _domain(error: DomainError, request: HttpRequest) -> Response:
    body = problems.document_of(error, request)
    return _response(body, error.status, problems.headers_of(error))


def _framework(error: drf.APIException, request: HttpRequest) -> Response:
    status = error.status_code
    code, title = TITLES.get(status, ("invalid" if status < 500 else "server-error", "Not possible"))
    if isinstance(error, drf.PermissionDenied) and str(error.detail).startswith("CSRF"):
        code = "csrf"
    errors = [{"pointer": pointer or "/", "message": message} for pointer, message in _flat(error.detail)]
    detail = errors[0]["message"] if errors else title
    if isinstance(error, drf.ValidationError):
        detail = _summary(errors)
    else:
        errors = []
    body = problems.document(
        code=code, title=title, status=status, detail=detail, request=request, errors=errors
    )
    return _response(body, status, _headers(error))


def _defect(error: Exception, request: HttpRequest) -> Response:
    """A mistake of ours: the log gets everything, the caller the request id alone."""
    logger.error("request_failed", path=request.path, method=request.method, exc_info=error)
    body = problems.document(
        code="server-error",
        title="Something broke",
        status=500,
        detail=SERVER_ERROR,
        request=request,
        errors=[],
    )
    return _response(body, 500, {})


def _headers(error: drf.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]  # set by DRF
    if isinstance(error, drf.Throttled):
        headers["Retry-After"] = str(max(1, int(getattr(error, "wait", None) or 1)))
    return headers


def _response(body: dict[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    return Response(body, status=status, headers=dict(headers), content_type=problems.MEDIA_TYPE)


def _summary(errors: list[dict[str, str]]) -> str:
    first = errors[0] if errors else {"pointer": "/", "message": "The request is not valid."}
    where = "" if first["pointer"] == "/" else f"{first['pointer']}: "
    more = f" ({len(errors)} problems)" if len(errors) > 1 else ""
    return f"{where}{first['message']}{more}"


def _flat(detail: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """DRF's nested details as JSON pointers with one message each."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            own = pointer if key == "non_field_errors" else f"{pointer}/{_escaped(key)}"
            yield from _flat(value, own)
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _flat(value, f"{pointer}/{index}" if nested else pointer)
    else:
        yield pointer, str(detail)


def _escaped(key: Any) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
