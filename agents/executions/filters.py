"""The filters of lists of runs, for the API and the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters

from agents.executions.enums import Kind, State
from agents.executions.models import Execution
from runtimes.types import Language

SPANS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


_TIMES = [
    MinValueValidator(datetime(1900, 1, 1, tzinfo=UTC)),
    MaxValueValidator(datetime(9000, 1, 1, tzinfo=UTC)),
]
"""What every time zone can tell: a database converts, and at the edges that overflows."""


class ExecutionFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    """`agent` is an id or a slug; `since` a span such as 24h; `user` an address."""

    q = filters.CharFilter(method="by_words", label="Id, agent, input or error")
    status = filters.MultipleChoiceFilter(field_name="state", choices=State.choices)
    state = filters.MultipleChoiceFilter(field_name="state", choices=State.choices)
    agent = filters.CharFilter(method="by_agent", label="Id or slug")
    version = filters.NumberFilter(field_name="version__number", min_value=1, max_value=2**31 - 1)
    language = filters.ChoiceFilter(
        field_name="snapshot__language", choices=[(name.value, name.value) for name in Language]
    )
    kind = filters.ChoiceFilter(choices=Kind.choices)
    user = filters.CharFilter(method="by_user", label="Address")
    correlation_id = filters.CharFilter(method="by_correlation")
    since = filters.ChoiceFilter(method="by_span", choices=[(name, name) for name in SPANS])
    queued_after = filters.IsoDateTimeFilter(field_name="queued_at", lookup_expr="gte", validators=_TIMES)
    queued_before = filters.IsoDateTimeFilter(field_name="queued_at", lookup_expr="lt", validators=_TIMES)

    class Meta:
        model = Execution
        fields: list[str] = []

    def by_words(self, rows: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        for word in value.replace("\0", " ").split()[:10]:
            rows = rows.filter(_word(word))
        return rows

    def by_agent(self, rows: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        identity = _uuid(value)
        return (
            rows.filter(agent_id=identity) if identity else rows.filter(agent__slug=value.replace("\0", ""))
        )

    def by_user(self, rows: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        return rows.filter(user__email__iexact=value.replace("\0", ""))

    def by_correlation(self, rows: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        return rows.filter(correlation_id=value.replace("\0", ""))

    def by_span(self, rows: QuerySet[Execution], name: str, value: str) -> QuerySet[Execution]:
        return rows.filter(queued_at__gte=timezone.now() - SPANS[value])

    def chosen(self) -> dict[str, Any]:
        """What is asked for, for the form of the page; what cannot be is left out."""
        asked = self.form.cleaned_data if self.form.is_valid() else {}
        names = ("q", "agent", "language", "kind", "user", "since")
        states = asked.get("state") or []
        return {**{name: asked.get(name) or "" for name in names}, "state": states[0] if states else ""}


def _word(word: str) -> Q:
    """Runs that have a word in what people remember of them; JSON is kept as ASCII, so is the word there."""
    ascii_form = json.dumps(word)[1:-1]
    anywhere = Q(agent__name__icontains=word) | Q(agent__slug__icontains=word)
    anywhere |= Q(input__icontains=ascii_form) | Q(error__icontains=ascii_form)
    identity = word.lower().replace("-", "")
    if 4 <= len(identity) <= 32 and all(character in "0123456789abcdef" for character in identity):
        low, high = UUID(identity.ljust(32, "0")), UUID(identity.ljust(32, "f"))
        anywhere |= Q(pk__gte=low, pk__lte=high)
    return anywhere


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
