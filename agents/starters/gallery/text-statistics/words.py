"""Where words, sentences and paragraphs begin and end."""

import re

STOP_WORDS = frozenset(
    "a an and as at be been but by for from had has have he her his i if in into is it its not of on or she so "
    "that the their them then there they this to was we were while which who will with within you".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")


def words(text: str) -> list[str]:
    """Every word in lower case; don't and mother-in-law are one each."""
    return [match.lower() for match in _WORD.findall(text)]


def sentences(text: str) -> list[str]:
    return [part for paragraph in paragraphs(text) for part in _SENTENCE_END.split(paragraph) if _WORD.search(part)]


def paragraphs(text: str) -> list[str]:
    """Blocks between empty lines."""
    return [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
