"""A JSON column that keeps every string that Python and JavaScript can hold."""

from __future__ import annotations

import json
from typing import Any

from django.db import models


class JsonTextField(models.TextField):  # type: ignore[type-arg]  # generic only in the stubs
    """JSON kept as ASCII text.

    `jsonb` refuses NUL characters and lone surrogates, and programs print both. Escaped to
    ASCII they survive every database unchanged. Not for querying inside.
    """

    # What type checkers take and give for the column: any JSON, where a text field has strings.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None and self.null:
            return None
        return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))

    def value_to_string(self, obj: models.Model) -> str:
        return json.dumps(self.value_from_object(obj))
