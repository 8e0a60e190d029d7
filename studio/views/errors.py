"""What is answered when no view could: a page for people, a problem document under /api/."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from workspaces import problems

API_PREFIXES = ("/api/", "/v1/", "/mcp")

DETAILS = {
    400: ("invalid", "The request cannot be understood."),
    403: ("forbidden", "You may not do this."),
    404: ("not-found", "There is nothing at this address."),
    500: ("server-error", "Something broke on our side; the log names the cause next to this request's id."),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return _problem(request, 500)
    # Without a request: what broke may be a context processor, the session or the database.
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if _is_api(request):
        return _problem(request, 403, code="csrf", detail=f"The CSRF check failed: {reason}")
    return render(request, "403_csrf.html", status=403)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    return _problem(request, status) if _is_api(request) else render(request, f"{status}.html", status=status)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIXES)


def _problem(request: HttpRequest, status: int, *, code: str = "", detail: str = "") -> JsonResponse:
    default_code, default_detail = DETAILS[status]
    body = problems.document(
        code=code or default_code,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail or default_detail,
        request=request,
    )
    return JsonResponse(body, status=status, content_type=problems.MEDIA_TYPE)
