"""Long stories in rounds: whatever length its parts have, the whole comes out as it was wished for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from writer.outline import Outline, Scene
from writer.rounds import (
    ROUND_WORDS,
    Draft,
    Part,
    as_json,
    count_words,
    fitted,
    from_json,
    grown,
    is_complete,
    next_round,
    tail,
    to_last_sentence,
    without_end_mark,
)


def outline(scenes: int) -> Outline:
    return Outline(scenes=[Scene(title=f"Scene {number}") for number in range(1, scenes + 1)])


def prose(words: int) -> str:
    """Paragraphs of twenty words."""
    lines = [" ".join(["word"] * 19 + ["end."]) for _ in range(words // 20)]
    rest = words % 20
    return "\n\n".join([*lines, " ".join(["word"] * rest)] if rest else lines)


def written(words: int, scenes: int, lengths: list[float]) -> tuple[Draft, int]:
    """A story whose parts are so many times as long as they were asked for; and the rounds it took."""
    draft, plan = Draft(), outline(scenes)
    for number in range(60):
        if is_complete(draft, plan, words):
            return draft, number
        told = next_round(draft, plan, words)
        length = round(told.words * lengths[number % len(lengths)])
        draft = grown(draft, told, Part(text=prose(length), summary="s", scenes_told=told.last))
    raise AssertionError("the story came to no end")


@pytest.mark.parametrize("words", [1000, 5000, 10_000])
@given(lengths=st.lists(st.floats(0.88, 1.12), min_size=1, max_size=12))
def test_a_story_has_the_length_that_was_asked_for(words: int, lengths: list[float]) -> None:
    draft, _ = written(words, 8, lengths)
    assert abs(draft.words / words - 1) <= 0.15


@given(
    words=st.integers(300, 20_000),
    scenes=st.integers(1, 40),
    lengths=st.lists(st.floats(0.5, 1.4), min_size=1, max_size=12),
)
def test_every_story_comes_to_an_end_with_all_scenes_told(
    words: int, scenes: int, lengths: list[float]
) -> None:
    draft, _ = written(words, scenes, lengths)
    assert draft.scenes_told == scenes
    assert draft.has_ending


@given(words=st.integers(700, 20_000), scenes=st.integers(1, 40))
def test_the_scenes_are_told_in_their_order_and_the_last_one_comes_last(words: int, scenes: int) -> None:
    draft, plan = Draft(), outline(scenes)
    before = 1
    while not is_complete(draft, plan, words):
        told = next_round(draft, plan, words)
        assert before <= told.first <= told.last <= scenes
        assert told.is_last == (told.whole == scenes)
        draft = grown(draft, told, Part(text=prose(told.words), scenes_told=told.last))
        before = told.first


def test_a_story_is_not_over_because_its_rounds_are() -> None:
    plan = outline(5)
    told_too_little = Draft(text=prose(400), scenes_told=5, rounds=9, has_ending=True)
    assert not is_complete(told_too_little, plan, 1000)
    assert not is_complete(replace(told_too_little, text=prose(1000), scenes_told=4), plan, 1000)
    assert not is_complete(replace(told_too_little, text=prose(1000), has_ending=False), plan, 1000)
    assert is_complete(replace(told_too_little, text=prose(1000)), plan, 1000)


def test_a_first_part_is_never_the_whole_of_a_short_story() -> None:
    told = next_round(Draft(), outline(5), 1000)
    assert not told.is_last
    assert told.words == 500


def test_a_part_that_was_cut_ends_with_a_sentence_and_counts_no_scene() -> None:
    plan = outline(5)
    told = next_round(Draft(), plan, 5000)
    draft = grown(Draft(summary="before"), told, Part(text="It rained. He ran. And th", is_cut=True))
    assert draft.text == "It rained. He ran."
    assert draft.scenes_told == 0
    assert draft.summary == "before"
    assert not draft.has_ending


def test_a_last_part_that_was_cut_is_no_ending() -> None:
    plan = outline(2)
    before = Draft(text=prose(900), scenes_told=1, rounds=2)
    told = next_round(before, plan, 1000)
    assert told.is_last
    after = grown(before, told, Part(text=prose(100), is_cut=True))
    assert not is_complete(after, plan, 1000)
    assert next_round(after, plan, 1000).is_last


def test_a_model_that_says_it_has_told_more_than_it_was_asked_for_is_not_believed() -> None:
    told = next_round(Draft(), outline(8), 5000)
    assert grown(Draft(), told, Part(text=prose(800), scenes_told=8)).scenes_told == told.whole
    assert grown(Draft(), told, Part(text=prose(800), scenes_told=-3)).scenes_told == 0


def test_a_part_that_leaves_no_room_for_the_ending_is_cut_and_its_scenes_are_told_on() -> None:
    plan = outline(5)
    told = next_round(Draft(), plan, 1000)
    draft = grown(Draft(summary="before"), told, Part(text=prose(2000), summary="all", scenes_told=told.last))
    assert draft.words == 500
    assert (draft.summary, draft.scenes_told) == ("before", 0)


def test_a_part_that_is_too_long_stays_whole_where_there_is_room_for_it() -> None:
    told = next_round(Draft(), outline(8), 5000)
    assert grown(Draft(), told, Part(text=prose(1600), scenes_told=1)).words == 1600


def test_the_first_paragraphs_of_a_part_have_about_the_words_that_were_asked_for() -> None:
    assert count_words(fitted(prose(2000), 510)) == 520


def test_a_model_that_writes_little_is_asked_for_more() -> None:
    plan, draft = outline(8), Draft()
    first = next_round(draft, plan, 5000)
    draft = grown(draft, first, Part(text=prose(round(first.words * 0.7)), scenes_told=1))
    assert next_round(draft, plan, 5000).words > 1.3 * first.words


def test_scenes_that_were_added_to_a_story_of_full_length_get_room_of_their_own() -> None:
    told_all = Draft(text=prose(1000), scenes_told=5, rounds=2, has_ending=True)
    assert next_round(told_all, outline(8), 1000).words >= 3 * 80


def test_an_ending_that_was_told_is_not_told_again_because_it_was_short() -> None:
    assert is_complete(Draft(text=prose(760), scenes_told=5, has_ending=True), outline(5), 1000)


def test_long_runs_of_empty_lines_take_no_time() -> None:
    assert without_end_mark("a" + "\n" * 50_000 + "b").endswith("b")
    assert without_end_mark("a." + "\n" * 50_000 + "b.\nTHE END").endswith("b.")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("He slept.\n\nTHE END", "He slept."),
        ("He slept. THE END.", "He slept."),
        ("He slept. [END]", "He slept."),
        ("He slept. [The End]", "He slept."),
        ("He slept.\n\n**The End**", "He slept."),
        ("Er schlief.\n\n— Ende —", "Er schlief."),
        ("Он уснул.\n\nКонец.", "Он уснул."),
        ("He slept.\n***\nFin.", "He slept."),
        ("He slept.\n\nThe End\n\nTHE END", "He slept."),
        ("That was the end", "That was the end"),
        ("It was fine", "It was fine"),
        ("He had come to\nthe bend", "He had come to\nthe bend"),
    ],
)
def test_a_mark_of_the_end_does_not_reach_the_reader(text: str, bare: str) -> None:
    assert without_end_mark(text) == bare


@given(st.text(max_size=300))
def test_taking_off_the_mark_only_ever_shortens_the_end(text: str) -> None:
    assert text.startswith(without_end_mark(text))


def test_a_text_without_a_sentence_is_kept_as_it_is() -> None:
    assert to_last_sentence("no sentence here") == "no sentence here"
    assert to_last_sentence("One. “Two?” and thr") == "One. “Two?”"


@given(st.text(alphabet="ab \n", max_size=600), st.integers(1, 50))
def test_the_tail_is_the_end_of_the_text_and_no_longer_than_asked_for(text: str, words: int) -> None:
    last = tail(text, words)
    assert text.rstrip().endswith(last)
    assert count_words(last) <= words


def test_a_draft_comes_back_from_json_as_it_was() -> None:
    draft = Draft(text="a b", summary="s", scenes_told=2, rounds=3, has_ending=True)
    assert from_json(as_json(draft)) == draft


def test_a_finished_story_is_made_longer_in_parts_that_a_model_can_write() -> None:
    done, _ = written(1000, 8, [1.0])

    longer = next_round(done, outline(8), 10_000)
    assert longer.words <= 1.2 * ROUND_WORDS
    assert not longer.is_last

    draft = done
    while not is_complete(draft, outline(8), 10_000):
        told = next_round(draft, outline(8), 10_000)
        draft = grown(draft, told, Part(text=prose(told.words), summary="s"))
    assert abs(draft.words / 10_000 - 1) <= 0.15
