"""Plan a picture book: a story of the wanted length, cut into pages, with a scene to paint for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from sandbox.mood import notions_of
from sandbox.storyteller import count_words, tell

MOST_PAGES = 12
_LABELS = ("Prompt", "Character", "Personality", "Interests", "Pages", "Language", "Words on a page")
_LINE = re.compile(rf"^({'|'.join(_LABELS)}):[ \t]*", re.MULTILINE)
# A sentence ends with its mark and what closes a quotation; a small letter after that goes on with it.
_END = re.compile(r"(?<=[.!?…])(?P<closing>[”“»’\"]|\s»)?\s+(?=[^\s\da-zà-ÿ»])(?!—[a-zà-ÿ])")
_LIGHT = {
    "night": "at night",
    "dawn": "in the morning",
    "golden": "in the evening light",
    "day": "by day",
    "spring": "in spring",
    "summer": "in summer",
    "autumn": "in autumn",
    "winter": "in the snow",
    "rain": "in the rain",
    "storm": "in a storm",
    "fog": "in the mist",
    "sea": "by the sea",
    "mountains": "before the mountains",
    "forest": "among the trees",
}
_UNCOUNTED = ("hay", "sheep")
_DEEDS = (
    "steps out of the door and looks around",
    "walks along a narrow path",
    "kneels down to see something small",
    "looks up and points at the sky",
    "runs down a hill with flying hair",
    "sits on a fence and thinks",
    "reaches out with both arms",
    "peeps around a corner",
    "whispers with a friend",
    "laughs out loud",
    "stands still and listens",
    "waves from the doorstep in the evening",
)
_CLOTHES = ("a red scarf", "a blue jacket", "a yellow raincoat", "a green jumper", "a striped shirt")
_KEEPSAKES = ("a small brown bag", "a straw hat", "a wooden whistle", "a round lantern", "one odd sock")
_FEATURES = ("bright eyes", "a round face", "rosy cheeks", "a crooked smile", "curly tufts")


@dataclass(frozen=True)
class Wish:
    """What the user's message asks for; everything may be empty but `pages` (1-12) and `words` (a page)."""

    prompt: str
    character: str
    personality: str
    interests: tuple[str, ...]
    pages: int
    language: str
    words: int

    @property
    def name(self) -> str:
        return re.split(r"[,;(.]", self.character, maxsplit=1)[0].strip()[:40]


def asks_for_book(message: str) -> bool:
    """Whether a message wishes for pages, even if it comes without a schema."""
    return bool(re.search(r"^Pages: *\d", message, re.MULTILINE))


def read_wish(message: str) -> Wish:
    """Of a line that comes twice the last one counts, for a prompt may look like anything."""
    found = re.split(_LINE, message)
    lines = dict(zip(found[1::2], (text.strip() for text in found[2::2]), strict=True))
    pages, words = (re.search(r"\d+", lines.get(label, "")) for label in ("Pages", "Words on a page"))
    interests = [one.strip() for one in re.split(r"[,;]", lines.get("Interests", ""))]
    return Wish(
        prompt=lines.get("Prompt", found[0].strip()),
        character=lines.get("Character", ""),
        personality=lines.get("Personality", ""),
        interests=tuple(one for one in interests if one),
        pages=min(MOST_PAGES, max(1, int(pages[0]) if pages else 8)),
        language=lines.get("Language", ""),
        words=min(300, max(15, int(words[0]) if words else 60)),
    )


def plan_book(wish: Wish, *, look: str = "", seed: int = 0) -> dict[str, Any]:
    """The plan as JSON: title, look, and of each page its text and its scene. `look` describes the hero."""
    title, sentences = _sentences(wish, seed)
    rng = Random(f"{wish}/{seed}")
    pages = _pages(sentences, wish.pages)
    deeds = [_DEEDS[0], *rng.sample(_DEEDS[1:-1], len(_DEEDS) - 2), _DEEDS[-1]]
    scenes = [
        {"text": text, "scene": _scene(wish, deeds[-1] if at == len(pages) - 1 else deeds[at], text, at)}
        for at, text in enumerate(pages)
    ]
    return {"title": title, "look": look or _look(wish, rng), "pages": scenes}


def _sentences(wish: Wish, seed: int) -> tuple[str, list[str]]:
    """The title, and at least as many sentences as there are pages."""
    words = wish.pages * wish.words
    while True:
        told = tell(wish.prompt, words=words, language=wish.language, seed=seed, hero=wish.name)
        sentences = [one for paragraph in told.text.split("\n\n") for one in split_sentences(paragraph)]
        if len(sentences) >= wish.pages:
            return told.title, sentences
        words += words // 2


def split_sentences(paragraph: str) -> list[str]:
    """Whole sentences; what is said aloud stays with who says it."""
    ends = [match.end("closing") if match["closing"] else match.start() for match in _END.finditer(paragraph)]
    places = [0, *ends, len(paragraph)]
    return [paragraph[a:b].strip() for a, b in pairwise(places)]


def _pages(sentences: list[str], count: int) -> list[str]:
    """The sentences on so many pages of about equal length, none of them empty."""
    told = [0]
    for sentence in sentences:
        told.append(told[-1] + count_words(sentence))
    cuts = [0]
    for page in range(1, count):
        room = range(cuts[-1] + 1, len(sentences) - (count - page) + 1)
        cuts.append(min(room, key=lambda cut: abs(told[cut] - told[-1] * page / count)))
    cuts.append(len(sentences))
    return [" ".join(sentences[a:b]) for a, b in pairwise(cuts)]


def _scene(wish: Wish, deed: str, text: str, page: int) -> str:
    """What to paint, in English, with something from the page's text."""
    seen = [notion for notion in notions_of(text) if notion not in _LIGHT]
    light = next((_LIGHT[notion] for notion in notions_of(text) if notion in _LIGHT), "")
    with_them = [one if one in _UNCOUNTED else f"a {one}" for one in seen[:2]]
    if wish.interests and len(with_them) < 2:
        with_them.append(wish.interests[page % len(wish.interests)])
    said = " ".join(split_sentences(text)[0].split()[:8]).strip(' .,;:!?…“”„«»"')
    nearby = f"; nearby {' and '.join(with_them)}" if with_them else ""
    return f"{wish.name or 'The hero'} {' '.join(filter(None, (deed, light)))}{nearby} (“{said}”)"


def _look(wish: Wish, rng: Random) -> str:
    who = wish.character or "the hero"
    nature = f"; {wish.personality}" if wish.personality else ""
    wears = f"{rng.choice(_CLOTHES)} and {rng.choice(_KEEPSAKES)}"
    return f"{who}: a small figure with {rng.choice(_FEATURES)}, always with {wears}{nature}"
