"""Links that sign one person in, once, within a day."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from workspaces.models import SignInLink, User

LIFETIME = timedelta(hours=24)


@transaction.atomic
def create(*, user: User) -> str:
    """The secret of a new link for `user`; only its digest is kept. Sweeps out expired links."""
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now).delete()
    secret = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, digest=_digest(secret), expires_at=now + LIFETIME)
    return secret


def address_of(secret: str) -> str:
    """The address to open, as seen from outside."""
    return f"{settings.PUBLIC_URL}{reverse('workspaces:sign-in-link')}?{urlencode({'token': secret})}"


def is_valid(secret: str) -> bool:
    """Whether redeeming would work now. Changes nothing."""
    return _usable(secret).exists()


@transaction.atomic
def redeem(secret: str) -> User | None:
    """The user of the link, for the one caller who gets here first; None for everybody else."""
    link = _usable(secret).select_related("user").first()
    if link is None:
        return None
    unused = SignInLink.objects.filter(pk=link.pk, used_at__isnull=True)
    return link.user if unused.update(used_at=timezone.now()) else None


def _usable(secret: str) -> models.QuerySet[SignInLink]:
    return SignInLink.objects.filter(
        digest=_digest(secret),
        used_at__isnull=True,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
