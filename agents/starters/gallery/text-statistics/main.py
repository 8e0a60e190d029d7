"""Figures about a text: how long it is, what it is about, how hard it is to read.

Input   text  the text, in English for the reading ease to mean something
        top   how many of its most frequent words to give
"""

from collections import Counter

import readability
from words import STOP_WORDS, paragraphs, sentences, words

WORDS_PER_MINUTE = 220


def main(text: str, top: int = 10) -> dict:
    if not text.strip():
        raise ValueError("the text is empty")
    every_word = words(text)
    telling = Counter(word for word in every_word if word not in STOP_WORDS)
    # By count, then by the alphabet, so that equal texts give equal answers.
    ranking = sorted(telling.items(), key=lambda pair: (-pair[1], pair[0]))[:top]
    ease = readability.flesch(every_word, sentences(text))
    print_ranking(ranking)
    return {
        "characters": len(text),
        "words": len(every_word),
        "different_words": len(set(every_word)),
        "sentences": len(sentences(text)),
        "paragraphs": len(paragraphs(text)),
        "longest_word": max(every_word, key=lambda word: (len(word), word), default=""),
        "reading_seconds": round(len(every_word) / WORDS_PER_MINUTE * 60),
        "reading_ease": {"score": ease, "level": readability.level(ease)},
        "top_words": [{"word": word, "count": count} for word, count in ranking],
    }


def print_ranking(ranking: list[tuple[str, int]]) -> None:
    """A bar chart for the console; the longest bar is twenty blocks."""
    most = max((count for _, count in ranking), default=1)
    for word, count in ranking:
        bar = "█" * max(1, round(count / most * 20))
        print(f"{word:>14}  \033[36m{bar}\033[0m {count}")
