"""Which command a picture belongs to: one, or none, or ambiguous, and never a wrong one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midjourney.command import build_command
from midjourney.correlation import (
    Ambiguous,
    Closed,
    Match,
    OpenCommand,
    OpenCommands,
    correlate,
    strip_parameters,
    text_key,
)
from midjourney.messages import Attachment, Event, Kind, seed_of

JOB = "0d4c7f86-2f5c-4e6e-9e0a-5b7a7d1c2e3f"
PICTURE = Attachment(id=5, filename=f"dog_{JOB}.png", url="https://cdn/dog.png", size=9)


def command(id: str, seed: int, prompt: str = "", *, created_at: float = 1000.0) -> OpenCommand:
    prompt = prompt or f"a dog named {id} --seed {seed}"
    return OpenCommand(id=id, seed=seed, text_key=text_key(prompt), created_at=created_at)


def open_commands(*commands: OpenCommand) -> OpenCommands:
    index = OpenCommands()
    for each in commands:
        index.add(each)
    return index


def finished(prompt: str = "", **more: Any) -> Event:
    values = {
        "kind": Kind.FINISHED,
        "message_id": 900,
        "channel_id": 2,
        "sent_at": 1010.0,
        "picture": PICTURE,
    }
    return Event(**{**values, "prompt": prompt, "seed": seed_of(prompt), **more})


def matched(event: Event, index: OpenCommands) -> tuple[str, str]:
    outcome = correlate(event, index)
    assert isinstance(outcome, Match), outcome
    return outcome.command.id, outcome.by


@pytest.fixture
def index() -> OpenCommands:
    """Five open commands; four of them can be named by something else than their seed."""
    index = open_commands(*(command(id, seed) for seed, id in enumerate("abcde", 1)))
    index.name_message("a", 100)
    index.name_message("b", 200)
    index.name_painting("c", JOB)
    return index


def test_the_surest_sign_decides(index: OpenCommands) -> None:
    signs: dict[str, Any] = {"reply_to": 100, "message_id": 200, "painting_id": JOB, "seed": 4}
    prompt = "a dog named e"

    assert matched(finished(prompt, **signs), index) == ("a", "reply")
    assert matched(finished(prompt, **signs | {"reply_to": None}), index) == ("b", "message")
    assert matched(finished(prompt, **signs | {"reply_to": 7, "message_id": 8}), index) == ("c", "painting")
    assert matched(finished(prompt, seed=4), index) == ("d", "seed")
    assert matched(finished(prompt), index) == ("e", "text")


def test_an_event_without_any_sign_belongs_to_nobody(index: OpenCommands) -> None:
    assert correlate(finished("a cat"), index) is None
    assert correlate(finished(""), index) is None


LONG = "a small dog " * 24 + "on a farm, Uncle Mark's Yorkie Farm"
REWRITTEN = [
    ("a 'small' \"dog\"", "a ‘small’ “dog”"),
    ("a 'small' dog", "a `small` dog"),
    ("a small dog", "a  small \n dog"),
    ("A Small Dog", "a small dog"),
    ("a small dog --seed 7", "a small dog --v 7 --s 250 --style raw"),
    ("a dog --ar 3:2 --tile --seed 7", "a dog --tile --aspect 3:2 --v 7"),
    ("a small dog --seed 7", "a small dog --sref 42 --p abc"),
    ("https://a.org/dog.png a dog", "<https://s.mj.run/x1y2z3> a dog"),
    ("https://a.org/dog.png a dog https://b.org/c.png", "<https://s.mj.run/x> a dog <https://s.mj.run/y>"),
    ("a dog…", "a dog..."),
    ("a dog — on a farm", "a dog -- on a farm"),
    ("a dog—on a farm", "a dog--on a farm"),
    ("ﬁne café", "fine cafe\u0301"),
    (f"{LONG} --seed 7", LONG[:250]),
    (f"{LONG} --seed 7", LONG[:100] + "..."),
    (f"{LONG} --seed 7", LONG[:100] + "…"),
]


@pytest.mark.parametrize(("sent", "echo"), REWRITTEN)
def test_a_rewritten_echo_is_recognised(sent: str, echo: str) -> None:
    index = open_commands(command("mine", 7, sent), command("other", 8, "a cat --seed 8"))

    assert matched(finished(echo), index) == ("mine", "text")


@pytest.mark.parametrize(
    "echo",
    ["a small", "a small dog and more", LONG[:190], LONG[:30] + "...", "...", "a small cat", LONG + "s"],
)
def test_a_likeness_is_not_enough(echo: str) -> None:
    index = open_commands(command("mine", 7, "a small dog --seed 7"), command("long", 8, f"{LONG} --seed 8"))

    assert correlate(finished(echo), index) is None


def test_parameters_do_not_belong_to_the_text() -> None:
    assert strip_parameters("a dog --ar 3:2 --seed 7") == "a dog"
    assert strip_parameters("a dog-house - nice --v 7") == "a dog-house - nice"
    assert strip_parameters("--v 7") == ""


def test_two_equal_prompts_without_a_seed_are_ambiguous() -> None:
    index = open_commands(command("a", 1, "a dog --seed 1"), command("b", 2, "a dog --seed 2"))

    assert correlate(finished("a dog"), index) == Ambiguous(2)
    assert matched(finished("a dog --seed 2"), index) == ("b", "seed")


def test_two_prompts_with_the_same_beginning_are_ambiguous_when_the_echo_is_cut() -> None:
    index = open_commands(command("a", 1, f"{LONG} in spring"), command("b", 2, f"{LONG} in autumn"))

    assert correlate(finished(LONG[:250]), index) == Ambiguous(2)
    assert matched(finished(f"{LONG} in autumn"), index) == ("b", "text")


def test_an_echo_that_may_have_been_cut_does_not_go_to_the_shorter_of_two_prompts() -> None:
    index = open_commands(command("short", 1, LONG), command("long", 2, f"{LONG} in autumn"))

    assert correlate(finished(LONG), index) == Ambiguous(2)


def test_a_second_picture_never_goes_to_another_command_with_the_same_text() -> None:
    index = open_commands(command("done", 1, "a dog --seed 1"), command("open", 2, "a dog --seed 2"))
    index.name_painting("done", JOB)
    index.name_message("done", 100)
    index.close("done")

    assert correlate(finished("a dog --seed 1"), index) == Closed("done")
    assert correlate(finished("a dog", painting_id=JOB), index) == Closed("done")
    assert correlate(finished("a dog", reply_to=100), index) == Closed("done")
    assert correlate(finished("a dog"), index) == Ambiguous(2)
    assert matched(finished("a dog --seed 2"), index) == ("open", "seed")


def test_a_foreign_seed_never_matches_by_text() -> None:
    index = open_commands(command("mine", 7, "a dog --seed 7"))

    assert correlate(finished("a dog --seed 8"), index) is None


def test_a_picture_that_is_older_than_the_command_does_not_match_by_text() -> None:
    index = open_commands(command("mine", 7, "a dog --seed 7", created_at=5000.0))

    assert correlate(finished("a dog", sent_at=4900.0), index) is None
    assert matched(finished("a dog", sent_at=4990.0), index) == ("mine", "text")  # clocks differ a little


def test_people_are_not_matched_by_text() -> None:
    index = open_commands(command("mine", 7, "a dog --seed 7"))

    assert correlate(finished("a dog", by_person=True), index) is None


def test_a_posted_command_is_matched_by_its_seed_only() -> None:
    index = open_commands(command("mine", 7, "a dog --seed 7"))

    assert correlate(finished("a dog", kind=Kind.POSTED), index) is None
    assert matched(finished("", kind=Kind.POSTED, seed=7), index) == ("mine", "seed")


def test_a_name_that_is_taken_stays_with_its_first_command() -> None:
    index = open_commands(command("a", 1), command("b", 2))
    for id in ("a", "b"):
        index.name_message(id, 100)
        index.name_painting(id, JOB)

    assert index.by_message(100) == index.by_painting(JOB) == "a"


def test_names_of_unknown_commands_are_not_kept() -> None:
    index = OpenCommands()
    index.name_message("nobody", 100)
    index.name_painting("nobody", JOB)
    index.close("nobody")

    assert (index.by_message(100), index.by_painting(JOB), len(index)) == (None, None, 0)


def test_closing_takes_a_command_out_of_the_open_ones_and_keeps_its_seed() -> None:
    index = open_commands(command("a", 1), command("b", 2))
    index.close("a")
    index.close("a")

    assert ("a" in index, "b" in index, len(index)) == (False, True, 1)
    assert index.by_seed(1) == "a"
    assert index.knows("a")
    assert index.get("a") is None


def test_only_the_newest_closed_commands_are_remembered() -> None:
    index = OpenCommands(memory=3)
    for number in range(10):
        id = f"c{number}"
        index.add(command(id, number, f"a dog {number % 2} --seed {number}"))
        index.name_message(id, 100 + number)
        index.name_painting(id, f"{number:08}{JOB[8:]}")
        index.close(id)

    remembered = {7, 8, 9}
    assert {n for n in range(10) if index.by_seed(n) is not None} == remembered
    assert {n for n in range(10) if index.knows(f"c{n}")} == remembered
    assert {n for n in range(10) if index.by_message(100 + n)} == remembered
    assert {n for n in range(10) if index.by_painting(f"{n:08}{JOB[8:]}")} == remembered
    assert index.by_text("a dog 0") | index.by_text("a dog 1") == {"c7", "c8", "c9"}


def test_nothing_is_left_of_forgotten_commands() -> None:
    index = OpenCommands(memory=0)
    for number in range(50):
        index.add(command(str(number), number))
        index.name_message(str(number), number)
        index.name_painting(str(number), f"p{number}")
        index.close(str(number))

    assert [len(kept) for kept in vars(index).values() if hasattr(kept, "__len__")] == [0] * 7


def test_a_seed_that_was_used_again_stays_when_its_first_command_is_forgotten() -> None:
    index = OpenCommands(memory=0)
    index.add(command("old", 7))
    index.add(command("new", 7, "a cat --seed 7"))
    index.close("old")

    assert index.by_seed(7) == "new"


class Channel:
    """MidJourney and people at work on `prompts`, all open at once, told in a random order."""

    def __init__(self, prompts: list[str], chance: random.Random) -> None:
        self.chance = chance
        self.index = OpenCommands()
        self.owners: dict[int, str] = {}
        self.events: list[tuple[str, Event]] = []
        for number, prompt in enumerate(prompts):
            seed = 1_000_000_000 + number
            made = build_command(prompt, seed=seed, signature="the farm")
            self.index.add(command(f"c{number}", seed, made.prompt))
            self.events += self.life(f"c{number}", made.prompt, number)
            if chance.random() < 0.3:  # somebody runs the same command once more
                self.events += self.life(f"c{number}", made.prompt, number + 500)
            if chance.random() < 0.3:  # and somebody else the same text with a seed of their own
                self.events += self.life("nobody", f"{prompt}, the farm --seed {number}", number + 700)

    def life(self, id: str, prompt: str, number: int) -> list[tuple[str, Event]]:
        """Start, previews and picture of one run, some of them with a cut or rewritten echo."""
        job = f"{number:08x}{JOB[8:]}"
        start, final = 10_000 + number, 20_000 + number
        kinds = [(Kind.STARTED, start, None), (Kind.PROGRESS, start, job), (Kind.PROGRESS, start, job)]
        events = []
        for kind, message_id, painting in [*kinds, (Kind.FINISHED, final, job), (Kind.FINISHED, final, job)]:
            if self.chance.random() < 0.2:
                continue
            # A foreign echo without its seed could not be told from ours, by nobody.
            echo = prompt if id == "nobody" else self.echo(prompt)
            values = {"kind": kind, "message_id": message_id, "painting_id": painting}
            events.append((id, finished(echo, **values)))
        return events

    def echo(self, prompt: str) -> str:
        text = strip_parameters(prompt)
        match self.chance.randrange(5):
            case 0:
                return text
            case 1 if len(text) >= 200:
                return text[: self.chance.randint(200, len(text))]
            case 2 if len(text) >= 55:
                return text[: self.chance.randint(55, len(text))] + "..."
            case 3:
                return f"{prompt} --v 7".replace("'", "’")
        return prompt

    def play(self) -> int:
        """Tell everything in a random order, and give the number of matches; none may be wrong."""
        self.chance.shuffle(self.events)
        matches = 0
        for id, event in self.events:
            outcome = correlate(event, self.index)
            if isinstance(outcome, Closed) and event.seed is not None:
                assert outcome.id == id
            if not isinstance(outcome, Match):
                continue
            matches += 1
            assert outcome.command.id == id, (event.prompt, outcome)
            assert outcome.command.id in self.index
            if event.kind is Kind.FINISHED:
                self.index.name_message(id, event.message_id)
                self.index.close(id)
            else:
                self.index.name_message(id, event.message_id)
            if event.painting_id:
                self.index.name_painting(id, event.painting_id)
        return matches


# Long prompts too: only what is long can have been cut.
WORDS = st.lists(
    st.sampled_from(
        ["a small dog", "a cat", "on a farm", "it's", "—", "🐕", "at night", "in the tall grass " * 8]
    ),
    min_size=1,
)
SOME_PROMPTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=6, unique_by=text_key)


@settings(max_examples=150, deadline=None)
@given(prompts=SOME_PROMPTS, copies=st.integers(1, 3), seed=st.integers())
def test_no_picture_ever_goes_to_a_wrong_command(prompts: list[str], copies: int, seed: int) -> None:
    Channel(prompts * copies, random.Random(seed)).play()


def test_the_random_channel_has_matches_at_all() -> None:
    channel = Channel([f"a dog number {n}" for n in range(40)], random.Random(1))

    assert channel.play() > 60
