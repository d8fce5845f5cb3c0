"""The store in which open commands await their pictures, fed by what is heard in the channel."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

import metrics
from database import Database
from errors import ProviderError, StoryfarmError
from images.provider import Progress
from jobs.notifier import Notifier
from midjourney import commands
from midjourney.commands import CommandRecord, CommandState
from midjourney.correlation import Ambiguous, Match, OpenCommand, OpenCommands, correlate, text_key
from midjourney.messages import Attachment, ChannelMessage, Event, Kind, parse

log = structlog.get_logger()

_BATCH = 200
_MOST_UNREAD = 100_000
_BOOKMARK_SECONDS = 1.0
_SWEEP_SECONDS = 30.0
_PROGRESS_SECONDS = 1.0
# A hint helps only somebody who has just typed the command.
_HINT_SECONDS = 300.0
HINT = (
    "This `/imagine` was sent as plain text, so MidJourney did not see it. Type `/imagine`, wait for the "
    "menu to show MidJourney's command, choose it, and paste the prompt into its `prompt` field."
)


class Mark(Enum):
    """The reaction on a command's message, by what became of it."""

    WAITING = "⏳"
    DONE = "✅"
    TIMED_OUT = "⌛"
    FAILED = "❌"


class Channel(Protocol):
    """What can be said back in the channel; both calls return at once and may come to nothing."""

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None: ...

    def reply(self, channel_id: int, message_id: int, text: str) -> None: ...


class Silent:
    """A channel in which nothing is said."""

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None:
        pass

    def reply(self, channel_id: int, message_id: int, text: str) -> None:
        pass


@dataclass(frozen=True)
class _CaughtUp:
    """In the queue behind the last message that was missed while nobody listened."""


@dataclass(frozen=True)
class _Heard:
    message: ChannelMessage
    in_order: bool


@dataclass
class _Found:
    """What a batch of messages leads to: first what is written in one transaction, then what is done."""

    writes: list[Callable[[Connection], object]] = field(default_factory=list)
    effects: list[Callable[[], None]] = field(default_factory=list)


def topic(command_id: str) -> str:
    """The notifier's topic for a command."""
    return f"command:{command_id}"


