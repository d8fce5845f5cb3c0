"""Captures: what is heard in the channel becomes pictures of open commands, once, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from database import Database
from errors import OutOfSpace, ProviderError
from jobs.notifier import Notifier
from ledger import Ledger
from midjourney import captures as module
from midjourney import commands
from midjourney.captures import Captures, topic
from midjourney.channel import HINT, Mark
from midjourney.commands import CommandRecord, CommandState
from midjourney.messages import Attachment, Author, ChannelMessage, Embed, parse
from tests.support import start_job

CHANNEL = 2
JOB = "0d4c7f86-2f5c-4e6e-9e0a-5b7a7d1c2e3f"
GRID_BUTTON = f"MJ::JOB::upsample::1::{JOB}"
SECONDS = 20.0


class FakeChannel:
    def __init__(self) -> None:
        self.marks: list[tuple[int, int, Mark]] = []
        self.replies: list[tuple[int, int, str]] = []

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None:
        self.marks.append((channel_id, message_id, mark))

    def reply(self, channel_id: int, message_id: int, text: str) -> None:
        self.replies.append((channel_id, message_id, text))


class Impatient(threading.Event):
    """An event on which nobody waits for long: pauses between attempts take no time."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Room:
    """Captures at work, with a fake channel and a list of what is to be collected."""

    def __init__(self, database: Database, *, late_seconds: float = 3600.0) -> None:
        self.database = database
        self.notifier = Notifier()
        self.collected: list[str] = []
        self.channel = FakeChannel()
        self.ledger = Ledger(database)
        self.captures = Captures(
            database, self.ledger, self.notifier, self.collected.append, late_seconds=late_seconds
        )
        self.ledger.idle = self.captures.sweep
        self.captures.channel = self.channel

    def command(self, id: str, seed: int, prompt: str = "", **more: Any) -> CommandRecord:
        """An open command, recorded and made known, for which somebody waits in this process."""
        record = self.recorded(id, seed, prompt, **more)
        self.captures.open(record)
        return record

    def recorded(self, id: str, seed: int, prompt: str = "", **more: Any) -> CommandRecord:
        """An open command that another process has recorded."""
        prompt = prompt or f"a dog named {id} --seed {seed}"
        values = {
            "state": CommandState.POSTING,
            "line": f"/imagine prompt: {prompt}",
            "created_at": time.time(),
        }
        with self.database.write() as tx:
            job_id = start_job(tx).id
            record = CommandRecord(
                **{"id": id, "job_id": job_id, "seed": seed, "prompt": prompt, **values, **more}
            )
            commands.insert(tx, record)
        return record

    def hear(self, *messages: ChannelMessage, in_order: bool = True) -> None:
        """Say all this, and wait until it has been taken in."""
        for message in messages:
            self.captures.hear(message, in_order=in_order)
        self.settle()

    def settle(self) -> None:
        self.captures.caught_up.clear()
        self.captures.say_caught_up()
        assert self.captures.caught_up.wait(SECONDS), "It was not taken in."

    def collected_by_and_by(self) -> list[str]:
        """What was to be collected. Where another process may be about to do that, two looks tell."""
        if self.database.is_shared:
            for _ in range(2):
                self.captures.sweep()
        return self.collected

    def preview(self, id: str, *, owner: str = "local") -> str | None:
        """Where the newest preview lies of the command's picture, which is not finished."""
        with self.database.read() as tx:
            return commands.preview_of_job(tx, self.record(id).job_id, owner)

    def record(self, id: str) -> CommandRecord:
        with self.database.read() as tx:
            record = commands.load(tx, id)
        assert record is not None
        return record

    def bookmark(self) -> int | None:
        with self.database.read() as tx:
            return commands.bookmark(tx, CHANNEL)


@pytest.fixture
def enter(database: Database) -> Iterator[Callable[..., Room]]:
    """`enter()`: a room whose captures are at work on the database; entering again is a restart."""
    rooms: list[Room] = []

    def make(**settings: Any) -> Room:
        for room in rooms:
            room.ledger.stop()
        rooms.append(Room(database, **settings))
        rooms[-1].ledger.start()
        rooms[-1].captures.start_hearing()
        return rooms[-1]

    yield make
    for room in rooms:
        room.ledger.stop()


