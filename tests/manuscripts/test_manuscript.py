"""A story's text, dealt out over its scenes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manuscripts.blocks import Block, blocks_of, paragraphs_of
from manuscripts.languages import language_tag
from manuscripts.manuscript import Chapter, Scene, chapters_of, labels_of
from tests.manuscripts.books import book, plate

LINES = st.sampled_from(
    ["one", "two words", "  ", "", "***", "# A heading", "- - -", "Chapter 3: Rain", "#tag"]
)
STORIES = st.one_of(st.text(), st.lists(LINES).map("\n".join), st.lists(LINES).map("\r\n\r\n".join))


def scenes(number: int) -> list[Scene]:
    return [Scene(f"Scene {place}") for place in range(number)]


@settings(deadline=None)
@given(STORIES, st.integers(0, 12))
def test_every_word_is_in_one_chapter_and_in_order(story: str, number: int) -> None:
    chapters = chapters_of(story, scenes(number))

    assert " ".join(text for chapter in chapters for text in chapter.paragraphs).split() == story.split()
    assert len(chapters) == max(number, 1)


@settings(deadline=None)
@given(STORIES, st.integers(1, 12))
def test_every_scene_has_a_paragraph_where_there_are_enough(story: str, number: int) -> None:
    chapters = chapters_of(story, scenes(number))

    if len(paragraphs_of(story)) >= number:
        assert all(chapter.paragraphs for chapter in chapters)


def test_scenes_are_about_equally_long() -> None:
    story = "\n\n".join(["word " * 10] * 30 + ["word " * 100] * 3)

    lengths = [len(" ".join(chapter.paragraphs).split()) for chapter in chapters_of(story, scenes(3))]

    assert lengths == [200, 200, 200]


def test_a_chapter_ends_where_it_is_nearest_to_its_share() -> None:
    story = "\n\n".join("word " * words for words in (10, 10, 10, 60, 10))

    assert [len(chapter.paragraphs) for chapter in chapters_of(story, scenes(2))] == [3, 2]


def test_a_chapter_has_the_title_and_the_picture_of_its_scene() -> None:
    kite = plate()

    assert chapters_of("One.\n\nTwo.", [Scene("A", kite), Scene("B")]) == (
        Chapter("A", ("One.",), kite),
        Chapter("B", ("Two.",)),
    )


def test_a_story_without_scenes_is_one_chapter_without_a_title() -> None:
    assert chapters_of("One.\n\nTwo.", []) == (Chapter("", ("One.", "Two.")),)


def test_pictures_of_scenes_stay_where_the_story_is_too_short_for_them() -> None:
    kite = plate()

    chapters = chapters_of("Only this.", [Scene("A", kite), Scene("B", kite)])

    assert [chapter.plate for chapter in chapters] == [kite, kite]


def test_a_heading_goes_with_what_follows_it() -> None:
    story = "word " * 10 + "\n\n# Two\n\n" + "word " * 12

    assert [chapter.paragraphs[0] for chapter in chapters_of(story, scenes(2))][1] == "# Two"


def test_chapters_without_titles_are_listed_by_number_unless_there_is_only_one() -> None:
    assert labels_of(book(Chapter("A", ()), Chapter("", ()))) == ["A", "2"]
    assert labels_of(book(Chapter("", ()))) == ["The Lost Kite"]


@pytest.mark.parametrize(
    ("story", "paragraphs"),
    [
        ("A.\n\nB\nC.\n \n\nD.", ("A.", "B\nC.", "D.")),
        ("A.\r\n\r\nB.", ("A.", "B.")),
        ("A.\nB.\nC.", ("A.", "B.", "C.")),
        ("A.\n\nB.\n***\nC.\n# D\nE.", ("A.", "B.", "***", "C.", "# D", "E.")),
        (" \n ", ()),
    ],
)
def test_blank_lines_part_paragraphs(story: str, paragraphs: tuple[str, ...]) -> None:
    assert paragraphs_of(story) == paragraphs


@pytest.mark.parametrize("marks", ["***", "* * *", "---", "- - -", "___", "~~~", "⁂", "#", "———"])
def test_a_line_of_marks_is_a_break(marks: str) -> None:
    assert blocks_of(["A", marks, marks, "B"]) == (Block("text", "A"), Block("break", ""), Block("text", "B"))


@pytest.mark.parametrize("text", ["-", "- No.", "* a *", "--", "…", "***a", "1", "?!"])
def test_other_lines_are_text(text: str) -> None:
    assert blocks_of([text]) == (Block("text", text),)


def test_no_break_begins_or_ends_a_chapter() -> None:
    assert blocks_of(["***", "A", "---"]) == (Block("text", "A"),)


@pytest.mark.parametrize(
    ("paragraph", "block"),
    [
        ("# Chapter", Block("heading", "Chapter")),
        ("### The C# ##", Block("heading", "The C#")),
        ("# The C#", Block("heading", "The C#")),
        ("Chapter 3: Rain", Block("text", "Chapter 3: Rain")),
        ("#tag", Block("text", "#tag")),
        ("# two\nlines", Block("text", "# two\nlines")),
    ],
)
def test_a_heading_keeps_its_words(paragraph: str, block: Block) -> None:
    assert blocks_of([paragraph]) == (block,)


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("German", "de"), (" Русский ", "ru"), ("de", "de"), ("pt_BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW"),
        ("", "und"), ("Old High Elvish", "und"), ('en" onload="', "und"), ("en\n", "en"),
    ],
)  # fmt: skip
def test_a_language_becomes_a_tag(language: str, tag: str) -> None:
    assert language_tag(language) == tag
