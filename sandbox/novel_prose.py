"""Compose prose out of a language's fragments: as many words as wanted, hardly a sentence twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

from sandbox.novel_tongue import KINDS, Tongue
from sandbox.storyteller import count_words

_BRACES = re.compile(r"\{(\w+)\}")
_TRIES = 60
_PARAGRAPH = (2, 5)


class Composer:
    """Draws from the pools as from decks of cards: each fragment once before any comes again.

    `taken` are sentences that stand already in the story, and so are not told again.
    """

    def __init__(
        self, tongue: Tongue, slots: Mapping[str, str], rng: Random, taken: Sequence[str] = ()
    ) -> None:
        self._pools, self._slots, self._rng = tongue.pools, slots, rng
        self._decks: dict[str, list[str]] = {}
        self._taken = set(taken)

    def sentence(self, kind: str, slots: Mapping[str, str] | None = None, *, most: int = 10_000) -> str:
        """One of a kind (a pool), new if possible and of at most so many words, else the shortest found."""
        drawn = []
        for _ in range(_TRIES):
            text = self._filled(self._draw(kind), slots or {})
            if text not in self._taken:
                if count_words(text) <= most:
                    break
                drawn.append(text)
        else:
            text = min(drawn, key=count_words, default=text)
        self._taken.add(text)
        return text

    def fill(self, template: str) -> str:
        """A sentence of a template that belongs to no pool."""
        return self._filled(template, {})

    def paragraphs(self, words: int) -> list[str]:
        """So many words, to within two, in paragraphs of a few sentences; none for fewer than three."""
        told: list[str] = []
        while words > 2:
            kinds = self._draw_kinds()
            sentences: list[str] = []
            for kind in kinds:
                if words <= 2:
                    break
                sentence = self._fitting(kind, words)
                sentences.append(sentence)
                words -= count_words(sentence)
            told.append(" ".join(sentences))
        return told

    def _draw_kinds(self) -> list[str]:
        """Mostly one kind with something of another."""
        main, other = self._rng.sample(KINDS, 2)
        count = self._rng.randint(*_PARAGRAPH)
        return [main] * (count - 1) + [other]

    def _fitting(self, kind: str, words: int) -> str:
        """A sentence that leaves room for another one, or none at all; towards the end of any kind."""
        if words > 40:
            return self.sentence(kind, most=words - 4)
        candidates: dict[int, str] = {}
        for at in range(_TRIES * 3):
            text = self._filled(self._draw(("short", kind, "short", *KINDS)[at % 7]), {})
            left = words - count_words(text)
            if text not in self._taken and (left == 0 or left >= 4):
                candidates.setdefault(left, text)
        # The longest that fits to the word, else one that is about half of what is left.
        wanted = 0 if 0 in candidates and words <= 18 else words // 2
        left = min(candidates, key=lambda rest: (abs(rest - wanted), rest), default=0)
        text = candidates.get(left) or self.sentence("short", most=words)
        self._taken.add(text)
        return text

    def _filled(self, template: str, slots: Mapping[str, str]) -> str:
        def stand_in(match: re.Match[str]) -> str:
            name = match[1]
            for known in (slots, self._slots):
                if name in known:
                    return known[name]
            text = self._filled(self._draw(name.lower()), slots)
            return text[:1].upper() + text[1:] if name[0].isupper() else text

        return _BRACES.sub(stand_in, template)

    def _draw(self, pool: str) -> str:
        deck = self._decks.get(pool)
        if not deck:
            deck = self._decks[pool] = self._rng.sample(self._pools[pool], len(self._pools[pool]))
        return deck.pop()
