"""JSON bodies, read strictly: what two readers could understand differently is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from rest_framework.parsers import BaseParser

from workspaces.exceptions import Invalid, TooLarge, UnsupportedMedia

MAX_DEPTH = 64


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without NaN, Infinity, duplicate keys, huge numbers or more than 64 levels."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return loads(read_limited(stream))


def json_body(request: HttpRequest) -> Any:
    """The body of a plain Django request, which must say that it is JSON."""
    if request.content_type != "application/json":
        raise UnsupportedMedia("Send JSON, with `Content-Type: application/json`.")
    return loads(read_limited(request))


def read_limited(stream: IO[Any] | HttpRequest) -> bytes:
    """All of `stream`, or `TooLarge` before more than the limit is in memory."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    return body


def loads(body: bytes) -> Any:
    """The value of a JSON document, or `Invalid` with the reason. Escaped surrogates are kept."""
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_once_each
        )
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Invalid(f"The body is not JSON: {error.msg} at {where}.") from None
    except ValueError:
        raise Invalid("The body holds a number with too many digits.") from None
    _check_depth(value)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise Invalid(f"The body is not JSON: {name} is no number.")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Invalid(f"The number {text[:40]} is too large.")
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise Invalid(f"The key {key[:80]!r} occurs twice in one object.")
        seen.add(key)
    return found


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise _too_deep()


def _children(item: Any) -> list[Any]:
    """What of `item` may hold more: containers alone, so that flat data costs little."""
    values = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [value for value in values if isinstance(value, dict | list)]


def _too_deep() -> Invalid:
    return Invalid(f"The body is nested deeper than {MAX_DEPTH} levels.")