@pytest.fixture
def room(enter: Callable[..., Room]) -> Room:
    return enter()


def say(
    content: str = "", *, id: int = 900, author: Author = Author.MIDJOURNEY, **more: Any
) -> ChannelMessage:
    values = {"id": id, "channel_id": CHANNEL, "author": author, "content": content, "sent_at": time.time()}
    return ChannelMessage(**{**values, **more})


def attachment(filename: str) -> Attachment:
    return Attachment(id=55, filename=filename, url=f"https://cdn/{filename}?ex=1", size=9)


def final(prompt: str, *, id: int = 900, job: str = "", **more: Any) -> ChannelMessage:
    """The finished grid for `prompt`."""
    files = (attachment(f"mark_a_dog_{job}.png"),)
    buttons = ("MJ::JOB::upsample::1::x",)
    return say(f"**{prompt}** - <@1> (fast)", id=id, attachments=files, buttons=buttons, **more)


def preview(prompt: str, percent: int, *, id: int = 800, job: str = JOB) -> ChannelMessage:
    files = (attachment(f"{job}_grid_0.webp"),)
    return say(f"**{prompt}** - <@1> ({percent}%) (fast)", id=id, attachments=files)


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("storyfarm_captures_total", {"outcome": outcome}) or 0.0


@contextmanager
def full_disk(database: Database, monkeypatch: pytest.MonkeyPatch, *, times: int) -> Iterator[list[int]]:
    """The next writes fail as they end, so that all that was written in them is rolled back."""
    write, left = database.write, [times]

    @contextmanager
    def failing() -> Iterator[Connection]:
        with write() as tx:
            yield tx
            if left[0] > 0:
                left[0] -= 1
                raise OutOfSpace("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", failing)
        yield left


def test_a_picture_takes_its_way_from_the_command_to_the_capture(room: Room) -> None:
    room.command("a", 7)
    room.hear(say("```\n/imagine prompt: a dog named a --seed 7\n```", id=700, author=Author.WEBHOOK))
    waiting = room.record("a")
    assert (waiting.state, waiting.channel_id, waiting.command_id) == (CommandState.WAITING, CHANNEL, 700)

    room.hear(say("**a dog named a --seed 7** - <@1> (Waiting to start)", id=800))
    assert room.record("a").progress_id is None, "the seed says as much: nothing is to be written"

    room.hear(preview("a dog named a --seed 7", 31))
    assert room.record("a").painting_id is None, "nor is this"
    assert room.collected == []

    room.hear(final("a dog named a --seed 7 --v 7", job=JOB))
    captured = room.record("a")
    assert (captured.state, captured.final_id, captured.attachment_id) == (CommandState.CAPTURED, 900, 55)
    assert (captured.is_grid, captured.source_url) == (1, f"https://cdn/mark_a_dog_{JOB}.png?ex=1")
    assert room.collected == ["a"]
    assert room.captures.open_count() == 0


