"""A password hasher that counts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class CountingHasher(PBKDF2PasswordHasher):
    """One count for each time that the slow part is done; quick, so that tests are."""

    algorithm = "counting"
    iterations = 1
    count: ClassVar[int] = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        CountingHasher.count += 1
        return super().encode(password, salt, iterations)
