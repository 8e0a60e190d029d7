"""The filters of agent lists, for the API and the page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from agents.registry.enums import AgentStatus, Visibility
from agents.registry.models import Agent
from agents.registry.querysets import AgentQuerySet
from runtimes.types import Language


class AgentFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    search = filters.CharFilter(method="by_words", label="Words in name, description or tags")
    language = filters.ChoiceFilter(choices=[(language.value, language.value) for language in Language])
    visibility = filters.ChoiceFilter(choices=Visibility.choices)
    status = filters.ChoiceFilter(choices=AgentStatus.choices)
    deprecated = filters.BooleanFilter()
    template = filters.CharFilter()
    tag = filters.CharFilter(method="by_tag", label="A whole tag")

    class Meta:
        model = Agent
        fields: list[str] = []

    def by_words(self, rows: AgentQuerySet, name: str, value: str) -> QuerySet[Agent]:
        return rows.search(value)

    def by_tag(self, rows: AgentQuerySet, name: str, value: str) -> QuerySet[Agent]:
        return rows.tagged(value)


class AgentPageFilter(AgentFilter):
    """The same under the names that the page's addresses use."""

    q = filters.CharFilter(method="by_words")

    def chosen(self) -> dict[str, Any]:
        """What is asked for, for the form; what cannot be is left out."""
        asked = self.form.cleaned_data if self.form.is_valid() else {}
        return {name: asked.get(name) or "" for name in ("q", "language", "status", "tag")}