def test_how_far_a_picture_is_stands_in_its_row_until_it_is_there(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PROGRESS_SECONDS", 0.0)
    room.command("a", 7)
    room.hear(say("**a dog named a --seed 7** - <@1> (Waiting to start)", id=800))
    started = room.record("a")
    assert (started.state, started.percent, started.preview_url) == (CommandState.PAINTING, None, None)

    with room.notifier.listen(topic("a")) as waiter:
        room.hear(preview("a dog named a --seed 7", 31))
        assert waiter.wait(time.monotonic() + SECONDS)
    assert room.record("a").percent == 31
    assert room.preview("a") == f"https://cdn/{JOB}_grid_0.webp?ex=1"
    assert room.preview("a", owner="key:somebody") is None

    room.hear(preview("a dog named a --seed 7", 62))
    assert room.record("a").percent == 62

    room.hear(final("a dog named a --seed 7"))
    assert room.preview("a") is None


def test_progress_is_written_and_told_once_a_second_only(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    room.notifier.on("command", told.append)
    room.command("a", 7)
    room.hear(preview("a dog named a --seed 7", 31))
    assert (room.record("a").percent, told) == (None, []), "it was opened in this very second"

    monkeypatch.setattr(module, "_PROGRESS_SECONDS", 0.0)
    room.hear(preview("a dog named a --seed 7", 40))
    monkeypatch.setattr(module, "_PROGRESS_SECONDS", 3600.0)
    for percent in (50, 60, 70):
        room.hear(preview("a dog named a --seed 7", percent))
    assert (room.record("a").percent, told) == (40, [topic("a")])


def test_a_single_picture_is_no_grid(room: Room) -> None:
    room.command("a", 7)
    room.hear(say("**a dog --seed 7** - Image #2 <@1>", attachments=(attachment("dog.png"),)))

    assert room.record("a").is_grid == 0


def test_duplicates_are_captured_once(room: Room) -> None:
    room.command("a", 7)
    room.hear(*[final("a dog named a --seed 7", job=JOB)] * 3)
    room.hear(final("a dog named a --seed 7", id=901, job=JOB.replace("0", "1")))

    assert room.collected == ["a"]
    assert room.record("a").final_id == 900


def test_progress_that_comes_late_changes_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROGRESS_SECONDS", 0.0)
    room.command("a", 7)
    room.hear(final("a dog named a --seed 7"))
    captured = room.record("a")
    room.hear(preview("a dog named a --seed 7", 93))

    assert captured.state is CommandState.CAPTURED
    assert room.record("a") == captured


def test_each_of_many_pictures_goes_to_its_own_command(room: Room) -> None:
    for number in range(1, 40):
        room.command(f"c{number}", number, f"a dog --seed {number}")
    room.hear(*(final(f"a dog --v 7 --seed {number}", id=900 + number) for number in reversed(range(1, 40))))

    assert [room.record(f"c{number}").final_id for number in range(1, 40)] == [*range(901, 940)]
    assert room.collected == [f"c{number}" for number in reversed(range(1, 40))]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (say("**a dog --seed 7** - <@1> (Stopped)"), "stopped"),
        (say(embeds=(Embed(title="Banned prompt", footer="/imagine a dog --seed 7"),)), "Banned prompt"),
        (say("failed: no credits", author=Author.PERSON, reply_to=700), "no credits"),
    ],
)
def test_a_failure_ends_the_command_and_tells_those_who_wait(
    room: Room, message: ChannelMessage, reason: str
) -> None:
    record = room.command("a", 7)
    room.captures.posted(record, CHANNEL, 700)
    with room.notifier.listen(topic("a")) as waiter:
        room.hear(message)

        assert waiter.wait(time.monotonic() + SECONDS)
    failed = room.record("a")
    assert failed.state is CommandState.FAILED
    assert failed.error is not None
    assert reason in failed.error["detail"]
    assert failed.error["code"] == "image_failed"
    assert room.channel.marks == [(CHANNEL, 700, Mark.WAITING), (CHANNEL, 700, Mark.FAILED)]
    assert room.captures.open_count() == 0


def test_a_picture_after_a_failure_is_not_taken(room: Room) -> None:
    room.command("a", 7)
    room.hear(say("**a dog --seed 7** - <@1> (Stopped)"), final("a dog --seed 7"))

    assert room.record("a").state is CommandState.FAILED
    assert room.collected == []


def test_an_operators_picture_answers_the_command_that_it_replies_to(room: Room) -> None:
    room.captures.posted(room.command("a", 7), CHANNEL, 700)
    room.captures.posted(room.command("b", 8), CHANNEL, 701)
    picture = (attachment("dog.jpg"),)
    room.hear(say("here", author=Author.PERSON, reply_to=701, attachments=picture))

    assert room.collected == ["b"]
    assert room.record("b").is_grid == 0


def test_an_ambiguous_picture_is_counted_and_goes_to_nobody(room: Room) -> None:
    room.command("a", 7, "a dog --seed 7")
    room.command("b", 8, "a dog --seed 8")
    before = counted("ambiguous")
    room.hear(final("a dog"))

    assert counted("ambiguous") == before + 1
    assert room.collected == []
    assert {room.record(id).state for id in "ab"} == {CommandState.POSTING}


