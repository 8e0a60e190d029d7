"""Accounts of people."""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import transaction

from workspaces import audit
from workspaces.access import Actor
from workspaces.enums import Source
from workspaces.exceptions import FieldError, Forbidden, Invalid
from workspaces.models import User


@transaction.atomic
def change_password(*, by: Actor, password: str) -> None:
    """Give `by` a new password, which ends their other sessions. Not by token: it would open everything."""
    if by.token is not None:
        raise Forbidden("A token cannot change a password. Sign in to do it.")
    set_password(user=by.user, password=password, source=by.source, by=by.user, request_id=by.request_id)


@transaction.atomic
def set_password(
    *, user: User, password: str, source: Source, by: User | None = None, request_id: str = ""
) -> None:
    """`by` is who asked, None for the command line.

    `Invalid` for a password that is too short, too common or too much like the person.
    """
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        errors = [FieldError("/password", message) for message in error.messages]
        raise Invalid(" ".join(error.messages), errors=errors) from None
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record_system(
        action="user.password_changed",
        target=user,
        user=by,
        source=source,
        label=user.email,
        request_id=request_id,
    )