class Captures:
    """Matches what is heard to open commands, on one thread of its own, several messages a transaction.

    The rows are the truth; the index of open commands is made from them and can be made again.
    `collect` is called with the id of each command whose picture is known and for which nobody waits; it
    must return at once.
    """

    def __init__(
        self, database: Database, notifier: Notifier, collect: Callable[[str], None], *, late_seconds: float
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._collect = collect
        self._late_seconds = late_seconds
        self._heard: queue.SimpleQueue[_Heard | _CaughtUp | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._index = OpenCommands()
        self._progress: dict[str, Progress] = {}
        self._told: dict[str, float] = {}
        self._hinted: set[int] = set()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._overflowed = False
        self._bookmarks: dict[int, int] = {}
        self._bookmarked_at = 0.0
        self.channel: Channel = Silent()
        self.caught_up = threading.Event()
        self.last_event_at: float | None = None

    def start(self) -> None:
        """Take up the commands that are open, and those whose pictures are still to be fetched."""
        self._reload()
        self._thread = threading.Thread(target=self._run, name="captures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._heard.put(None)
        if self._thread:
            self._thread.join(10)

    def hear(self, message: ChannelMessage, *, in_order: bool = True) -> None:
        """Take in one message. `in_order`: it is new, and all messages before it have been heard too."""
        if self._heard.qsize() >= _MOST_UNREAD:
            self._overflowed = True  # the bookmark stays, so the next catch-up reads what is dropped here
            log.error("captures.overflow", message_id=message.id)
            return
        self._heard.put(_Heard(message, in_order and not self._overflowed))

    def say_caught_up(self) -> None:
        """Everything that was missed has been heard."""
        self._overflowed = False
        self._heard.put(_CaughtUp())

    def say_interrupted(self) -> None:
        """From here on messages may be missed."""
        self.caught_up.clear()

    def new_seed(self) -> int:
        """A seed that no open command has."""
        with self._lock:
            while self._index.has_seed(seed := random.randrange(1, 2**32)):  # noqa: S311
                pass
        return seed

    def open(self, record: CommandRecord) -> None:
        """From now on events are matched to this command, whose row is written."""
        with self._lock:
            self._told[record.id] = time.monotonic()
            _add(self._index, record)

    def posted(self, record: CommandRecord, channel_id: int, message_id: int) -> None:
        """The command is in the channel as this message."""
        if self._index.by_message(message_id) is None:  # else the channel was faster, and wrote it down
            with self._database.write() as tx:
                _write_posted(tx, record.id, channel_id, message_id)
            with self._lock:
                self._index.name_message(record.id, message_id)
        self.channel.mark(channel_id, message_id, Mark.WAITING)

    def fail(self, command_id: str, error: StoryfarmError) -> None:
        """The command will have no picture."""
        with self._database.write() as tx:
            commands.move(tx, command_id, CommandState.FAILED, error=error.problem())
        with self._lock:
            self._close(command_id)
        self._notifier.notify(topic(command_id))

    def is_open(self, command_id: str) -> bool:
        """Whether nothing has become of the command yet."""
        return command_id in self._index

    def progress(self, command_id: str) -> Progress | None:
        return self._progress.get(command_id)

    def open_count(self) -> int:
        return len(self._index)

    def resume_after(self, channel_id: int) -> float | int:
        """Where to read on in the channel: the bookmark (a message's id), else a time in epoch seconds."""
        with self._database.read() as tx:
            mark = commands.bookmark(tx, channel_id)
            oldest = min((record.created_at for record in commands.recent(tx, time.time())), default=None)
        return mark if mark is not None else min(oldest or time.time(), time.time()) - 5.0

    def _reload(self) -> None:
        index = OpenCommands()
        with self._lock:  # a command that is opened meanwhile is in the rows, or joins the new index
            with self._database.read() as tx:
                records = commands.recent(tx, time.time() - self._late_seconds)
            for record in records:
                _add(index, record)
                if record.state not in commands.OPEN:
                    index.close(record.id)
            self._index = index
        for record in records:
            if record.state is CommandState.CAPTURED:
                self._collect(record.id)

    def _run(self) -> None:
        swept = time.monotonic()
        while not self._stopping.is_set():
            batch = self._next_batch(swept + _SWEEP_SECONDS)
            if batch:
                self._take_in(batch)
            if time.monotonic() > swept + _SWEEP_SECONDS:
                swept = time.monotonic()
                self.sweep()

    def _next_batch(self, until: float) -> list[_Heard | _CaughtUp]:
        batch: list[_Heard | _CaughtUp] = []
        try:
            item = self._heard.get(timeout=max(0.01, until - time.monotonic()))
            while item is not None:
                batch.append(item)
                if len(batch) == _BATCH:
                    break
                item = self._heard.get_nowait()
        except queue.Empty:
            pass
        return batch

    def _take_in(self, batch: list[_Heard | _CaughtUp]) -> None:
        pause, failed = 1.0, False
        while not self._stopping.is_set():
            found = _Found()
            try:
                if failed:
                    self._reload()
                for item in batch:
                    if isinstance(item, _Heard):
                        self._take(item, found)
                self._move_bookmark(found)
                self._write(found)
            except (SQLAlchemyError, StoryfarmError) as error:
                # A full disk, say: nothing is lost, the same messages are taken again.
                log.error("captures.database_failed", error=type(error).__name__, pause_s=pause)
                self._stopping.wait(pause)
                pause, failed = min(pause * 2, 30.0), True
                continue
            for effect in found.effects:
                effect()
            if any(isinstance(item, _CaughtUp) for item in batch):
                self.caught_up.set()
            return

    def _write(self, found: _Found) -> None:
        if found.writes:
            with self._database.write() as tx:
                for write in found.writes:
                    write(tx)

    def _take(self, heard: _Heard, found: _Found) -> None:
        if heard.in_order:
            self._bookmarks[heard.message.channel_id] = heard.message.id
        try:
            event = parse(heard.message)
        except Exception:  # a message that breaks the parser must not stop the others
            log.exception("captures.unreadable", message_id=heard.message.id)
            return
        if event is None:
            return
        self.last_event_at = time.time()
        if event.kind is Kind.PLAIN_COMMAND:
            self._hint(event)
            return
        with self._lock:
            outcome = correlate(event, self._index)
            if isinstance(outcome, Match):
                self._apply(event, outcome, found)
        _count(event, outcome)

    def _apply(self, event: Event, match: Match, found: _Found) -> None:
        command_id = match.command.id
        if event.kind is Kind.POSTED:
            self._note_posted(event, command_id, found)
        elif event.kind in (Kind.STARTED, Kind.PROGRESS):
            self._note_progress(event, match, found)
        elif event.kind is Kind.FINISHED and event.picture:
            self._capture(event, event.picture, command_id, found)
        else:
            error = ProviderError(event.reason, code="image_failed", permanent=True).problem()
            found.writes.append(lambda tx: commands.move(tx, command_id, CommandState.FAILED, error=error))
            self._close(command_id)
            found.effects.append(lambda: self._finished(command_id, Mark.FAILED))

    def _note_posted(self, event: Event, command_id: str, found: _Found) -> None:
        """Our own command, seen in the channel: news only if the webhook's answer was not faster."""
        if self._index.by_message(event.message_id) is not None:
            return
        self._index.name_message(command_id, event.message_id)
        place = (command_id, event.channel_id, event.message_id)
        found.writes.append(lambda tx: _write_posted(tx, *place))
        found.effects.append(lambda: self._wake(command_id))

    def _note_progress(self, event: Event, match: Match, found: _Found) -> None:
        """Names under which the picture may come are written down, unless they say no more than the seed."""
        command_id = match.command.id
        names: dict[str, int | str] = {}
        if self._index.by_message(event.message_id) is None:
            self._index.name_message(command_id, event.message_id)
            if match.by != "seed":
                names["progress_id"] = event.message_id
        if event.painting_id and self._index.by_painting(event.painting_id) is None:
            self._index.name_painting(command_id, event.painting_id)
            names |= {"painting_id": event.painting_id, "progress_id": event.message_id}
        if names:
            found.writes.append(lambda tx: commands.move(tx, command_id, CommandState.PAINTING, **names))
        self._progress[command_id] = Progress(event.percent, "MidJourney is painting.")
        now = time.monotonic()
        if now - self._told.get(command_id, 0.0) >= _PROGRESS_SECONDS:
            self._told[command_id] = now
            found.effects.append(lambda: self._wake(command_id))

    def _capture(self, event: Event, picture: Attachment, command_id: str, found: _Found) -> None:
        changes = {
            "final_id": event.message_id,
            "attachment_id": picture.id,
            "source_url": picture.url,
            "is_grid": int(event.is_grid),
            "channel_id": event.channel_id,
        }
        found.writes.append(lambda tx: commands.move(tx, command_id, CommandState.CAPTURED, **changes))
        self._index.name_message(command_id, event.message_id)
        if event.painting_id:
            self._index.name_painting(command_id, event.painting_id)
        self._close(command_id)
        found.effects.append(lambda: self._hand_over(command_id))

    def _hand_over(self, command_id: str) -> None:
        """Whoever waits for the picture fetches it; for a late one it is fetched."""
        if not self._notifier.notify(topic(command_id)):
            self._collect(command_id)

    def _close(self, command_id: str) -> None:
        self._index.close(command_id)
        self._progress.pop(command_id, None)
        self._told.pop(command_id, None)

    def _wake(self, command_id: str) -> None:
        self._notifier.notify(topic(command_id))

    def _finished(self, command_id: str, mark: Mark) -> None:
        self._wake(command_id)
        self.mark(command_id, mark)

    def mark(self, command_id: str, mark: Mark) -> None:
        """Show in the channel what became of the command, if its message is known."""
        with self._database.read() as tx:
            record = commands.load(tx, command_id)
        if record:
            self.show(record, mark)

    def show(self, record: CommandRecord, mark: Mark) -> None:
        """The same for a command that is at hand."""
        if record.channel_id and record.command_id:
            self.channel.mark(record.channel_id, record.command_id, mark)

    def _hint(self, event: Event) -> None:
        if event.message_id in self._hinted or time.time() - event.sent_at > _HINT_SECONDS:
            return
        if len(self._hinted) > 1000:
            self._hinted.clear()
        self._hinted.add(event.message_id)
        self.channel.reply(event.channel_id, event.message_id, HINT)

    def _move_bookmark(self, found: _Found) -> None:
        """Once a second is enough: what is read twice after a crash is recognised."""
        if time.monotonic() - self._bookmarked_at < _BOOKMARK_SECONDS:
            return
        self._bookmarked_at = time.monotonic()
        for channel_id, message_id in self._bookmarks.items():
            found.writes.append(partial(commands.set_bookmark, channel_id=channel_id, message_id=message_id))
        self._bookmarks.clear()

    def sweep(self) -> None:
        """Give up what is too old, and fetch again what could not be kept."""
        try:
            with self._database.write() as tx:
                expired = commands.open_before(tx, time.time() - self._late_seconds)
                for command_id in expired:
                    commands.move(tx, command_id, CommandState.EXPIRED)
                captured = commands.uncollected(tx)
        except (SQLAlchemyError, StoryfarmError) as error:
            log.error("captures.sweep_failed", error=type(error).__name__)
            return
        with self._lock:
            for command_id in expired:
                self._close(command_id)
        for command_id in expired:
            self._notifier.notify(topic(command_id))
        for command_id in captured:
            self._collect(command_id)


def _write_posted(tx: Connection, command_id: str, channel_id: int, message_id: int) -> None:
    place = {"channel_id": channel_id, "command_id": message_id}
    if not commands.move(tx, command_id, CommandState.WAITING, **place):
        commands.note(tx, command_id, **place)


def _add(index: OpenCommands, record: CommandRecord) -> None:
    index.add(
        OpenCommand(
            id=record.id, seed=record.seed, text_key=text_key(record.prompt), created_at=record.created_at
        )
    )
    for message_id in (record.command_id, record.progress_id, record.final_id):
        if message_id:
            index.name_message(record.id, message_id)
    if record.painting_id:
        index.name_painting(record.id, record.painting_id)


def _count(event: Event, outcome: object) -> None:
    if event.kind is not Kind.FINISHED:
        return
    if isinstance(outcome, Match):
        name = f"by_{outcome.by}"
    elif isinstance(outcome, Ambiguous):
        name = "ambiguous"
        log.warning("capture.ambiguous", message_id=event.message_id, candidates=outcome.candidates)
    else:
        name = "closed" if outcome else "foreign"
    metrics.CAPTURES.labels(name).inc()