def test_pictures_are_counted_by_what_became_of_them(room: Room) -> None:
    room.command("a", 7)
    room.command("b", 8)
    names = ("by_seed", "by_text", "closed", "foreign")
    before = {name: counted(name) for name in names}
    room.hear(
        final("a dog --seed 7"),
        final("a dog named b", id=901),
        final("x --seed 7", id=902),
        final("cat", id=903),
    )

    assert {name: counted(name) - before[name] for name in names} == dict.fromkeys(names, 1)


RESTARTED: dict[str, Callable[[], ChannelMessage]] = {
    "seed": lambda: final("something else --seed 7"),
    "text": lambda: final("a dog named a"),
    "progress message": lambda: final("something else", id=800),
    "painting": lambda: final("something else", job=JOB),
    "reply": lambda: say("", author=Author.PERSON, reply_to=700, attachments=(attachment("dog.png"),)),
}


@pytest.mark.parametrize("send", RESTARTED.values(), ids=RESTARTED.keys())
def test_after_a_restart_a_picture_still_finds_its_command(
    enter: Callable[..., Room], send: Callable[[], ChannelMessage]
) -> None:
    before = enter()
    before.captures.posted(before.command("a", 7), CHANNEL, 700)
    before.command("b", 8)
    before.hear(preview("a dog named a", 31))
    after = enter()
    after.hear(send())

    assert after.collected_by_and_by() == ["a"]
    assert after.record("b").state is CommandState.POSTING
    assert after.captures.open_count() == 1


def test_after_a_restart_a_second_picture_is_still_known_as_one(enter: Callable[..., Room]) -> None:
    before = enter()
    before.command("a", 7, "a dog --seed 7")
    before.hear(final("a dog --seed 7", job=JOB))
    before.command("b", 8, "a dog --seed 8")
    with before.database.write() as tx:
        commands.move(tx, "a", CommandState.DONE)
    after = enter()
    after.hear(final("a dog", id=901), final("a dog", id=902, job=JOB), final("a dog --seed 7", id=903))

    assert after.collected_by_and_by() == []
    assert after.record("b").state is CommandState.POSTING


def test_a_restart_collects_what_was_captured_but_not_kept(enter: Callable[..., Room]) -> None:
    before = enter()
    before.command("a", 7)
    before.hear(final("a dog --seed 7"))

    assert set(enter().collected_by_and_by()) == {"a"}


def test_a_full_disk_loses_no_message(
    room: Room, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.ledger, "_stopping", Impatient())
    for number in range(1, 6):
        room.command(f"c{number}", number)
    with full_disk(database, monkeypatch, times=3) as left:
        room.hear(*(final(f"a dog --seed {number}", id=900 + number) for number in range(1, 6)))

    assert left == [0]
    assert {room.record(f"c{number}").state for number in range(1, 6)} == {CommandState.CAPTURED}
    assert set(room.collected) == {f"c{number}" for number in range(1, 6)}


