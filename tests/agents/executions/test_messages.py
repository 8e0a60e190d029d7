"""How events are put into the messages of a websocket."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from agents.executions.consumers import MESSAGE_CHARACTERS, messages
from agents.executions.enums import EventKind
from agents.executions.types import EventRecord

RUN = uuid.uuid4()


def events(*sizes: int) -> list[EventRecord]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        EventRecord(RUN, seq, now, EventKind.STDOUT, {"text": "x" * size})
        for seq, size in enumerate(sizes, start=1)
    ]


def test_no_events_are_no_message() -> None:
    assert list(messages([])) == []


def test_few_events_are_one_message() -> None:
    given = events(1, 2, 3)
    assert [json.loads(text) for text in messages(given)] == [[event.as_json() for event in given]]


def test_many_long_events_are_several_messages_in_order_with_none_lost() -> None:
    given = events(*[60_000] * 40, MESSAGE_CHARACTERS * 2, 5)
    texts = list(messages(given))
    assert [event for text in texts for event in json.loads(text)] == [event.as_json() for event in given]
    long = [text for text in texts if len(text) > MESSAGE_CHARACTERS + 100]
    assert [len(json.loads(text)) for text in long] == [1]
