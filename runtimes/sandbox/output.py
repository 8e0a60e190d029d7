"""From bytes to events: decoding, the cap, and progress lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from runtimes.types import Output, Progress, Stream

_MARK = "::progress "
_LONGEST_LINE = 4096
_PROGRESS = re.compile(r"::progress +([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)%?(?: +(.*))?", re.S)


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


def parse_progress(line: str) -> Progress | None:
    """A whole line without its newline; None for what is ordinary output."""
    found = _PROGRESS.fullmatch(line.rstrip("\r"))
    if found is None:
        return None
    percent = min(100.0, max(0.0, float(found[1])))
    return Progress(percent=percent, message=(found[2] or "").strip())


@dataclass(slots=True)
class Reader:
    """One stream's text. Progress lines are looked for on stdout only."""

    stream: Stream
    _decoder: codecs.IncrementalDecoder = field(default_factory=_decoder)
    _held: str = ""
    _line_start: bool = True

    def feed(self, data: bytes, *, final: bool = False) -> Iterator[Output | Progress]:
        text = self._decoder.decode(data, final)
        if self.stream is Stream.STDERR:
            if text:
                yield Output(self.stream, text)
            return
        yield from self._split(self._held + text, final=final)

    def _split(self, text: str, *, final: bool) -> Iterator[Output | Progress]:
        """Plain text goes on at once; only what may become a progress line is held back."""
        self._held = ""
        plain = 0
        position = 0
        while position < len(text):
            if self._line_start and _may_be_progress(text, position):
                end = text.find("\n", position)
                if end < 0 and not final and len(text) - position < _LONGEST_LINE:
                    self._held = text[position:]
                    text = text[:position]
                    break
                line_end = end if end >= 0 else len(text)
                progress = parse_progress(text[position:line_end])
                if progress is not None:
                    if position > plain:
                        yield Output(self.stream, text[plain:position])
                    yield progress
                    plain = position = min(line_end + 1, len(text))
                    continue
            position, self._line_start = _next_mark(text, position)
        if len(text) > plain:
            yield Output(self.stream, text[plain:])


def _may_be_progress(text: str, position: int) -> bool:
    piece = text[position : position + len(_MARK)]
    return _MARK.startswith(piece)


def _next_mark(text: str, position: int) -> tuple[int, bool]:
    """Go on to the next line that begins like a progress line, or to the end."""
    found = text.find("\n:", position)
    if found >= 0:
        return found + 1, True
    return len(text), text.endswith("\n")
