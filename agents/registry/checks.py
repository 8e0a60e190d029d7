"""What may be said about an agent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agents.registry.enums import AgentType, Visibility
from agents.registry.types import Details
from workspaces.exceptions import FieldError, Invalid

LONGEST: Final = {
    "name": 120,
    "description": 10_000,
    "template": 40,
    "sample_input": 256 * 1024,
    "changelog": 500,
}
MAX_TAGS: Final = 20
_TAG: Final = re.compile(r"[^\W_][\w .+#-]{0,39}\Z")
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def details(given: Details) -> Details:
    """`given` with its tags in one form; `Invalid` with every field that no agent can have."""
    checked = given.copy()
    if "name" in given:
        checked["name"] = given["name"].strip()
    if "tags" in given:
        checked["tags"] = list(dict.fromkeys(tag.strip().lower() for tag in given["tags"]))
    refuse([*_text_errors(checked), *_choice_errors(checked), *_tag_errors(checked.get("tags", []))])
    return checked


def changelog(text: str) -> str:
    """The line that says what is new in a version."""
    refuse(list(_line_errors("changelog", text)))
    return text.strip()


def refuse(errors: list[FieldError]) -> None:
    """Raise `Invalid` if there are any."""
    if errors:
        raise Invalid(f"{errors[0].pointer[1:]} {errors[0].message}.", errors=errors)


def _text_errors(given: Details) -> Iterator[FieldError]:
    if given.get("name") == "":
        yield FieldError("/name", "must not be empty")
    if "template" in given and not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", given["template"]):
        yield FieldError("/template", "must be a name of small letters, digits, _ and -")
    for field in ("name", "description", "template", "sample_input"):
        yield from _line_errors(field, str(given.get(field, "")))


def _line_errors(field: str, text: str) -> Iterator[FieldError]:
    if len(text) > LONGEST[field]:
        yield FieldError(f"/{field}", f"is longer than {LONGEST[field]:,} characters")
    if _UNSTORABLE.search(text):
        yield FieldError(f"/{field}", "must not have NUL characters or halves of surrogate pairs")


def _choice_errors(given: Details) -> Iterator[FieldError]:
    known = {"type": AgentType.values, "visibility": Visibility.values}
    for field, values in known.items():
        if given.get(field, values[0]) not in values:
            yield FieldError(f"/{field}", f"must be one of: {', '.join(values)}")


def _tag_errors(tags: list[str]) -> Iterator[FieldError]:
    if len(tags) > MAX_TAGS:
        yield FieldError("/tags", f"has more than {MAX_TAGS} tags")
    for index, tag in enumerate(tags):
        if not _TAG.match(tag):
            yield FieldError(f"/tags/{index}", "must be 1 to 40 letters, digits, spaces and . + # - _")
