"""What can be refused, and how each refusal looks over HTTP.

A verb raises one of these; pages, the API and sockets turn it into their own shape. `code` is the
stable last part of the problem's `type`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class AppendOnly(Exception):
    """A mistake in our own code: it tried to change or remove what is only ever added to."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request. `pointer` is a JSON pointer into its body, such as `/files/a.py`."""

    pointer: str
    message: str


class DomainError(Exception):
    """A refusal with a reason that the caller may read.

    `extra` joins the members of the problem document, for callers that can act on it: the newer
    draft of a conflict, for example. JSON values only.
    """

    status = 400
    code = "invalid"
    title = "The request cannot be carried out"

    def __init__(
        self, detail: str, *, errors: Sequence[FieldError] = (), extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = dict(extra or {})


class Invalid(DomainError):
    """The request is understood but says something impossible."""


class TooLarge(DomainError):
    status = 413
    code = "too-large"
    title = "The request is too large"


class Unauthenticated(DomainError):
    status = 401
    code = "unauthenticated"
    title = "Sign in or send a token"


class Forbidden(DomainError):
    """The caller may see the object but not do this."""

    status = 403
    code = "forbidden"
    title = "You may not do this"


class NotFound(DomainError):
    """The object does not exist or the caller may not know that it does."""

    status = 404
    code = "not-found"
    title = "Not found"


class Conflict(DomainError):
    """The object has moved on since the caller looked."""

    status = 409
    code = "conflict"
    title = "Somebody was faster"


class Unprocessable(DomainError):
    status = 422
    code = "unprocessable"
    title = "The request contradicts itself"


class Busy(DomainError):
    """Nothing is wrong with the request: there is no room for it now."""

    status = 429
    code = "busy"
    title = "Too many at once"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(DomainError):
    status = 503
    code = "unavailable"
    title = "Not available here"


class UnsupportedMedia(DomainError):
    status = 415
    code = "unsupported-media-type"
    title = "The body is in a format that is not understood here"
