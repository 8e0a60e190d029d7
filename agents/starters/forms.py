"""How an agent begins on the page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from runtimes.types import Language


class BlankForm(forms.Form):
    """An agent with an empty file."""

    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language"), choices=[(language.value, language.value) for language in Language]
    )
