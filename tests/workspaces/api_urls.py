"""A small API of its own, to try how requests say who they are."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workspaces import requests
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import Busy, Conflict, FieldError, Invalid
from workspaces.models import AuditEntry
from workspaces.permissions import RequiresScope


class Echo(APIView):
    """Says who asked, and gives back what was sent."""

    def get(self, request: Request) -> Response:
        actor = requests.api_actor(request)
        assert request.actor is actor  # type: ignore[attr-defined]  # what views may rely on
        assert request.user == actor.user
        return Response({"user": actor.user.email, "workspace": actor.workspace.slug, "source": actor.source})

    def post(self, request: Request) -> Response:
        return Response(request.data)


class Scoped(APIView):
    permission_classes = [RequiresScope]
    scopes = {"GET": Scope.AGENTS_READ, "POST": Scope.AGENTS_WRITE}

    def get(self, request: Request) -> Response:
        return Response({})

    def post(self, request: Request) -> Response:
        return Response({})

    def delete(self, request: Request) -> Response:
        return Response({})


class Row(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = ["id", "object_label"]


class Rows(ListAPIView[AuditEntry]):
    serializer_class = Row
    ordering = ("-at",)

    def get_queryset(self) -> Any:
        return AuditEntry.objects.filter(action="row.added")


class Body(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=5)
    tags = serializers.ListField(child=serializers.IntegerField())


class Failing(APIView):
    """Fails in the way that its address names."""

    permission_classes: list[type[BasePermission]] = []
    authentication_classes = []

    def get(self, request: Request, how: str) -> NoReturn:
        raise FAILURES[how]

    def post(self, request: Request, how: str) -> Response:
        Body(data=request.data).is_valid(raise_exception=True)
        return Response({})


FAILURES: dict[str, Exception] = {
    "invalid": Invalid("No.", errors=[FieldError("/files/a.py", "Too long.")]),
    "conflict": Conflict("Moved on.", extra={"current": {"revision": 3}}),
    "busy": Busy("Full.", retry_after_seconds=7),
    "throttled": Throttled(wait=3.2),
    "missing": Http404("agents table row 7 is missing"),
    "denied": PermissionDenied("because of a secret reason"),
    "too-big": RequestDataTooBig("x"),
    "defect": ZeroDivisionError("password=hunter2"),
}


@requests.workspace_json
def plain_json(request: requests.WorkspaceRequest, actor: Actor, how: str = "") -> JsonResponse:
    if how:
        raise FAILURES[how]
    return JsonResponse({"workspace": actor.workspace.slug})


def open_json(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"request_id": request.request_id})  # type: ignore[attr-defined]  # the middleware sets it


urlpatterns = [
    path("api/v1/echo", Echo.as_view()),
    path("api/v1/scoped", Scoped.as_view()),
    path("api/v1/rows", Rows.as_view()),
    path("api/v1/failing/<str:how>", Failing.as_view()),
    path("w/<slug:slug>/json/", plain_json),
    path("w/<slug:slug>/json/<str:how>", plain_json),
    path("open", open_json),
    path("", include("workspaces.urls")),
]
