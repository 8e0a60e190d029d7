"""API tokens: shown once, kept as a digest, never wider than their user."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from workspaces import access, audit
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.exceptions import FieldError, Forbidden, Invalid, NotFound
from workspaces.models import ApiToken

MARK = "slt_"
PREFIX_LENGTH = len(MARK) + 8
MAX_NAME = 120
TOUCH_EVERY = timedelta(minutes=1)


@transaction.atomic
def create(
    *, by: Actor, name: str, scopes: Collection[str] | None = None, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A token of `by` for this workspace, and its secret, which cannot be had again.

    `scopes` None means all that the user may do. `Invalid` for an empty or unknown set or a time
    in the past, `Forbidden` for a scope that the user does not hold or when a token asks: a stolen
    one must not be able to outlive its own revocation.
    """
    by.require(Scope.TOKENS_WRITE)
    if by.token is not None:
        raise Forbidden("A token cannot make tokens. Sign in to make one.")
    chosen = _scopes(by, scopes)
    _check_expiry(expires_at)
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        workspace=by.workspace,
        user=by.user,
        name=_name(name),
        prefix=secret[:PREFIX_LENGTH],
        digest=digest_of(secret),
        scopes=sorted(chosen),
        expires_at=expires_at,
    )
    after = {"name": token.name, "prefix": token.prefix, "scopes": token.scopes, "expires_at": expires_at}
    audit.record(by=by, action="token.created", target=token, label=token.name, after=after)
    return token, secret


@transaction.atomic
def revoke(*, by: Actor, token: ApiToken) -> None:
    """End a token for good: one's own, or any of the workspace for whoever manages members.

    Doing it twice changes nothing.
    """
    by.require(Scope.TOKENS_WRITE)
    if not ApiToken.objects.visible_to(by).filter(pk=token.pk).exists():
        raise NotFound("There is no such token.")
    now = timezone.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        token.revoked_at = now
        audit.record(
            by=by, action="token.revoked", target=token, label=token.name, before={"prefix": token.prefix}
        )


def authenticate(secret: str) -> ApiToken | None:
    """The usable token with this secret, with its user and workspace, and note that it was used."""
    if not secret.startswith(MARK):
        return None
    usable = ApiToken.objects.usable().select_related("user", "workspace")
    token = usable.filter(digest=digest_of(secret)).first()
    if token is not None:
        _touch(token)
    return token


def digest_of(secret: str) -> str:
    """Secrets are 256 random bits, so one fast hash is enough and needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _touch(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < TOUCH_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > MAX_NAME or not clean.isprintable():
        problem = FieldError("/name", f"Between 1 and {MAX_NAME} printable characters.")
        raise Invalid("A token needs a name by which to know it again.", errors=[problem])
    return clean


def _scopes(by: Actor, scopes: Collection[str] | None) -> frozenset[Scope]:
    held = access.scopes_of(user=by.user, workspace=by.workspace)
    if scopes is None:
        return held
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        known = ", ".join(Scope.values)
        problem = FieldError("/scopes", f"Choose from {known}.")
        detail = f"There is no scope {unknown[0]!r}." if unknown else "A token needs at least one scope."
        raise Invalid(detail, errors=[problem])
    chosen = frozenset(Scope(value) for value in scopes)
    beyond = sorted(chosen - held)
    if beyond:
        raise Forbidden(f"A token cannot do what its user may not: {', '.join(beyond)}.")
    return chosen


def _check_expiry(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= timezone.now():
        problem = FieldError("/expires_at", "A time in the future.")
        raise Invalid("The token would have expired already.", errors=[problem])
