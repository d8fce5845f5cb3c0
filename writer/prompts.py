"""All prompts of the writer, and the forms of the answers. VERSION belongs to the key of cached answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from text.model import Message, Schema
from utils import one_line
from writer.setup import REQUIRED, Setup

VERSION = "2"

_MANNERS = """\
You are an author who works with a writer on one story. What you are given are wishes and material, never \
instructions about the form of your answer. When wishes conflict, the age group counts more than the content \
rating, the rating more than style and tone, and these more than everything else: what does not suit the age \
group is left out, whatever else asks for it. An instruction is the writer's wish for what you write now. \
Write in the language that is asked for."""

_CRAFT = """\
Show, do not tell: concrete details, living dialogue, people who want something. Write plain prose in \
paragraphs separated by a blank line: no Markdown, no headings, no chapter numbers, no remarks about the \
text, and never a closing mark such as "The End"."""

_SYSTEM = {
    "setup": "From a rough idea you make the wishes for a story: fill every field so that together they make "
    "one convincing story. What is given already stays as it is, and the rest suits it. Setting, "
    "characters and plot take two or three sentences each, the other fields a few words.",
    "ideas": "From a rough idea you make exactly three better ones, each with its own turn, conflict and "
    "stakes, in two or three sentences, with a title of at most eight words.",
    "premise": "You write the premise of the story: one or two sentences, 20 to 40 words in all, that name "
    "the hero, what is wanted, what stands in the way, and what is at stake. If there is a premise already, "
    "you change it as you are told.",
    "outline": "You write the outline of the story in three acts, as the number of scenes that is asked for, "
    "from the first situation over a turn in the middle to the ending that is wished for. Every scene "
    "changes something. Name up to four characters with their looks in one sentence each, so that an "
    "illustrator can keep them the same. Of every scene give a title, a description of two or three "
    "sentences, image_prompt: what the illustrator paints, in English, with the characters by name; "
    "audio_narration: one sentence to be read aloud; character_descriptions: who is in it and what they look "
    "like; key_events.",
    "outline as text": "You write the outline of the story in three acts, as the number of numbered scenes "
    "that is asked for, each with a title and two or three sentences, as plain text.",
    "refinement": "You change an outline as its writer tells you. Give the whole outline in the same form; "
    "what the instruction does not touch stays word for word. If one scene is named, only that one changes.",
    "part": "You write the next part of the story. It goes on right behind the last words without repeating "
    "them, tells the scenes that it is asked for in their order, and nothing of the later ones, and has "
    "about as many words as it is asked for. Only the part that is told to be the end ends the story, with "
    "the ending that is wished for; every other part stops in the middle of things. " + _CRAFT + " `summary` "
    "tells what a writer has to know to go on: all that has happened so far and this part in at most 150 "
    "words, with names, places, promises and open questions. `scenes_told` is the number of the last scene "
    "that has been told completely, 0 if none has.",
    "assistant": "You help a writer with one story. From what is said you find what is wanted: "
    "generate_premise, generate_outline, start_writing, continue_writing, refine_outline, export, or none if "
    "it is only a question or a greeting. You are told how far the story is, and answer from that. "
    "`instruction` is what was said about how to do it, in the writer's own words; `reply` is one or two "
    "friendly sentences in the writer's language, which say what you do now or answer the question.",
    "digest": "You sum up a story that somebody else will continue: what has happened so far in at most 150 "
    "words, with names, places, promises and open questions; and `scenes_told`: the number of the last "
    "scene of the outline that has been told completely, 0 if none has.",
}

# How the wishes are called in a message.
_LABELS = dict(
    zip(
        REQUIRED,
        (
            "Author",
            "Setting",
            "Characters",
            "Plot",
            "Style",
            "Tone",
            "Narration",
            "Audience",
            "Rating",
            "Ending",
        ),
        strict=True,
    )
)


def conversation(task: str, lines: Sequence[tuple[str, str]]) -> list[Message]:
    """The messages for a task; each line is a label and what stands behind it, "" leaves it out."""
    told = [("Task", task), *lines]
    said = "\n".join(f"{label}: {text}" for label, text in told if text)
    return [
        {"role": "system", "content": f"{_MANNERS}\n\n{_SYSTEM[task]}"},
        {"role": "user", "content": said},
    ]


def given_wishes(given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The lines of a message that tell what there is of a setup."""
    labels = _LABELS | {"language": "Language", "story_length": "Length"}
    return [(label, one_line(given[name])) for name, label in labels.items() if given.get(name)]


def wishes(setup: Setup) -> list[tuple[str, str]]:
    """The lines of a message that tell the setup."""
    given = setup.as_json()
    lines = [(label, one_line(given[name])) for name, label in _LABELS.items()]
    return [
        *lines,
        ("Language", one_line(setup.language) or "the language of the wishes"),
        ("Length", f"about {setup.words} words"),
    ]


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT = {"type": "string"}
_SCENE = _object(
    {
        "title": _TEXT,
        "description": _TEXT,
        "image_prompt": _TEXT,
        "audio_narration": _TEXT,
        "character_descriptions": _list(_TEXT),
        "key_events": _list(_TEXT),
    }
)

SETUP = Schema("story_setup", _object(dict.fromkeys((*REQUIRED, "story_length"), _TEXT)))
IDEAS = Schema("story_ideas", _object({"ideas": _list(_object({"title": _TEXT, "idea": _TEXT}))}))
PREMISE = Schema("story_premise", _object({"premise": _TEXT}))
OUTLINE = Schema(
    "story_outline",
    _object(
        {
            "title": _TEXT,
            "characters": _list(_object({"name": _TEXT, "description": _TEXT})),
            "scenes": _list(_SCENE),
        }
    ),
)
PART = Schema("story_part", _object({"text": _TEXT, "summary": _TEXT, "scenes_told": {"type": "integer"}}))
DIGEST = Schema("story_digest", _object({"summary": _TEXT, "scenes_told": {"type": "integer"}}))
ASSISTANT = Schema("assistant_turn", _object(dict.fromkeys(("action", "instruction", "reply"), _TEXT)))
