"""How a long story is written in rounds: what the next one is to tell, and when the story is whole.

Pure functions. A round is planned from what the outline still wants and from the words that are left, so a
part that came out short or long is made up for by the next ones.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any

from writer.outline import Outline

ROUND_WORDS = 900
# How far a finished story may be from the length that was asked for.
TOLERANCE = 0.15
_FEWEST = 60
_SHORTEST_SPLIT = 600
# What lacks less than this part of a scene, or of a round, needs none of its own.
_NEARLY = 0.25
_TAIL_WORDS = 220
# A story whose ending is told is not told on, even if it came out this short.
_ENOUGH_WITH_ENDING = 0.7
# Less than this a scene cannot be told in.
_FEWEST_FOR_A_SCENE = 80
# A part that leaves less than this for the ending is cut.
_FOR_THE_ENDING = 0.1
# How much more or less than asked a model may be expected to write.
_SLOWEST, _FASTEST = 0.6, 1.5
_MARK = r"(?:the\s+end|end of (?:the )?story|fin|ende|das ende|el fin|la fin|конец|кінець|koniec|fine)"
# On a line of its own, or in brackets, or in capitals behind a sentence.
_END_MARK = re.compile(
    rf"(?:\n[\s*_~#—–-]*{_MARK}[\s*_~.!—–-]*"
    rf"|\s*[\[(<]\s*/?(?:end|{_MARK})\s*[\])>][.!]?"
    r"|(?<=[.!?…”\"»])\s+(?-i:THE END)[.!]?)\s*$",
    re.IGNORECASE,
)
# A mark stands within so many characters of the end.
_LONGEST_MARK = 80
_SENTENCE_END = re.compile(r"[.!?…][”\"»’')\]]*(?=\s|$)")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A story as far as it is written. `rounds`: how many parts it was asked for in.

    `scenes_told`: the last scene of the outline that is wholly told. `has_ending`: the last part was asked
    to be the end, and came to one. `asked` and `came`: how many words the parts should have had, and had.
    """

    text: str = ""
    summary: str = ""
    scenes_told: int = 0
    rounds: int = 0
    has_ending: bool = False
    asked: int = 0
    came: int = 0

    @property
    def words(self) -> int:
        return count_words(self.text)


@dataclass(frozen=True, kw_only=True)
class Round:
    """What the next part is to tell: scenes `first` to `last`, in about `words` words.

    `whole`: the last scene that is wholly told then. `is_last`: with it the story ends. `most`: what is
    longer is cut.
    """

    first: int
    last: int
    whole: int
    words: int
    is_last: bool
    most: int = 10**9


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a model has written for a round. `is_cut`: it stopped in the middle, at its token limit."""

    text: str
    summary: str = ""
    scenes_told: int | None = None
    is_cut: bool = False


def count_words(text: str) -> int:
    return len(text.split())


def rounds_for(words: int) -> int:
    """How many rounds so many words take that are still to be written."""
    return max(1, math.ceil(words / ROUND_WORDS - _NEARLY))


def is_complete(draft: Draft, outline: Outline, words: int) -> bool:
    """Whether all of the outline is told with its ending, and not far too short."""
    is_told = draft.scenes_told >= len(outline.scenes)
    return draft.has_ending and is_told and draft.words >= words * _ENOUGH_WITH_ENDING


def next_round(draft: Draft, outline: Outline, words: int) -> Round:
    """What comes next in a story of `words` words that is not complete."""
    scenes, left = len(outline.scenes), words - draft.words
    untold = scenes - draft.scenes_told
    left = max(left, _FEWEST, min(untold * _FEWEST_FOR_A_SCENE, words // 2))
    rounds = rounds_for(left)
    if not draft.text and words > _SHORTEST_SPLIT:
        rounds = max(2, rounds)
    first = min(draft.scenes_told + 1, scenes)
    wanted = _asked_of(draft, round(left / rounds))
    if rounds == 1:
        return Round(first=first, last=scenes, whole=scenes, words=wanted, is_last=True)
    # Where the story stands, in scenes: a long scene takes several rounds.
    now = max(float(draft.scenes_told), min(1.0, draft.words / words) * scenes)
    until = now + (scenes - now) / rounds
    last = min(scenes, max(first, math.ceil(until - _NEARLY)))
    whole = min(scenes - 1, max(draft.scenes_told, math.floor(until + _NEARLY)))
    most = max(2 * wanted, round(words * (1 - _FOR_THE_ENDING)) - draft.words)
    return Round(first=first, last=last, whole=whole, words=wanted, is_last=False, most=most)


def _asked_of(draft: Draft, words: int) -> int:
    """How many words a model has to be asked for that has given more or less of them so far."""
    pace = draft.came / draft.asked if draft.asked else 1.0
    if abs(pace - 1) <= TOLERANCE:  # chance, and made up for by the next ones
        return words
    return round(words / min(_FASTEST, max(_SLOWEST, pace)))


def grown(draft: Draft, told: Round, part: Part) -> Draft:
    """The draft with a part that was written for the round `told`."""
    text = without_end_mark(part.text).strip()
    is_cut = part.is_cut
    if part.is_cut:
        text = to_last_sentence(text)
    elif not told.is_last and count_words(text) > told.most:
        text, is_cut = fitted(text, told.words), True
    whole = f"{draft.text}\n\n{text}" if draft.text and text else draft.text or text
    if is_cut:  # the next round tells the rest of these scenes
        return replace(draft, text=whole, rounds=draft.rounds + 1, has_ending=False)
    return Draft(
        text=whole,
        summary=part.summary or draft.summary,
        scenes_told=_scenes_told(draft, told, part),
        rounds=draft.rounds + 1,
        has_ending=told.is_last,
        asked=draft.asked + told.words,
        came=draft.came + count_words(text),
    )


def _scenes_told(draft: Draft, told: Round, part: Part) -> int:
    """What the model says, within what it was asked for; the end is the end."""
    if told.is_last or part.scenes_told is None:
        return told.whole
    return min(max(part.scenes_told, draft.scenes_told), told.whole)


def without_end_mark(text: str) -> str:
    """`text` without a mark such as "THE END" or "[END]" behind it, which is not for the reader."""
    bare = text.rstrip()
    while _END_MARK.search(bare[-_LONGEST_MARK:]):
        bare = bare[:-_LONGEST_MARK] + _END_MARK.sub("", bare[-_LONGEST_MARK:]).rstrip().rstrip("*_").rstrip()
    return bare


def to_last_sentence(text: str) -> str:
    """A text that breaks off, up to its last whole sentence; all of it if there is none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else text


def fitted(text: str, words: int) -> str:
    """The first paragraphs of a part that is far too long, with about `words` words."""
    kept: list[str] = []
    for paragraph in text.split("\n\n"):
        kept.append(paragraph)
        if sum(map(count_words, kept)) >= words:
            break
    return "\n\n".join(kept)


def tail(text: str, words: int = _TAIL_WORDS) -> str:
    """The last words of a text, from the beginning of a paragraph where one is near."""
    starts = [match.start() for match in re.finditer(r"\S+", text)]
    if len(starts) <= words:
        return text.strip()
    near = text[starts[-words] :].rstrip()
    paragraph = near.find("\n\n")
    return near[paragraph + 2 :] if 0 <= paragraph < len(near) // 3 else near


def as_json(draft: Draft) -> dict[str, Any]:
    return dict(vars(draft))


def from_json(value: dict[str, Any]) -> Draft:
    return Draft(**value)
