"""Links that sign one person in, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_user
from tests.workspaces.racing import at_once
from workspaces import sign_in_links
from workspaces.models import SignInLink, User


def test_a_link_works_once(owner: User) -> None:
    secret = sign_in_links.create(user=owner)
    assert sign_in_links.is_valid(secret)
    assert sign_in_links.redeem(secret) == owner
    assert not sign_in_links.is_valid(secret)
    assert sign_in_links.redeem(secret) is None


def test_looking_does_not_use_it_up(owner: User) -> None:
    secret = sign_in_links.create(user=owner)
    assert [sign_in_links.is_valid(secret) for _ in range(3)] == [True] * 3
    assert sign_in_links.redeem(secret) == owner


def test_the_secret_is_kept_nowhere(owner: User) -> None:
    secret = sign_in_links.create(user=owner)
    row = SignInLink.objects.values().get()
    assert secret not in str(row)
    assert sign_in_links.redeem(row["digest"]) is None


def test_a_link_lasts_a_day(owner: User) -> None:
    secret = sign_in_links.create(user=owner)
    link = SignInLink.objects.get()
    assert link.expires_at - link.created_at == pytest.approx(timedelta(hours=24), abs=timedelta(seconds=5))
    SignInLink.objects.update(expires_at=timezone.now())
    assert sign_in_links.redeem(secret) is None


def test_expired_links_are_swept_out(owner: User) -> None:
    sign_in_links.create(user=owner)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    sign_in_links.create(user=owner)
    assert SignInLink.objects.count() == 1


def test_a_switched_off_user_stays_out(owner: User) -> None:
    secret = sign_in_links.create(user=owner)
    owner.is_active = False
    owner.save()
    assert sign_in_links.redeem(secret) is None


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["", "x", "\0", "\ud800", "a" * 100_000])
def test_nonsense_opens_nothing(secret: str) -> None:
    assert sign_in_links.redeem(secret) is None


def test_the_address_is_the_page_of_links(owner: User) -> None:
    assert sign_in_links.address_of("a-b_c") == "http://127.0.0.1:8000/sign-in/link/?token=a-b_c"


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_gets_in() -> None:
    user = make_user()
    secret = sign_in_links.create(user=user)
    got = at_once(lambda: sign_in_links.redeem(secret), times=4)
    assert sorted(got, key=str) == sorted([None, None, None, user], key=str)
