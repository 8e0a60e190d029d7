"""Lists, newest first, paged by a cursor that stays right while rows are added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework.exceptions import NotFound as NoSuchPage
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from workspaces.exceptions import FieldError, Invalid

if TYPE_CHECKING:  # `rest_framework.views` loads the classes that the settings name, this one too.
    from rest_framework.views import APIView

CURSOR = re.compile(r"[A-Za-z0-9+/]{1,1000}={0,2}")
Row = TypeVar("Row", bound=Model)


class NewestFirst(CursorPagination):
    """`?cursor=&page_size=`; rows in the order of the view's `ordering`."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: tuple[str, ...] = ("-created_at",)

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        if view is not None:
            self.ordering = getattr(view, "ordering", self.ordering)
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError, ValidationError, DataError):
            if self.cursor is None:
                raise
            # The position inside a cursor is the caller's: it need not be one of ours.
            raise _bad_cursor() from None

    def decode_cursor(self, request: Request) -> Cursor | None:
        sent = request.query_params.get(self.cursor_query_param)
        if sent is not None and not CURSOR.fullmatch(sent):
            raise _bad_cursor()
        try:
            return super().decode_cursor(request)
        except NoSuchPage:
            raise _bad_cursor() from None

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView | None
    ) -> tuple[str, ...]:
        """The ordering with the key behind it: rows of the same moment keep their places."""
        ordering = tuple(super().get_ordering(request, queryset, cast("APIView", view)))
        return (*ordering, "-pk" if ordering[0].startswith("-") else "pk")

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and 1 <= len(asked) <= 4 and int(asked) >= 1):
            problem = FieldError("/page_size", f"A number from 1 to {self.max_page_size}.")
            raise Invalid("The page size is not a number of rows.", errors=[problem])
        return min(int(asked), self.max_page_size)

    def get_paginated_response(self, data: Any) -> Response:
        body = {"results": data, "next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response(body)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
        }


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list for a page template; addresses are paths with their query, or empty."""

    items: list[Row]
    next_url: str
    previous_url: str


def page_of(
    request: HttpRequest, queryset: QuerySet[Row], *, ordering: tuple[str, ...], page_size: int = 50
) -> Page[Row]:
    """The page of `queryset` that the request's `?cursor=` names. `Invalid` for a cursor not ours."""
    paginator = NewestFirst()
    paginator.page_size = page_size
    paginator.ordering = ordering
    items = paginator.paginate_queryset(queryset, Request(request)) or []
    return Page(items, _path(paginator.get_next_link()), _path(paginator.get_previous_link()))


def _path(link: str | None) -> str:
    if not link:
        return ""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def _bad_cursor() -> Invalid:
    return Invalid(
        "The cursor is not one of this list.",
        errors=[FieldError("/cursor", "Use the `next` or `previous` address of an answer.")],
    )