def test_an_error_of_the_parser_stops_nobody(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.command("a", 7)

    def broken(message: ChannelMessage) -> Any:
        if message.id == 666:
            raise KeyError("a bug")
        return parse(message)

    monkeypatch.setattr(module, "parse", broken)
    room.hear(say("boom", id=666), final("a dog --seed 7"))

    assert room.collected == ["a"]


def test_the_bookmark_moves_with_messages_in_order_only(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BOOKMARK_SECONDS", 0.0)
    room.hear(say("hello", id=10), say("again", id=11))
    assert room.bookmark() == 11

    room.hear(say("live, while history is read", id=50), in_order=False)
    assert room.bookmark() == 11

    room.hear(say("history", id=12))
    assert room.bookmark() == 12
    assert room.captures.resume_after(CHANNEL) == 12


def test_the_bookmark_is_not_written_with_every_message(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BOOKMARK_SECONDS", 3600.0)
    room.hear(say("hello", id=10))
    room.hear(say("again", id=11))

    assert room.bookmark() in (None, 10)


def test_the_bookmark_stays_behind_messages_that_could_not_be_written(
    room: Room, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BOOKMARK_SECONDS", 0.0)
    monkeypatch.setattr(room.ledger, "_stopping", Impatient())
    room.hear(say("hello", id=10))
    with full_disk(database, monkeypatch, times=1):
        room.hear(say("again", id=11))

    assert room.bookmark() == 11


def test_without_a_bookmark_reading_goes_on_at_the_oldest_open_command(room: Room) -> None:
    room.command("a", 7, created_at=5000.0)
    room.command("b", 8, created_at=6000.0)

    assert room.captures.resume_after(CHANNEL) == 4995.0


def test_without_commands_reading_goes_on_now(room: Room) -> None:
    before = time.time()

    assert before - 6 < room.captures.resume_after(CHANNEL) <= time.time()


def test_a_hint_is_given_once_and_only_to_what_is_new(room: Room) -> None:
    plain = say("/imagine a dog", id=10, author=Author.PERSON)
    old = say("/imagine a cat", id=11, author=Author.PERSON, sent_at=time.time() - 400)
    room.hear(plain, plain, old)
    room.hear(plain)

    assert room.channel.replies == [(CHANNEL, 10, HINT)]


def test_what_is_too_old_expires_and_those_who_wait_are_told(
    enter: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger._IDLE_SECONDS", 0.01)
    room = enter(late_seconds=100.0)
    with room.notifier.listen(topic("old")) as waiter:
        room.command("young", 8)
        room.command("old", 7, created_at=time.time() - 101.0)

        assert waiter.wait(time.monotonic() + SECONDS)
    assert room.record("old").state is CommandState.EXPIRED
    room.hear(final("a dog --seed 7"), final("a dog --seed 8", id=901))
    assert "old" not in room.collected
    assert "young" in room.collected


def test_what_could_not_be_kept_is_collected_again_by_and_by(
    enter: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger._IDLE_SECONDS", 0.01)
    room = enter()
    room.command("a", 7)
    room.hear(final("a dog --seed 7"))
    again = threading.Event()

    def collect(command_id: str) -> None:
        room.collected.append(command_id)
        if len(room.collected) >= 3:
            again.set()

    monkeypatch.setattr(room.captures, "_collect", collect)
    assert again.wait(SECONDS)
    assert set(room.collected) == {"a"}


def test_what_does_not_fit_into_the_ledger_is_left_for_the_next_start(
    enter: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BOOKMARK_SECONDS", 0.0)
    room = enter()
    room.hear(say("hello", id=10))
    with monkeypatch.context() as full:
        full.setattr(room.ledger, "put", lambda _entry: False)
        room.captures.hear(say("there is no room for this", id=11))
    room.hear(say("behind the gap", id=12))
    assert room.bookmark() == 10

    again = enter()
    again.hear(say("there is room now", id=11), say("behind the gap", id=12))
    assert again.bookmark() == 12


def test_failing_a_command_closes_it_and_tells_those_who_wait(room: Room) -> None:
    room.command("a", 7)
    with room.notifier.listen(topic("a")) as waiter:
        room.captures.fail("a", ProviderError("The webhook is gone.", code="webhook_gone", permanent=True))

        assert waiter.wait(time.monotonic() + SECONDS)
    failed = room.record("a")
    assert failed.state is CommandState.FAILED
    assert failed.error is not None
    assert failed.error["code"] == "webhook_gone"
    room.hear(final("a dog --seed 7"))
    assert room.collected == []


def test_a_picture_that_is_quicker_than_the_answer_of_the_webhook_is_kept(room: Room) -> None:
    record = room.command("a", 7)
    room.hear(final("a dog --seed 7"))
    room.captures.posted(record, CHANNEL, 700)
    room.settle()

    now = room.record("a")
    assert (now.state, now.command_id) == (CommandState.CAPTURED, 700)


def test_an_interruption_is_over_when_everything_missed_was_heard(room: Room) -> None:
    room.settle()
    room.captures.say_interrupted()
    assert not room.captures.caught_up.is_set()

    room.captures.say_caught_up()
    assert room.captures.caught_up.wait(SECONDS)


# Several processes: one hears, and any may wait


@pytest.fixture
def shared(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A room with other processes around it, whatever the database."""
    monkeypatch.setattr(room.database, "is_shared", True, raising=False)
    return room


@pytest.mark.parametrize(
    ("prompt", "echo"), [("a dog --seed 7", "something else --seed 7"), ("a dog --seed 7", "a dog")]
)
def test_a_picture_finds_the_command_of_another_process(shared: Room, prompt: str, echo: str) -> None:
    shared.hear(say("hello", id=10))
    shared.recorded("a", 7, prompt)
    with shared.notifier.listen(topic("a")) as waiter:
        shared.hear(final(echo))

        assert waiter.wait(time.monotonic() + SECONDS), "whoever waits elsewhere is told in the same way"
    assert shared.record("a").state is CommandState.CAPTURED


def test_a_text_is_ambiguous_if_another_process_has_the_same(shared: Room) -> None:
    shared.command("a", 7, "a dog --seed 7")
    shared.hear(say("hello", id=10))
    shared.recorded("b", 8, "a dog --seed 8")
    before = counted("ambiguous")
    shared.hear(final("a dog"))

    assert counted("ambiguous") == before + 1
    assert {shared.record(id).state for id in "ab"} == {CommandState.POSTING}


def test_what_another_process_may_be_fetching_is_left_to_it_for_a_while(shared: Room) -> None:
    shared.recorded("a", 7)
    shared.hear(final("a dog --seed 7"))
    assert shared.collected == []
    shared.captures.sweep()
    assert shared.collected == [], "it may just be about to be fetched"

    shared.captures.sweep()
    assert shared.collected == ["a"]


def test_whoever_waits_in_the_process_that_hears_gets_the_picture_from_it(room: Room) -> None:
    room.command("a", 7)
    with room.notifier.listen(topic("a")) as waiter:
        room.hear(final("a dog --seed 7"))
        assert waiter.wait(time.monotonic() + SECONDS)
        found = room.captures.take_captured("a")

    assert found is not None
    assert found["source_url"] == room.record("a").source_url
    assert room.captures.leave("a") is None, "it is given once"
    assert room.collected == []


def test_whoever_leaves_gets_the_picture_that_came_in_that_moment(room: Room) -> None:
    room.command("a", 7)
    with room.notifier.listen(topic("a")):
        room.hear(final("a dog --seed 7"))
    left = room.captures.leave("a")

    assert left is not None
    assert left["final_id"] == 900


def test_a_picture_that_comes_when_everybody_has_left_is_collected(room: Room) -> None:
    room.command("a", 7)
    assert room.captures.leave("a") is None
    room.hear(final("a dog --seed 7"))

    assert room.collected_by_and_by() == ["a"]


def test_who_does_not_hear_matches_nothing_and_takes_up_all_when_it_begins(room: Room) -> None:
    room.settle()
    room.captures.stop_hearing()
    assert not room.captures.caught_up.is_set()
    room.command("a", 7)
    room.recorded("b", 8)
    assert room.captures.open_count() == 0
    room.captures.sweep()
    assert room.collected == []

    room.captures.start_hearing()
    assert room.captures.open_count() == 2
    room.hear(final("a dog --seed 7"), final("a dog --seed 8", id=901))
    assert {room.record(id).state for id in "ab"} == {CommandState.CAPTURED}


def test_a_picture_that_comes_while_the_database_is_away_is_taken_later(
    shared: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.hear(say("hello", id=10))
    shared.recorded("a", 7, "a dog --seed 7")

    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr(shared.captures, "_read_commands", away)
        shared.captures._bookmarked_at = 0.0
        shared.hear(final("a dog --seed 7", id=77))
    with shared.database.read() as tx:
        assert commands.bookmark(tx, CHANNEL) != 77, "it must be read again after a restart"
    assert shared.record("a").state is CommandState.POSTING

    shared.captures.sweep()
    shared.settle()
    assert shared.record("a").state is CommandState.CAPTURED
