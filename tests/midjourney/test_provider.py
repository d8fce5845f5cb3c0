"""MidJourney as a provider: a command is posted once, its picture awaited until the deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from database import Database
from errors import OutOfSpace, ProviderError, ProviderTimeout
from images import records
from images.provider import ImageRequest, Progress
from images.records import Picture
from jobs.events import cancel_topic
from jobs.notifier import Notifier, Stopping
from ledger import Ledger
from midjourney import commands
from midjourney import provider as module
from midjourney.captures import Captures, topic
from midjourney.channel import Mark
from midjourney.commands import CommandRecord, CommandState
from midjourney.messages import Author, ChannelMessage, seed_of
from midjourney.provider import MidjourneyProvider, Posted, PromptForm
from tests.support import start_job

ID = "0123456789abcdef0123456789abcdef"
SECONDS = 20.0
Reaction = Callable[[str], Posted]


class Marks:
    def __init__(self) -> None:
        self.marks: list[tuple[int, Mark]] = []

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None:
        self.marks.append((message_id, mark))

    def reply(self, channel_id: int, message_id: int, text: str) -> None:
        raise AssertionError("Nobody asked for a hint.")


class Desk:
    """A provider whose webhook does what `reactions` say, one for each post; it is its ears, too."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.notifier = Notifier(tick=SECONDS)
        ledger = Ledger(database)
        self.captures = Captures(database, ledger, self.notifier, lambda _id: None, late_seconds=3600)
        self.captures.start_hearing()
        self.channel = self.captures.channel = Marks()
        self.posts: list[str] = []
        self.kept: list[str] = []
        self.collected: list[str] = []
        self.reactions: list[Reaction] = []
        self.why_deaf = ""
        self.keep_error: Exception | None = None
        self.progress: list[Progress] = []
        self.provider = MidjourneyProvider(
            database,
            ledger,
            self.notifier,
            self.captures,
            keeper=self,
            send=self.send,
            form=PromptForm(signature="the farm", limit=300),
            hearing=self,
        )
        with database.write() as tx:
            self.job_id = start_job(tx).id

    def send(self, line: str, *, deadline: float) -> Posted:
        self.posts.append(line)
        return self.reactions.pop(0)(line)

    def keep(self, record: CommandRecord, *, deadline: float) -> tuple[Picture, ...]:
        self.kept.append(record.id)
        if self.keep_error:
            raise self.keep_error
        return ()

    def collect(self, command_id: str) -> None:
        self.collected.append(command_id)

    def deaf(self) -> str:
        return self.why_deaf

    def await_caught_up(self, seconds: float) -> bool:
        return self.captures.caught_up.wait(seconds)

    def generate(self, *, seconds: float = SECONDS) -> tuple[Picture, ...]:
        request = ImageRequest(id=ID, job_id=self.job_id, prompt="a dog", style="ink")
        return self.provider.generate(
            request, deadline=time.monotonic() + seconds, on_progress=self.progress.append
        )

    def record(self) -> CommandRecord:
        with self.database.read() as tx:
            record = commands.load(tx, ID)
        assert record is not None
        return record

    def recorded_before(self, state: CommandState = CommandState.POSTING) -> None:
        """A command of an earlier life of the service."""
        record = CommandRecord(
            id=ID,
            job_id=self.job_id,
            state=state,
            seed=7,
            prompt="a dog --seed 7",
            line="/imagine prompt: a dog --seed 7",
            created_at=time.time(),
        )
        with self.database.write() as tx:
            commands.insert(tx, record)
        self.captures.start_hearing()

    def done(self) -> None:
        """The picture is kept."""
        with self.database.write() as tx:
            if commands.move(tx, ID, CommandState.CAPTURED) and commands.move(tx, ID, CommandState.DONE):
                records.insert(tx, [picture(ID, self.job_id), picture("e" * 32, self.job_id)])
        self.captures._index.close(ID)
        self.notifier.notify(topic(ID))


def picture(id: str, job_id: str) -> Picture:
    return Picture(
        id=id,
        job_id=job_id,
        file=f"{id}.png",
        role="picture",
        position=None,
        mime="image/png",
        width=1,
        height=1,
        sha256="",
        alt="",
        provider="midjourney",
        model="midjourney",
        prompt="a dog",
        seed=7,
        source_url=None,
        created_at=1.0,
    )


