"""Keep texts within a number of words: from their beginning, or the latest sentences of them."""

from __future__ import annotations

from sandbox.plans import split_sentences
from sandbox.storyteller import count_words


def clipped(text: str, words: int) -> str:
    """The first words, with an ellipsis if there were more than `words`."""
    kept = text.split()
    return " ".join(kept) if len(kept) <= words else " ".join(kept[: words - 1]).rstrip(" ,;:.") + "…"


def latest(text: str, words: int) -> str:
    """The latest sentences of a summary that has grown longer than `words`."""
    sentences = split_sentences(text.strip())
    while len(sentences) > 1 and count_words(" ".join(sentences)) > words:
        sentences.pop(0)
    return clipped(" ".join(sentences), words)
