"""Compose an adventure's narration, choices and summary out of a language's sentences."""

from __future__ import annotations

import re
from random import Random

from sandbox.adventure_message import Ask
from sandbox.adventure_scene import Scene
from sandbox.adventure_tongue import Words
from sandbox.clipping import clipped, latest
from sandbox.story_material import Sentences
from sandbox.storyteller import count_words

SUMMARY_WORDS = 120
SAMPLE = "(A sample from the sandbox.)"
_FEWEST, _MOST = 92, 122  # words of a narration, before its last sentence
_LETTERS_OF_A_CHOICE = 90
_BRACES = re.compile(r"\{(\w+)\}")
# Words to the machine instead of a deed, in English, German, Spanish and French.
_ORDERS = re.compile(
    r"\b(?:ignor\w*|disregard|instructions?|prompts?|system|json|schema|assistant|developer|api"
    r"|language model|anweisung\w*|vergiss|instrucci\w+|olvida|oublie\w*|consignes?|pretend|jailbreak|task)\b"
    r"|[{}<>\\]",
    re.IGNORECASE,
)


class Teller:
    """Fills sentences that do not stand in `told`; each sign comes once before any comes again."""

    def __init__(self, words: Words, slots: dict[str, str], rng: Random, told: str) -> None:
        self._slots, self._rng, self._told = slots, rng, " ".join(told.split())
        self._all_signs, self._signs = words.signs, list[str]()

    def one(self, forms: Sentences, **slots: str) -> str:
        """One of those whose braces can all be filled; empty if there is none."""
        known = self._slots | slots
        fitting = [form for form in forms if set(_BRACES.findall(form.lower())) <= {*known, "sign"}]
        text = ""
        for form in self._rng.sample(fitting, len(fitting)):
            text = self._filled(form, known)
            if text not in self._told:
                break
        return text

    def all(self, forms: Sentences) -> list[str]:
        """All of them that can be filled, in any order."""
        return [text for form in self._rng.sample(forms, len(forms)) if (text := self.one((form,)))]

    def _filled(self, form: str, slots: dict[str, str]) -> str:
        def stand_in(match: re.Match[str]) -> str:
            name = match[1].lower()
            text = self._sign() if name == "sign" else slots[name]
            return text[:1].upper() + text[1:] if match[1][0].isupper() else text

        return _BRACES.sub(stand_in, form)

    def _sign(self) -> str:
        if not self._signs:
            drawn = self._rng.sample(self._all_signs, len(self._all_signs))
            self._signs = sorted(drawn, key=lambda sign: sign not in self._told)
        return self._signs.pop()


def narrate(ask: Ask, words: Words, scene: Scene, teller: Teller, rng: Random) -> str:
    """80 to 160 words in three paragraphs; the first turn ends with the note that it is a sample."""
    choice = ask.line("Choice")
    if ask.begins:
        first = [teller.one(words.openings)]
        if choice:
            first.append(_reaction(words, teller, choice))
    else:
        first = [_reaction(words, teller, choice), teller.one(words.reminders)]
    facts = [teller.one(forms) for forms in (words.companions, words.surroundings, words.belongings)]
    second = [text for text in facts if text]
    if len(second) > 2:
        second.remove(rng.choice(second))
    second.append(teller.one(words.finds[scene.news.kind]))
    goal = rng.randint(_FEWEST, _MOST)
    third = [teller.one(words.ends)]
    for moment in rng.sample(words.moments, len(words.moments)):
        if count_words(" ".join([*first, *second, *third])) < goal:
            third.insert(-1, teller.one((moment,)))
    if ask.begins:
        third.append(SAMPLE)
    return "\n\n".join(" ".join(paragraph) for paragraph in (first, second, third))


def _reaction(words: Words, teller: Teller, choice: str) -> str:
    forms = words.spoken if _ORDERS.search(choice) else words.reactions
    return teller.one(forms, choice=quoted(choice, 14))


def offer(ask: Ask, words: Words, teller: Teller, rng: Random) -> list[str]:
    """Two to four choices, one about the news: none is the one just taken, and those never taken go first."""
    taken = [_bare(choice) for choice in ask.chosen]
    of_news, others = (
        tuple(form for form in words.choices if ("{new}" in form) == about) for about in (True, False)
    )
    texts = [clipped(text, 12) for text in (teller.one(of_news), *teller.all(others)) if text]
    texts = [text for text in dict.fromkeys(texts) if _bare(text) not in taken[-1:]]
    texts.sort(key=lambda text: _bare(text) in taken)
    count = rng.randint(2, 4)
    return rng.sample(texts[:count], count)


def sum_up(ask: Ask, words: Words, scene: Scene) -> str:
    """The story so far and a sentence about this turn, at most 120 words."""
    choice, told = ask.line("Choice"), ask.line("Told")
    slots = scene.slots | {"choice": quoted(choice, 10)}
    if choice:
        news = _BRACES.sub(lambda match: slots[match[1]], words.told[scene.news.kind])
    elif scene.news.kind == "figure":
        news = _BRACES.sub(lambda match: slots[match[1]], words.began)
    else:
        news = clipped(told, 25) if told else scene.slots["topic"]
    return latest(f"{ask.so_far} {news}", SUMMARY_WORDS)


def quoted(text: str, words: int) -> str:
    """So many of the text's words, without marks that would end a quotation or look like markup."""
    plain = " ".join(re.sub(r"[\"“”„«»{}<>\\]", " ", text).split())
    short = clipped(plain, words)[:_LETTERS_OF_A_CHOICE]
    return short.rstrip(" .,;:") or "…"


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