@pytest.fixture
def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at a channel that has been read."""
    monkeypatch.setattr(module, "_ECHO_SECONDS", 0.01)
    desk = Desk(database)
    desk.captures.caught_up.set()
    return desk


def posted(desk: Desk, *, then: Callable[[], None] | None = None) -> Reaction:
    def react(_line: str) -> Posted:
        if then:
            then()
        return Posted(2, 700)

    return react


def refused(error: Exception) -> Reaction:
    def react(_line: str) -> Posted:
        raise error

    return react


LOST = refused(ProviderError("Discord could not be reached.", code="discord_unreachable"))


def in_channel(line: str) -> ChannelMessage:
    content = f"```\n{line}\n```"
    return ChannelMessage(id=700, channel_id=2, author=Author.WEBHOOK, content=content, sent_at=time.time())


def lost_but_posted(desk: Desk) -> Reaction:
    """The answer is lost, but the message is read in the channel."""

    def react(line: str) -> Posted:
        desk.captures.hear(in_channel(line))
        raise ProviderError("Discord could not be reached.", code="discord_unreachable")

    return react


def test_a_command_is_posted_and_its_picture_comes(desk: Desk) -> None:
    desk.reactions = [posted(desk, then=desk.done)]
    pictures = desk.generate()
    record = desk.record()

    assert [kept.id for kept in pictures] == [ID]
    assert desk.posts == [record.line]
    assert record.line == f"/imagine prompt: a dog, ink, the farm --seed {record.seed}"
    assert record.command_id == 700


def test_the_intent_is_recorded_before_anything_is_posted(desk: Desk) -> None:
    seen: list[CommandState] = []

    def look(_line: str) -> Posted:
        seen.append(desk.record().state)
        desk.done()
        return Posted(2, 700)

    desk.reactions = [look]
    desk.generate()

    assert seen == [CommandState.POSTING]


def test_a_picture_that_is_there_is_not_paid_for_again(desk: Desk) -> None:
    desk.reactions = [posted(desk, then=desk.done)]
    first = desk.generate()

    assert desk.generate() == first
    assert len(desk.posts) == 1


def test_it_waits_for_the_picture_and_tells_how_far_it_is(desk: Desk) -> None:
    def paint() -> None:
        with desk.database.write() as tx:
            commands.move(tx, ID, CommandState.PAINTING, percent=31, preview_url="https://cdn/31.webp")
        desk.notifier.notify(topic(ID))

    desk.reactions = [posted(desk)]
    steps = [paint, desk.done]

    def told(progress: Progress) -> None:
        desk.progress.append(progress)
        steps.pop(0)()

    request = ImageRequest(id=ID, job_id=desk.job_id, prompt="a dog")
    pictures = desk.provider.generate(request, deadline=time.monotonic() + SECONDS, on_progress=told)

    assert len(pictures) == 1
    assert [(progress.percent, progress.preview) for progress in desk.progress] == [(None, ""), (31, "31")]


def test_what_is_raised_when_it_tells_how_far_it_is_ends_the_waiting(desk: Desk) -> None:
    desk.reactions = [posted(desk)]

    def lost(_progress: Progress) -> None:
        raise KeyError("the job is not ours any more")

    request = ImageRequest(id=ID, job_id=desk.job_id, prompt="a dog")
    with pytest.raises(KeyError):
        desk.provider.generate(request, deadline=time.monotonic() + SECONDS, on_progress=lost)

    assert desk.record().state is CommandState.WAITING


def test_it_looks_up_when_its_job_is_cancelled(desk: Desk) -> None:
    desk.reactions = [posted(desk)]
    looks = threading.Event()

    def told(_progress: Progress) -> None:
        if desk.progress:
            looks.set()
        desk.progress.append(_progress)

    request = ImageRequest(id=ID, job_id=desk.job_id, prompt="a dog")
    with ThreadPoolExecutor(1) as pool:
        deadline = time.monotonic() + SECONDS
        answer = pool.submit(desk.provider.generate, request, deadline=deadline, on_progress=told)
        wait_for(desk, lambda: bool(desk.progress))
        desk.notifier.notify(cancel_topic(desk.job_id))
        assert looks.wait(SECONDS / 2), "whoever is told how far it is can say that it is not wanted any more"
        desk.done()
        answer.result(SECONDS)


def test_a_permanent_failure_to_post_fails_the_command(desk: Desk) -> None:
    desk.reactions = [refused(ProviderError("The webhook is gone.", code="webhook_gone", permanent=True))]
    with pytest.raises(ProviderError) as caught:
        desk.generate()
    record = desk.record()

    assert (caught.value.code, caught.value.permanent) == ("webhook_gone", True)
    assert record.state is CommandState.FAILED
    assert len(desk.posts) == 1
    assert desk.captures.open_count() == 0


def test_a_failed_command_fails_again_and_is_not_posted_again(desk: Desk) -> None:
    desk.reactions = [refused(ProviderError("The webhook is gone.", code="webhook_gone", permanent=True))]
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            desk.generate()
        assert caught.value.code == "webhook_gone"

    assert len(desk.posts) == 1


def test_a_command_whose_answer_was_lost_but_that_is_in_the_channel_is_not_posted_again(desk: Desk) -> None:
    desk.reactions = [lost_but_posted(desk)]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(desk.generate)
        wait_for(desk, lambda: bool(desk.progress))
        desk.done()

        assert len(answer.result(SECONDS)) == 1
    assert len(desk.posts) == 1
    assert desk.record().command_id == 700


def test_a_command_whose_answer_was_lost_and_that_is_not_in_the_channel_is_posted_again(desk: Desk) -> None:
    desk.reactions = [LOST, posted(desk, then=desk.done)]

    assert len(desk.generate()) == 1
    assert len(desk.posts) == 2
    assert desk.posts[0] == desk.posts[1]


def test_a_command_is_posted_three_times_at_most(desk: Desk) -> None:
    desk.reactions = [LOST] * 5
    with pytest.raises(ProviderError, match="reached"):
        desk.generate()

    assert len(desk.posts) == 3


def test_a_command_whose_answer_was_lost_is_not_posted_again_while_nobody_hears_the_channel(
    desk: Desk,
) -> None:
    desk.captures.caught_up.clear()
    desk.reactions = [LOST] * 5
    with pytest.raises(ProviderError, match="reached"):
        desk.generate()

    assert len(desk.posts) == 1
    assert desk.record().state is CommandState.POSTING


def test_nothing_is_posted_into_a_channel_that_cannot_be_heard(desk: Desk) -> None:
    desk.why_deaf = "Discord refused the bot's token."
    with pytest.raises(ProviderError, match="refused the bot's token") as caught:
        desk.generate()

    assert (caught.value.code, caught.value.permanent) == ("deaf", True)
    assert desk.posts == []
    assert desk.record().state is CommandState.FAILED


def test_a_resumed_command_that_is_in_the_channel_is_not_posted_again(desk: Desk) -> None:
    class Reading(threading.Event):
        """While somebody waits for it, the channel is read."""

        def wait(self, timeout: float | None = None) -> bool:
            desk.captures.hear(in_channel("/imagine prompt: a dog --seed 7"))
            return True

    desk.recorded_before()
    desk.captures.caught_up = Reading()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(desk.generate)
        wait_for(desk, lambda: bool(desk.progress))
        desk.done()

        assert len(answer.result(SECONDS)) == 1
    assert desk.posts == []
    assert desk.record().command_id == 700


def test_a_resumed_command_that_is_not_in_the_channel_is_posted_with_its_seed(desk: Desk) -> None:
    desk.recorded_before()
    desk.reactions = [posted(desk, then=desk.done)]
    desk.generate()

    assert [seed_of(line) for line in desk.posts] == [7]


def test_a_resumed_command_is_not_posted_while_the_channel_cannot_be_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CATCH_UP_SECONDS", 0.01)
    desk.recorded_before()
    desk.captures.caught_up.clear()
    with pytest.raises(ProviderTimeout) as caught:
        desk.generate()

    assert caught.value.code == "image_timeout"
    assert desk.posts == []
    assert desk.record().state is CommandState.POSTING


@pytest.mark.parametrize("state", [CommandState.WAITING, CommandState.PAINTING, CommandState.CAPTURED])
def test_a_resumed_command_that_was_posted_is_only_awaited(desk: Desk, state: CommandState) -> None:
    desk.recorded_before(state)
    with pytest.raises(ProviderTimeout):
        desk.generate(seconds=0.01)

    assert desk.posts == []


def test_at_the_deadline_it_gives_up_but_the_command_stays_open(desk: Desk) -> None:
    desk.reactions = [posted(desk)]
    with pytest.raises(ProviderTimeout) as caught:
        desk.generate(seconds=0.05)

    assert caught.value.code == "image_timeout"
    assert desk.record().state is CommandState.WAITING
    assert desk.captures.open_count() == 1
    assert desk.channel.marks == [(700, Mark.WAITING), (700, Mark.TIMED_OUT)]


def test_a_picture_that_came_with_the_deadline_is_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.reactions = [posted(desk, then=desk.done)]
    monkeypatch.setattr("jobs.notifier.Waiter.wait", lambda *_: False)

    assert len(desk.generate()) == 1


def test_a_command_that_expired_is_not_awaited(desk: Desk) -> None:
    desk.recorded_before(CommandState.EXPIRED)
    with pytest.raises(ProviderTimeout, match="too long"):
        desk.generate()


def test_a_picture_that_could_not_be_kept_is_tried_again_and_an_error_at_once(desk: Desk) -> None:
    desk.recorded_before(CommandState.CAPTURED)
    with desk.database.write() as tx:
        commands.note(tx, ID, error={"detail": "The storage was full.", "code": "out_of_space"})
    desk.keep_error = OutOfSpace("The storage is full.")
    with pytest.raises(OutOfSpace, match="is full"):
        desk.generate()

    assert desk.kept == [ID]


def test_a_picture_that_failed_is_an_error_at_once(desk: Desk) -> None:
    desk.recorded_before(CommandState.CAPTURED)
    with desk.database.write() as tx:
        error = {"detail": "That is no picture.", "code": "not_a_picture"}
        assert commands.move(tx, ID, CommandState.FAILED, error=error)
    with pytest.raises(ProviderError, match="no picture") as caught:
        desk.generate()

    assert (caught.value.code, desk.kept) == ("not_a_picture", [])


def test_a_seed_that_was_taken_meanwhile_is_replaced(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.database.write() as tx:
        other = CommandRecord(
            id="other",
            job_id=desk.job_id,
            state=CommandState.WAITING,
            seed=5,
            prompt="",
            line="",
            created_at=1.0,
        )
        commands.insert(tx, other)
    seeds = iter([5, 5, 6])
    monkeypatch.setattr("midjourney.provider.random.randrange", lambda *_: next(seeds))
    desk.reactions = [posted(desk, then=desk.done)]
    desk.generate()

    assert desk.record().seed == 6


def test_no_free_seed_at_all_is_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.database.write() as tx:
        other = CommandRecord(
            id="other",
            job_id=desk.job_id,
            state=CommandState.WAITING,
            seed=5,
            prompt="",
            line="",
            created_at=1.0,
        )
        commands.insert(tx, other)
    monkeypatch.setattr("midjourney.provider.random.randrange", lambda *_: 5)
    with pytest.raises(ProviderError) as caught:
        desk.generate()

    assert caught.value.code == "no_seed"
    assert desk.posts == []


def test_when_the_service_stops_the_waiting_ends_and_the_command_stays(desk: Desk) -> None:
    desk.reactions = [posted(desk)]
    with ThreadPoolExecutor(1) as pool:
        answer: Future[tuple[Picture, ...]] = pool.submit(desk.generate)
        wait_for(desk, lambda: bool(desk.progress))
        desk.notifier.close()

        with pytest.raises(Stopping):
            answer.result(SECONDS)
    assert desk.record().state is CommandState.WAITING


def wait_for(desk: Desk, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"It did not happen; posted {desk.posts}"
        time.sleep(0.001)
