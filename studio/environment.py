"""Environment variables, with errors that name the variable."""

from __future__ import annotations

import os
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):  # type: ignore[misc]  # django-environ has no types
    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        """As the library's; a text that cannot be what it stands for raises `ImproperlyConfigured`."""
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} cannot be {os.environ.get(var, '')!r}: {error}.") from None
