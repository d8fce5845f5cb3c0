"""The writer's stand-in: setups, premises, outlines, and a long story in parts that reads as one."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.novel import find_ask
from sandbox.novel_message import read_ask, read_outline, span
from sandbox.novel_outline import outline_text
from sandbox.novel_tongue import KINDS, Tongue
from sandbox.novel_tongues import tongue_for
from sandbox.plans import split_sentences
from tests.sandbox.writing import STORIES, made, outlined, parts, said

LANGUAGES = list(STORIES)
FIELDS = {
    *("persona", "story_setting", "character_input", "plot_elements", "writing_style", "story_tone"),
    *("narrative_pov", "audience_age_group", "content_rating", "ending_preference", "story_length"),
}
TOPICS = {
    "English": "stolen lens",
    "German": "gestohlene Linse",
    "Spanish": "lente robada",
    "French": "lentille volée",
}
END = re.compile(r"THE END|\[END\]")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def words(text: str) -> int:
    return len(text.split())


def test_a_setup_has_all_fields_and_is_about_the_idea(language: str) -> None:
    setup = made(said("setup", language))

    assert set(setup) == FIELDS
    assert all(value.strip() for value in setup.values())
    assert TOPICS[language] in setup["plot_elements"]
    assert "Mira" in setup["character_input"]


@pytest.mark.parametrize(
    ("idea", "persona", "audience"),
    [
        ("A robot bakes bread on Mars", "Award-Winning Science Fiction Author", "All Ages"),
        ("Ein Drache lernt zaubern", "Fantasy World Builder", "All Ages"),
        ("Un detective y un robo", "Mystery Novelist", "All Ages"),
        ("Un petit chien à la ferme", "Children's Book Author", "Children (5-12)"),
        ("Silence", "Magical Realism Author", "All Ages"),
    ],
)
def test_the_values_of_a_setup_suit_the_idea(idea: str, persona: str, audience: str) -> None:
    setup = made(f"Task: setup\nIdea: {idea}")

    assert (setup["persona"], setup["audience_age_group"]) == (persona, audience)


def test_a_creature_in_the_idea_is_the_hero() -> None:
    assert "Drache" in made("Task: setup\nIdea: ein Drache lernt das Lesen\nLanguage: de")["character_input"]
    assert "the robot" in made("Task: setup\nIdea: A robot learns to bake bread")["character_input"]


def test_there_are_three_ideas_with_short_titles(language: str) -> None:
    ideas = made(said("ideas", language))["ideas"]

    assert len({idea["title"] for idea in ideas}) == len({idea["idea"] for idea in ideas}) == 3
    assert all(words(idea["title"]) < 9 and TOPICS[language] in idea["idea"] for idea in ideas)


@pytest.mark.parametrize("seed", range(6))
def test_a_premise_is_one_or_two_sentences_of_20_to_40_words(language: str, seed: int) -> None:
    premise = made(said("premise", language), seed=seed)["premise"]

    assert 20 <= words(premise) <= 40
    assert len(split_sentences(premise)) <= 2
    assert TOPICS[language] in premise


@pytest.mark.parametrize("scenes", [1, 3, 5, 8, 10, 40])
def test_an_outline_has_as_many_scenes_as_asked_for(language: str, scenes: int) -> None:
    outline = outlined(language, scenes)

    assert len(outline["scenes"]) == len({scene["title"] for scene in outline["scenes"]}) == scenes
    assert 1 <= len(outline["characters"]) <= 3
    assert outline["characters"][0]["name"].startswith("Mira")
    for scene in outline["scenes"]:
        assert set(scene) == {
            *("title", "description", "image_prompt", "audio_narration"),
            *("character_descriptions", "key_events"),
        }
        assert all(scene.values())
        assert len(split_sentences(scene["description"])) <= 2
        assert re.search(r"\b(?:the|a|an) ", scene["image_prompt"])


def test_an_outline_has_eight_scenes_if_nobody_says_how_many() -> None:
    assert len(made(said("outline"))["scenes"]) == 8


def test_an_outline_can_be_too_short() -> None:
    assert len(made(said("outline", Scenes="8"), fault="few_scenes")["scenes"]) == 3


def test_an_outline_as_a_text_can_be_read_again(language: str) -> None:
    outline, tongue = outlined(language), tongue_for(language, "")
    read = read_outline(outline_text(outline, tongue))

    assert [scene["title"] for scene in read.scenes] == [scene["title"] for scene in outline["scenes"]]
    assert [scene["description"] for scene in read.scenes] == [
        one["description"] for one in outline["scenes"]
    ]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ('[{"title": "One"}, {"title": "Two"}]', ["One", "Two"]),
        ("**Scene 1:** One - she goes\n\n## 2) Two: he comes", ["One", "Two"]),
        ("{not JSON", []),
        ("", []),
    ],
)
def test_outlines_come_in_many_forms(text: str, titles: list[str]) -> None:
    assert [scene["title"] for scene in read_outline(text).scenes] == titles


def refined(outline: Any, **lines: str) -> Any:
    return made(said("refinement", Outline=json.dumps(outline), Instruction="Add a talking crow.", **lines))


def test_a_refinement_of_one_scene_changes_that_one_only(language: str) -> None:
    before = outlined(language)
    after = refined(before, Scene="3")
    changed = [
        at for at, (a, b) in enumerate(zip(before["scenes"], after["scenes"], strict=True), 1) if a != b
    ]

    assert changed == [3]
    assert "talking crow" in after["scenes"][2]["description"]
    assert (after["title"], after["characters"]) == (before["title"], before["characters"])


def test_a_refinement_of_all_keeps_every_scene_and_shows_in_each() -> None:
    before = outlined()
    after = refined(before)

    for old, new in zip(before["scenes"], after["scenes"], strict=True):
        assert new["description"].startswith(old["description"])
        assert "talking crow" in new["description"]


def test_a_refinement_fills_what_a_scene_lacks() -> None:
    scene = refined({"title": "T", "scenes": [{"title": "Alone", "description": "She waits."}]})["scenes"][0]

    assert scene["title"] == "Alone"
    assert all(scene.values())


@pytest.mark.parametrize(("count", "size"), [(10, 1000), (11, 909)])
def test_a_long_story_reads_as_one(language: str, count: int, size: int) -> None:
    written = parts(language, count=count, words=size)
    paragraphs = [one for part in written for one in part["text"].split("\n\n")]
    sentences = Counter(one for paragraph in paragraphs for one in split_sentences(paragraph))
    sample = tongue_for(language, "").material.sample

    assert all(size * 0.95 <= words(part["text"]) <= size * 1.05 for part in written)
    assert len(set(paragraphs)) == len(paragraphs)
    assert max(sentences.values()) <= 3
    assert len(sentences) > 0.9 * sentences.total()
    assert not any(END.search(part["text"]) or sample in part["text"] for part in written[:-1])
    assert written[-1]["text"].endswith(sample)
    assert [part["scenes_told"] for part in written][-1] == 10


def test_every_scene_is_told_in_its_part_and_kept_in_the_summary(language: str) -> None:
    titles = [scene["title"] for scene in outlined(language, 10)["scenes"]]
    written = parts(language, count=5, words=600)

    for part, pair in zip(written, zip(titles[::2], titles[1::2], strict=True), strict=True):
        assert all(title in part["text"] and title in part["summary"] for title in pair)
    assert all(words(part["summary"]) <= 150 for part in written)
    assert titles[0] in written[1]["summary"]


@pytest.mark.parametrize("size", [50, 75, 120, 300, 900, 2500])
@pytest.mark.parametrize("count", [1, 3])
def test_a_part_has_about_the_wanted_words(language: str, size: int, count: int) -> None:
    for part in parts(language, count=count, words=size, scenes=5):
        assert size * 0.95 <= words(part["text"]) <= size * 1.05


def test_a_part_never_says_again_what_stands_in_the_last_words() -> None:
    lines = {"Tell_now": "scenes 1 to 2 of 8", "Words_now": "about 400 words", "The_end": "no"}
    first = made(said("part", **lines))["text"]
    second = made(said("part", **lines, Last_words=first))["text"]

    assert not {*split_sentences(first.replace("\n\n", " "))} & {
        *split_sentences(second.replace("\n\n", " "))
    }


def test_only_the_first_part_opens_the_story() -> None:
    begins = [part["text"].split(",")[0] for part in parts("English", count=6, words=400)]

    assert re.match(r"It began|Mira had not been|On the day when", begins[0])
    assert not any(re.match(r"It began|Mira had not been|On the day when", text) for text in begins[1:])


@pytest.mark.parametrize("wish", ["Tragic", "Cliffhanger", "Twist", "Happy", "Open-ended"])
def test_the_ending_is_as_wished(wish: str) -> None:
    lines = {"Tell_now": "scenes 8 to 8 of 8", "Words_now": "about 300 words", "The_end": "yes"}
    last = [made(said("part", **lines, Ending=one))["text"].split("\n\n")[-2] for one in ("", wish)]

    assert (last[0] == last[1]) == (wish == "Open-ended")


def test_an_end_marker_stands_behind_the_last_part_only() -> None:
    for language in LANGUAGES:
        written = parts(language, count=3, words=200, mark=True)

        assert not any(END.search(part["text"]) for part in written[:-1])
        assert END.fullmatch(written[-1]["text"].split("\n\n")[-1])


def test_the_end_is_marked_in_more_than_one_way() -> None:
    last = said("part", The_end="yes", Words_now="about 60 words")
    marks = {made(last, seed=seed, mark=True)["text"].split("\n\n")[-1] for seed in range(12)}

    assert marks == {"THE END", "[END]"}


def test_a_part_can_be_twice_as_long_or_end_too_early() -> None:
    message = said("part", Words_now="about 300 words", The_end="no")

    assert words(made(message, fault="long")["text"]) == pytest.approx(600, rel=0.05)
    assert END.search(made(message, fault="early_end")["text"].split("\n\n")[-1])


def test_an_old_summary_loses_its_oldest_sentences() -> None:
    old = " ".join(f"On day {day} they walked on and on until it was quite dark again." for day in range(30))
    part = made(said("part", Story_so_far=old, Outline=json.dumps(outlined()), Tell_now="scenes 2 to 2 of 8"))

    assert words(part["summary"]) <= 150
    assert "On day 29" in part["summary"]
    assert "On day 0 " not in part["summary"]


@pytest.mark.parametrize(
    ("size", "outline", "told"), [(2500, True, 4), (9000, True, 8), (10, True, 1), (2500, False, 0)]
)
def test_a_digest_sums_up_and_guesses_the_scenes(size: int, outline: bool, told: int) -> None:
    text = "Mira came home. " + "The rain fell on and on. " * (size // 6) + "Tom was gone."
    lines = {"Outline": json.dumps(outlined())} if outline else {}
    digest = made(said("digest", Length="about 5000 words", **lines, Text=text))

    assert digest["scenes_told"] == told
    assert words(digest["summary"]) <= 150
    assert all(one in digest["summary"] for one in ("Mira came home.", "Tom was gone.", "Mira, Tom."))


def test_a_digest_of_nothing_is_no_error() -> None:
    assert made("Task: digest\nText:") == {"summary": "", "scenes_told": 0}


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Give me a premise, please", "generate_premise"),
        ("Now lay out the scenes", "generate_outline"),
        ("Start writing!", "start_writing"),
        ("go on with the story", "continue_writing"),
        ("Make scene 3 funnier", "refine_outline"),
        ("Please change the outline: add a crow", "refine_outline"),
        ("Make an outline of it", "generate_outline"),
        ("Make the outline darker", "refine_outline"),
        ("Export it as EPUB", "export"),
        ("Hello there", "none"),
        ("Schreib weiter", "continue_writing"),
        ("Ändere die Szene 2 bitte", "refine_outline"),
        ("Mach mir eine Gliederung", "generate_outline"),
        ("Fang an zu schreiben", "start_writing"),
        ("Sigue con la historia", "continue_writing"),
        ("Cambia la escena 4", "refine_outline"),
        ("Empieza a escribir", "start_writing"),
        ("Continue l'histoire", "continue_writing"),
        ("Change la scène 1", "refine_outline"),
        ("Propose une prémisse", "generate_premise"),
        ("Télécharge le livre", "export"),
    ],
)
def test_the_assistant_understands_what_is_to_be_done(text: str, action: str) -> None:
    turn = made(f"Task: assistant\nLanguage: the language of the text\nText: {text}")

    assert (turn["action"], turn["instruction"]) == (action, text)
    assert len(split_sentences(turn["reply"])) == 1


def test_the_assistant_answers_in_the_language_it_is_spoken_to() -> None:
    assert made("Task: assistant\nText: Bitte schreib die Geschichte weiter")["reply"].startswith("Gern")
    assert made("Task: assistant\nText: Je veux la suite dans le livre")["reply"].startswith("Volontiers")


def test_equal_messages_give_equal_answers_and_another_seed_another_text() -> None:
    message = said("part", Words_now="about 200 words")

    assert made(message, seed=4) == made(message, seed=4)
    assert made(message, seed=4)["text"] != made(message, seed=5)["text"]


def test_the_task_line_counts_without_a_schema_and_a_prompt_of_another_kind_does_not() -> None:
    assert find_ask([said("premise")], "") is not None
    assert find_ask(["Prompt: a dog\nTask: part"], "") is None
    assert find_ask(["Prompt: a dog"], "story") is None
    assert find_ask([], "story_premise") is None


def test_a_correction_is_answered_as_the_question_before_it() -> None:
    ask = find_ask([said("premise"), "That does not fit: answer again."], "story_premise")

    assert ask is not None
    assert (ask.task, ask.line("Plot")) == ("premise", STORIES["English"]["Plot"])


def test_what_stands_in_the_text_is_no_label() -> None:
    ask = read_ask(
        "Task: digest\nLength: about 5000 words\nText: He read:\nLength: 3 words\nTask: part", "digest"
    )

    assert ask.line("Length") == "about 5000 words"
    assert ask.line("Text").endswith("Task: part")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("scenes 4 to 5 of 8", (4, 5, 8)),
        ("scene 4 of 8", (4, 4, 8)),
        ("nothing", (0, 0, 0)),
        ("scenes 1 to 3", (1, 3, 0)),
    ],
)
def test_spans_are_read(text: str, read: tuple[int, int, int]) -> None:
    assert span(text) == read


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_brace_of_the_grammar_is_known(name: str) -> None:
    tongue: Tongue = tongue_for(name, "")
    slots = {"hero", "friend", "place", "thing", "he", "him", "his", "title", "event"}
    texts = [*itertools.chain(*tongue.pools.values()), *itertools.chain(*tongue.endings.values())]
    named = {brace.lower() for text in texts for brace in re.findall(r"\{(\w+)\}", text)}

    assert named <= slots | set(tongue.pools)
    assert {*KINDS, "short", "begin", "opening", "closing"} <= set(tongue.pools)
    assert set(tongue.plans.replies) == set(tongue_for("English", "").plans.replies)


@settings(max_examples=60, deadline=None)
@given(
    task=st.sampled_from(
        ["setup", "ideas", "premise", "outline", "refinement", "part", "digest", "assistant"]
    ),
    values=st.lists(st.text(max_size=60), min_size=6, max_size=6),
)
def test_any_text_gives_an_answer(task: str, values: list[str]) -> None:
    labels = ("Idea", "Characters", "Plot", "Outline", "Last words", "Instruction")
    lines = "\n".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True))

    assert made(f"Task: {task}\n{lines}\nWords now: about 80 words\nTell now: scenes 1 to 2 of 8")
