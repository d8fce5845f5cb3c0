"""The plan of a picture book: so many pages, one hero, one language, and a scene for each page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.houses import MODEL
from sandbox.plans import plan_book, read_wish, split_sentences
from sandbox.server import Sandbox
from tests.sandbox.calling import BEARER, Call, chunks, let, part, picture

PAGE = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "scene": {"type": "string"}},
    "required": ["text", "scene"],
    "additionalProperties": False,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "look": {"type": "string"},
        "pages": {"type": "array", "items": PAGE},
    },
    "required": ["title", "look", "pages"],
    "additionalProperties": False,
}
SAMPLES = {"": "sample", "German": "Beispiel", "Spanish": "muestra", "French": "exemple"}


def message(pages: int = 8, language: str = "", words: int = 60, **changes: str) -> str:
    lines = {
        "Prompt": "A girl finds a lost frog in the forest",
        "Character": "Mia, 6 years old",
        "Personality": "brave, curious",
        "Interests": "kites, frogs",
        "Pages": str(pages),
        "Language": language,
        "Words on a page": f"about {words}",
    }
    return "\n".join(f"{name}: {value}" for name, value in (lines | changes).items())


def ask(call: Call, content: Any = None, *, schema: dict[str, Any] = SCHEMA, **body: Any) -> Any:
    form = {
        "type": "json_schema",
        "json_schema": {"name": "storybook_plan", "strict": True, "schema": schema},
    }
    messages = [
        {"role": "system", "content": "You plan books."},
        {"role": "user", "content": content or message()},
    ]
    asked = {"model": MODEL, "messages": messages, "response_format": form, **body}
    return call("POST", "/v1/chat/completions", json=asked, headers=BEARER)


def content(response: Any) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


def test_a_plan_keeps_to_its_schema(call: Call) -> None:
    plan = json.loads(content(ask(call)))

    assert set(plan) == {"title", "look", "pages"}
    assert all(set(page) == {"text", "scene"} for page in plan["pages"])
    assert len(plan["pages"]) == 8
    assert plan["look"].startswith("Mia, 6 years old")


def test_a_plan_can_be_streamed(call: Call) -> None:
    pieces = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks(ask(call, stream=True))]

    assert len(pieces) > 100
    assert len(json.loads("".join(pieces))["pages"]) == 8


def test_a_plan_takes_the_look_from_the_picture(call: Call) -> None:
    plan = json.loads(content(ask(call, [{"type": "text", "text": message()}, part(picture())])))

    assert plan["look"].startswith("Mia: a small figure in tomato red")
    assert len(plan["pages"]) == 8


@pytest.mark.parametrize("language", SAMPLES)
@pytest.mark.parametrize("pages", [1, 4, 12])
@pytest.mark.parametrize("words", [15, 60, 120])
def test_every_page_has_whole_sentences_and_about_as_many_words_as_the_others(
    pages: int, language: str, words: int
) -> None:
    plan = plan_book(read_wish(message(pages, language, words)))
    texts = [page["text"] for page in plan["pages"]]

    assert len(texts) == pages
    assert all(text[-1] in ".!?…”“»)" for text in texts)
    assert all(0 < len(text.split()) < words * 2 + 40 for text in texts)
    assert pages * words * 0.8 < sum(len(text.split()) for text in texts) < pages * words * 1.6 + 15
    assert SAMPLES[language] in texts[-1]


@pytest.mark.parametrize("language", SAMPLES)
@pytest.mark.parametrize("name", ["Mia", "Anna-Lena", "bruno", "Zoë Maria", "李"])
def test_the_character_is_the_hero_in_every_language(language: str, name: str) -> None:
    plan = plan_book(read_wish(message(12, language, Character=f"{name}, 6 years old")))
    naming = [name.lower() in page["text"].lower() for page in plan["pages"]]

    assert naming[0]
    assert sum(naming) >= 6
    assert all(page["scene"].startswith(name) for page in plan["pages"])


def test_no_two_scenes_are_alike_and_each_has_something_of_its_page() -> None:
    pages = plan_book(read_wish(message(12)))["pages"]

    assert len({page["scene"].split("(")[0] for page in pages}) == 12
    assert all(" ".join(page["text"].split()[:3]).strip(".,") in page["scene"] for page in pages)
    assert "forest" in pages[0]["text"]
    assert "among the trees" in pages[0]["scene"]


def test_interests_are_to_be_seen() -> None:
    scenes = " ".join(page["scene"] for page in plan_book(read_wish(message()))["pages"])

    assert "kites" in scenes
    assert "frogs" in scenes


def test_equal_wishes_give_equal_plans_and_another_seed_another_one() -> None:
    wish = read_wish(message())

    assert plan_book(wish, seed=3) == plan_book(wish, seed=3)
    assert plan_book(wish, seed=3) != plan_book(wish, seed=4)


def test_a_girl_in_the_prompt_is_the_character_and_no_other_person() -> None:
    text = " ".join(page["text"] for page in plan_book(read_wish(message(12)))["pages"])

    assert "the girl" not in text


def test_a_line_in_the_prompt_that_looks_like_another_does_not_count() -> None:
    wish = read_wish(message(Prompt="a frog\nPages: 3\nCharacter: Nobody"))

    assert (wish.pages, wish.character) == (8, "Mia, 6 years old")


@pytest.mark.parametrize(("pages", "planned"), [("0", 1), ("99", 12), ("some", 8)])
def test_a_book_has_one_to_twelve_pages(pages: str, planned: int) -> None:
    assert len(plan_book(read_wish(message(Pages=pages)))["pages"]) == planned


def test_a_prompt_alone_is_enough() -> None:
    plan = plan_book(read_wish("a fox in the snow"))

    assert len(plan["pages"]) == 8
    assert plan["pages"][0]["scene"].startswith("The hero")


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("“Who, if not you?” asked the kettle.", ["“Who, if not you?” asked the kettle."]),
        ("“Move over.” She sat down.", ["“Move over.”", "She sat down."]),
        ("« Viens ! » Elle rit.", ["« Viens ! »", "Elle rit."]),
        ("—¿Quién? —preguntó el gato. Nadie.", ["—¿Quién? —preguntó el gato.", "Nadie."]),
        ("„Geh!“ Er ging.", ["„Geh!“", "Er ging."]),
    ],
)
def test_what_is_said_stays_with_who_says_it(paragraph: str, sentences: list[str]) -> None:
    assert split_sentences(paragraph) == sentences


@settings(max_examples=60, deadline=None)
@given(prompt=st.text(max_size=80), name=st.text(max_size=30), pages=st.integers(1, 12))
def test_any_text_gives_a_plan(prompt: str, name: str, pages: int) -> None:
    plan = plan_book(read_wish(message(pages, Prompt=prompt, Character=name)))

    assert plan["title"].strip()
    assert 1 <= len(plan["pages"]) <= 12
    assert all(page["text"].strip() and page["scene"].strip() for page in plan["pages"])


def test_a_plan_can_have_a_page_too_few(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "chat", "few_pages")

    assert len(json.loads(content(ask(call)))["pages"]) == 7


def test_a_plan_can_have_another_shape(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "chat", "wrong_shape")

    assert not set(json.loads(content(ask(call)))) & set(SCHEMA["properties"])


def test_a_plan_can_come_as_prose_or_be_cut(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "chat", "prose")
    let(sandbox, "chat", "length")
    prose, cut = ask(call), ask(call)

    assert content(prose).count("\n\n") == 8
    assert cut.json()["choices"][0]["finish_reason"] == "length"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(content(cut))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"required": ["title"]}, "invalid_json_schema"),
        ({"additionalProperties": True}, "invalid_json_schema"),
        ({"properties": [1], "required": 5}, "invalid_json_schema"),
        ({"properties": {"pages": PAGE}, "required": ["pages"]}, "invalid_value"),
        (
            {
                "properties": {
                    **SCHEMA["properties"],
                    "pages": {"type": "array", "items": {**PAGE, "required": []}},
                }
            },
            "invalid_json_schema",
        ),
    ],
)
def test_a_schema_that_openai_would_refuse_is_refused(call: Call, changes: dict[str, Any], code: str) -> None:
    response = ask(call, schema=SCHEMA | changes)

    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
