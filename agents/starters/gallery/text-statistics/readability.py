"""Flesch reading ease: long sentences and long words make a text hard.

https://en.wikipedia.org/wiki/Flesch%E2%80%93Kincaid_readability_tests
"""

import re

LEVELS = ((90, "very easy"), (80, "easy"), (70, "fairly easy"), (60, "plain"), (50, "fairly hard"), (30, "hard"))


def flesch(words: list[str], sentences: list[str]) -> float:
    """From about 0 (hardest) to about 100 (easiest)."""
    if not words or not sentences:
        return 0.0
    syllable_count = sum(syllables(word) for word in words)
    score = 206.835 - 1.015 * len(words) / len(sentences) - 84.6 * syllable_count / len(words)
    return round(score, 1)


def level(score: float) -> str:
    return next((name for least, name in LEVELS if score >= least), "very hard")


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end: right for most English words."""
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)
