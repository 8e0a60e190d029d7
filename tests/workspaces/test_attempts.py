"""How often somebody may try to sign in."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from workspaces import attempts
from workspaces.exceptions import Busy


def test_the_eleventh_try_is_refused() -> None:
    for _ in range(10):
        attempts.count(email="a@example.org", address="192.0.2.1")
    with pytest.raises(Busy) as refusal:
        attempts.count(email="A@example.org ", address="192.0.2.1")
    assert refusal.value.retry_after_seconds == 300


def test_other_people_and_places_are_not_affected() -> None:
    for _ in range(10):
        attempts.count(email="a@example.org", address="192.0.2.1")
    attempts.count(email="b@example.org", address="192.0.2.1")
    attempts.count(email="a@example.org", address="192.0.2.2")


def test_one_place_tries_no_more_than_a_hundred_accounts() -> None:
    for number in range(100):
        attempts.count(email=f"{number}@example.org", address="192.0.2.1")
    with pytest.raises(Busy):
        attempts.count(email="new@example.org", address="192.0.2.1")


def test_success_forgives() -> None:
    for _ in range(10):
        attempts.count(email="a@example.org", address="192.0.2.1")
    attempts.forgive(email="a@example.org", address="192.0.2.1")
    attempts.count(email="a@example.org", address="192.0.2.1")


@pytest.mark.parametrize(
    ("forwarded", "behind_proxy", "address"),
    [
        ("", False, "127.0.0.1"),
        ("192.0.2.9", False, "127.0.0.1"),
        ("192.0.2.9", True, "192.0.2.9"),
        ("6.6.6.6, 192.0.2.9", True, "192.0.2.9"),
        ("", True, "127.0.0.1"),
    ],
)
def test_only_our_own_proxy_is_believed(forwarded: str, behind_proxy: bool, address: str) -> None:
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded)
    assert attempts.address_of(request, behind_proxy=behind_proxy) == address
