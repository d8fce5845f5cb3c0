"""What the storybook's calls take, and how they name what they do not take."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from storybook.bodies import MAX_PROMPT, BookPath, DrawAgain, GenerateBook, IllustrationPath, PagePath
from storybook.planning import MOST_PAGES

SURROGATE = "\ud83d"


def body(**changes: Any) -> dict[str, Any]:
    """A body; `character_...` changes its character."""
    hero = {name.removeprefix("character_"): changes.pop(name) for name in list(changes) if "_" in name}
    return {"character": {"name": "Mia", **hero}, "prompt": "A lost dog", **changes}


def read(**changes: Any) -> GenerateBook:
    return GenerateBook.model_validate(body(**changes))


def faults(model: type[BaseModel], given: dict[str, Any]) -> dict[str, str]:
    """What is wrong with each field."""
    with pytest.raises(ValidationError) as raised:
        model.model_validate(given)
    return {".".join(str(part) for part in error["loc"]): error["msg"] for error in raised.value.errors()}


def test_little_has_to_be_said() -> None:
    found = read()

    assert (found.character.name, found.prompt) == ("Mia", "A lost dog")
    assert (found.pages, found.generateIllustrations) == (6, True)
    assert (found.style, found.language, found.callback_url, found.character.imageUrl) == ("", "", "", "")
    assert (found.character.age, found.character.personality, found.character.interests) == (None, [], [])


def test_fields_of_older_clients_are_ignored() -> None:
    found = GenerateBook.model_validate({**body(), "userId": 7, "isPublic": True})

    assert "userId" not in found.model_dump()


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("brave, curious", ["brave", "curious"]),
        (" brave ,, ", ["brave"]),
        ("", []),
        (None, []),
        (["brave", " ", "curious\n"], ["brave", "curious"]),
    ],
)
@pytest.mark.parametrize("field", ["personality", "interests"])
def test_traits_may_be_a_list_or_a_line(field: str, given: Any, read_as: list[str]) -> None:
    assert getattr(read(**{f"character_{field}": given}).character, field) == read_as


@pytest.mark.parametrize(("given", "age"), [(6, 6), ("6", 6), ("", None), (None, None), (0, 0), (120, 120)])
def test_the_age_may_be_left_open(given: Any, age: int | None) -> None:
    assert read(character_age=given).character.age == age


@pytest.mark.parametrize("field", ["style", "language"])
def test_null_is_like_nothing(field: str) -> None:
    assert getattr(read(**{field: None}), field) == ""
    assert GenerateBook.model_validate({**body(), "callback_url": None}).callback_url == ""
    assert read(character_imageUrl=None).character.imageUrl == ""


def test_texts_are_trimmed_and_names_brought_onto_one_line() -> None:
    found = read(prompt="  A dog.\n\nAnd a cat.  ", character_name=" Mia\n\u202eLu ")

    assert found.prompt == "A dog.\n\nAnd a cat."
    assert found.character.name == "Mia Lu"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"character_name": "M" * 60}, {"character_name": "M" * 61}),
        ({"character_name": "M"}, {"character_name": ""}),
        ({"character_name": "M"}, {"character_name": " \u200b\n"}),
        ({"character_age": 120}, {"character_age": 121}),
        ({"character_age": 0}, {"character_age": -1}),
        ({"character_age": 6}, {"character_age": "six"}),
        ({"character_personality": ["x"] * 12}, {"character_personality": ["x"] * 13}),
        ({"character_interests": ["x" * 60]}, {"character_interests": ["x" * 61]}),
        ({"character_interests": ["x"]}, {"character_interests": [7]}),
        ({"prompt": "x" * MAX_PROMPT}, {"prompt": "x" * (MAX_PROMPT + 1)}),
        ({"prompt": "x"}, {"prompt": " \n\u200b "}),
        ({"prompt": "x"}, {"prompt": None}),
        ({"pages": 1}, {"pages": 0}),
        ({"pages": MOST_PAGES}, {"pages": MOST_PAGES + 1}),
        ({"pages": 3}, {"pages": "three"}),
        ({"pages": 3}, {"pages": 2.5}),
        ({"style": "x" * 200}, {"style": "x" * 201}),
        ({"language": "x" * 50}, {"language": "x" * 51}),
        ({"generateIllustrations": False}, {"generateIllustrations": "perhaps"}),
    ],
    ids=lambda changes: f"{next(iter(changes))}-{str(next(iter(changes.values())))[:9]!r}",
)
def test_each_field_has_its_limit_and_is_named(good: dict[str, Any], bad: dict[str, Any]) -> None:
    (field,) = bad
    place = field.replace("character_", "character.")

    assert read(**good)
    (named,) = {name.removesuffix(".0") for name in faults(GenerateBook, body(**bad))}
    assert named == place


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (body(prompt="x" * 2500), ["2,500", "2,000"]),
        (body(prompt=""), ["required"]),
        (body(character_name="M" * 99), ["character.name", "60"]),
        (body(character_interests=["x" * 99]), ["60"]),
        (body(character_interests=["x"] * 13), ["12"]),
        (body(pages=13), ["12"]),
        (body(style="x" * 999), ["200"]),
    ],
)
def test_the_fault_names_the_limit(given: dict[str, Any], words: list[str]) -> None:
    (said,) = faults(GenerateBook, given).values()

    assert all(word in said for word in words)


@pytest.mark.parametrize(
    "field",
    ["prompt", "style", "language", "character_name", "character_imageUrl", "character_personality"],
)
def test_halves_of_characters_are_refused(field: str) -> None:
    found = faults(GenerateBook, body(**{field: f"a{SURROGATE}"}))

    assert list(found) == [field.replace("character_", "character.")]
    assert "surrogate" in next(iter(found.values()))


def test_halves_of_characters_in_a_list_are_refused() -> None:
    assert "surrogate" in str(faults(GenerateBook, body(character_interests=["dogs", SURROGATE])))


@pytest.mark.parametrize("character", [None, "Mia", [], {}, {"name": None}, {"name": 7}])
def test_a_book_needs_a_hero_with_a_name(character: Any) -> None:
    named = faults(GenerateBook, {"prompt": "A dog", "character": character})

    assert all(name.startswith("character") for name in named)


def test_a_book_needs_a_hero_and_a_prompt() -> None:
    assert set(faults(GenerateBook, {})) == {"character", "prompt"}


def test_a_page_may_be_drawn_again_with_or_without_another_scene() -> None:
    assert DrawAgain.model_validate({}).description == ""
    assert DrawAgain.model_validate({"description": "x" * 1000, "other": 1}).description == "x" * 1000
    assert "1000" in faults(DrawAgain, {"description": "x" * 1001})["description"]
    assert "surrogate" in faults(DrawAgain, {"description": SURROGATE})["description"]


@pytest.mark.parametrize("page", [0, -1, MOST_PAGES + 1, "first", None])
def test_a_path_has_a_page_that_books_can_have(page: Any) -> None:
    assert PagePath(book_id="x", page=MOST_PAGES).page == MOST_PAGES
    assert set(faults(PagePath, {"book_id": "x", "page": page})) == {"page"}


@pytest.mark.parametrize(("path", "field"), [(BookPath, "book_id"), (IllustrationPath, "job_id")])
def test_an_id_in_a_path_has_an_end(path: type[BaseModel], field: str) -> None:
    assert path.model_validate({field: "x" * 64})
    assert set(faults(path, {field: "x" * 65})) == {field}
