"""What people type into the pages of this package."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.contrib.auth import password_validation
from django.utils import timezone

from workspaces import access
from workspaces.access import Actor
from workspaces.enums import SCOPES_OF, Role, Scope, Source
from workspaces.exceptions import DomainError
from workspaces.models import User


class SignInForm(forms.Form):
    email = forms.EmailField(
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True, "class": "input"}),
    )
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "input"}),
    )


class PasswordForm(forms.Form):
    """A new password for oneself; the old one is asked for only where there is one."""

    current = forms.CharField(
        label="Current password",
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "input"}),
    )
    password = forms.CharField(
        label="New password",
        max_length=1024,
        strip=False,
        help_text="At least eight characters, and nothing that everybody uses.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "input"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not user.has_usable_password():
            del self.fields["current"]

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        if not self.user.check_password(current):
            raise forms.ValidationError("This is not your current password.")
        return current

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password


class MemberForm(forms.Form):
    """Offers the roles that the actor may give."""

    email = forms.EmailField(
        max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off", "class": "input"})
    )
    role = forms.ChoiceField(widget=forms.Select(attrs={"class": "input"}))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = cast(forms.ChoiceField, self.fields["role"])
        role.choices = [(role.value, role.label) for role in grantable(actor)]
        role.initial = Role.EDITOR


class TokenForm(forms.Form):
    """Offers the scopes that the actor holds; none chosen means all of them."""

    NEVER = ""

    name = forms.CharField(
        max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off", "class": "input"})
    )
    scopes = forms.MultipleChoiceField(
        required=False,
        help_text="Without a choice the token may do all that you may.",
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(
        label="Expires",
        required=False,
        choices=[
            ("30", "in 30 days"),
            ("7", "in 7 days"),
            ("90", "in 90 days"),
            ("365", "in a year"),
            (NEVER, "never"),
        ],
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = cast(forms.MultipleChoiceField, self.fields["scopes"])
        held = access.scopes_of(user=actor.user, workspace=actor.workspace)
        scopes.choices = [(scope.value, scope.label) for scope in Scope if scope in held]

    @property
    def expires_at(self) -> datetime | None:
        days: str = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class AuditFilterForm(forms.Form):
    """The filters of the audit log, as they stand in its address."""

    q = forms.CharField(required=False, max_length=200)
    action = forms.CharField(required=False, max_length=60)
    user = forms.CharField(required=False, max_length=254)
    source = forms.ChoiceField(required=False, choices=[("", ""), *Source.choices])
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)


def grantable(actor: Actor) -> list[Role]:
    """The roles that `actor` may give and take: those that may do no more than they."""
    return [role for role in Role if SCOPES_OF[role] <= actor.scopes]


def show(form: forms.Form, error: DomainError) -> None:
    """Put what a verb refused next to the fields it speaks of."""
    placed = False
    for item in error.errors:
        field = item.pointer.lstrip("/")
        if field in form.fields:
            form.add_error(field, item.message)
            placed = True
    if not placed:
        form.add_error(None, error.detail)


def messages_of(form: forms.Form) -> Iterable[str]:
    for field, errors in form.errors.items():
        for message in errors:
            yield str(message) if field == "__all__" else f"{form.fields[field].label or field}: {message}"
