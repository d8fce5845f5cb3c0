"""The store in which open commands await their pictures, fed by what is heard in the channel."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

import metrics
from database import Database
from errors import ProviderError, StoryfarmError
from jobs.notifier import Notifier
from ledger import Entry, Ledger
from midjourney import commands
from midjourney.channel import HINT, Channel, Mark, Silent
from midjourney.commands import CommandRecord, CommandState
from midjourney.correlation import (
    Ambiguous,
    Match,
    OpenCommand,
    OpenCommands,
    correlate,
    is_certain,
    text_key,
)
from midjourney.messages import Attachment, ChannelMessage, Event, Kind, parse

log = structlog.get_logger()

_BOOKMARK_SECONDS = 1.0
_PROGRESS_SECONDS = 1.0
# A hint helps only somebody who has just typed the command.
_HINT_SECONDS = 300.0
# A transaction of another process may become visible this much later than its command says.
_OVERLAP_SECONDS = 30.0
_MOST_UNHEARD = 1000
_MOST_PLACES = 10_000


def topic(command_id: str) -> str:
    """The notifier's topic for a command."""
    return f"command:{command_id}"


class Captures:
    """Matches what is heard to open commands; what follows is written and done by the ledger's thread.

    The rows are the truth; the index of open commands is made from them, in the one process that hears.
    There may be commands of other processes, and whoever waits for one reads its row. `collect` is called
    with the id of each command whose picture is known and for which nobody waits; it must return at once.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        collect: Callable[[str], None],
        *,
        late_seconds: float,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._collect = collect
        self._late_seconds = late_seconds
        self._lock = threading.Lock()
        self._index = OpenCommands()
        self._is_hearing = False
        self._read_at = 0.0
        self._own: set[str] = set()
        self._told: dict[str, float] = {}
        self._places: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._captured: dict[str, dict[str, Any]] = {}
        self._uncollected: set[str] = set()
        self._hinted: set[int] = set()
        self._bookmarked_at = 0.0
        self._overflowed = False
        # Messages that could not be looked into, since the database was away.
        self._unheard: deque[ChannelMessage] = deque()
        self.channel: Channel = Silent()
        self.caught_up = threading.Event()
        self.last_event_at: float | None = None

    def start_hearing(self) -> None:
        """Take up the commands that are open, and those whose pictures are still to be fetched."""
        with self._lock:
            self._index = OpenCommands()
            self._is_hearing = True
            self._read_at = 0.0
            self._overflowed = False
            self._unheard.clear()
        self._read_commands()
        self.sweep()

    def stop_hearing(self) -> None:
        """Another process may hear from now on."""
        self.say_interrupted()
        with self._lock:
            self._is_hearing = False
            self._index = OpenCommands()

    def _read_commands(self) -> None:
        """Take up commands that are not known yet: those of former lives and of other processes."""
        now = time.time()
        since = self._read_at - _OVERLAP_SECONDS if self._read_at else 0.0
        with self._database.read() as tx:
            records = commands.recent(tx, now - self._late_seconds, created_since=since)
        with self._lock:
            self._read_at = now
            for record in records:
                if self._add(record) and record.state not in commands.OPEN:
                    self._index.close(record.id)

    def hear(self, message: ChannelMessage, *, in_order: bool = True) -> None:
        """Take in one message. `in_order`: it is new, and all messages before it have been heard too."""
        self._hear_again()
        entry = Entry()
        try:
            self._take(message, entry)
        except SQLAlchemyError as error:
            log.warning("captures.unheard", message_id=message.id, error=type(error).__name__)
            self._keep_unheard(message)
        except Exception:  # a message that breaks the parser must not stop the others
            log.exception("captures.unreadable", message_id=message.id)
        is_news = bool(entry.writes or entry.effects)
        is_due = time.monotonic() - self._bookmarked_at >= _BOOKMARK_SECONDS
        if in_order and is_due and not (self._overflowed or self._unheard):
            # Once a second is enough: what is read twice after a crash is recognised.
            self._bookmarked_at = time.monotonic()
            place = (message.channel_id, message.id)
            entry.writes.append(lambda tx: commands.set_bookmark(tx, *place))
            is_news = True
        if is_news and not self._ledger.put(entry):
            self._overflowed = True  # the bookmark stays, so that the next start reads this again

    def _keep_unheard(self, message: ChannelMessage) -> None:
        if len(self._unheard) < _MOST_UNHEARD:
            self._unheard.append(message)
        else:
            self._overflowed = True

    def _hear_again(self) -> None:
        """Look into what could not be looked into; as long as that fails, the bookmark stays."""
        for _ in range(len(self._unheard)):
            try:
                message = self._unheard.popleft()
            except IndexError:
                return
            entry = Entry()
            try:
                self._take(message, entry)
            except SQLAlchemyError:
                self._unheard.appendleft(message)
                return
            except Exception:
                log.exception("captures.unreadable", message_id=message.id)
            if (entry.writes or entry.effects) and not self._ledger.put(entry):
                self._overflowed = True

    def say_caught_up(self) -> None:
        """Everything that was missed has been heard."""
        self._ledger.put(Entry(effects=[self.caught_up.set]))

    def say_interrupted(self) -> None:
        """From here on messages may be missed."""
        self.caught_up.clear()

    def open(self, record: CommandRecord) -> None:
        """From now on events are matched to this command, whose row is written and for which we wait."""
        with self._lock:
            self._own.add(record.id)
            if self._is_hearing:
                self._told[record.id] = time.monotonic()
                self._add(record)

    def leave(self, command_id: str) -> dict[str, Any] | None:
        """Nobody waits for the command any more; where its picture lies, if that was just heard."""
        self._own.discard(command_id)
        return self.take_captured(command_id)

    def posted(self, record: CommandRecord, channel_id: int, message_id: int) -> None:
        """The command is in the channel as this message."""
        with self._lock:
            is_news = self._name_place(record.id, channel_id, message_id)
        if is_news:  # else the channel was faster, and wrote it down
            place = (record.id, channel_id, message_id)
            self._ledger.put(Entry(writes=[lambda tx: _write_posted(tx, *place)]))
        self.mark(record.id, Mark.WAITING)

    def fail(self, command_id: str, error: StoryfarmError) -> None:
        """The command will have no picture."""
        problem = error.problem()
        self._ledger.write(lambda tx: commands.move(tx, command_id, CommandState.FAILED, error=problem))
        with self._lock:
            self._close(command_id)
        self._wake(command_id)

    def take_captured(self, command_id: str) -> dict[str, Any] | None:
        """Where the picture lies (the columns of its row), for whoever waits for it; once."""
        return self._captured.pop(command_id, None)

    def open_count(self) -> int:
        return len(self._index)

    def resume_after(self, channel_id: int) -> float | int:
        """Where to read on in the channel: the bookmark (a message's id), else a time in epoch seconds."""
        with self._database.read() as tx:
            mark = commands.bookmark(tx, channel_id)
            oldest = min((record.created_at for record in commands.recent(tx, time.time())), default=None)
        return mark if mark is not None else min(oldest or time.time(), time.time()) - 5.0

    def _take(self, message: ChannelMessage, entry: Entry) -> None:
        event = parse(message)
        if event is None:
            return
        self.last_event_at = time.time()
        if event.kind is Kind.PLAIN_COMMAND:
            self._hint(event)
            return
        with self._lock:
            is_sure = not self._database.is_shared or is_certain(correlate(event, self._index))
        if not is_sure:  # it may belong to a command of another process
            self._read_commands()
        with self._lock:
            outcome = correlate(event, self._index)
            if isinstance(outcome, Match):
                self._apply(event, outcome, entry)
        _count(event, outcome)

    def _apply(self, event: Event, match: Match, entry: Entry) -> None:
        command_id = match.command.id
        if event.kind is Kind.POSTED:
            self._note_posted(event, command_id, entry)
        elif event.kind in (Kind.STARTED, Kind.PROGRESS):
            self._note_progress(event, command_id, entry)
        elif event.kind is Kind.FINISHED and event.picture:
            self._capture(event, event.picture, command_id, entry)
        else:
            error = ProviderError(event.reason, code="image_failed", permanent=True).problem()
            entry.writes.append(lambda tx: commands.move(tx, command_id, CommandState.FAILED, error=error))
            self._close(command_id)
            entry.effects.append(lambda: self._finished(command_id, Mark.FAILED))

    def _note_posted(self, event: Event, command_id: str, entry: Entry) -> None:
        """Our own command, seen in the channel: news only if the webhook's answer was not faster."""
        if not self._name_place(command_id, event.channel_id, event.message_id):
            return
        place = (command_id, event.channel_id, event.message_id)
        entry.writes.append(lambda tx: _write_posted(tx, *place))
        entry.effects.append(lambda: self._wake(command_id))

    def _name_place(self, command_id: str, channel_id: int, message_id: int) -> bool:
        """Remember where the command stands; whether that is news."""
        if self._index.by_message(message_id) is not None:
            return False
        self._places[command_id] = (channel_id, message_id)
        while len(self._places) > _MOST_PLACES:
            self._places.popitem(last=False)
        self._index.name_message(command_id, message_id)
        return True

    def _note_progress(self, event: Event, command_id: str, entry: Entry) -> None:
        """The names under which the picture may come are written down, unless the echo bears the seed."""
        names: dict[str, Any] = {}
        if self._index.by_message(event.message_id) is None:
            self._index.name_message(command_id, event.message_id)
            names["progress_id"] = event.message_id
        if event.painting_id and self._index.by_painting(event.painting_id) is None:
            self._index.name_painting(command_id, event.painting_id)
            names["painting_id"] = event.painting_id
        if event.seed is not None:
            names = {}
        now = time.monotonic()
        if is_due := now - self._told.get(command_id, 0.0) >= _PROGRESS_SECONDS:
            self._told[command_id] = now
            names |= {"percent": event.percent, "preview_url": event.picture.url if event.picture else None}
        if names:
            entry.writes.append(lambda tx: commands.move(tx, command_id, CommandState.PAINTING, **names))
        if is_due:
            entry.effects.append(lambda: self._wake(command_id))

    def _capture(self, event: Event, picture: Attachment, command_id: str, entry: Entry) -> None:
        changes: dict[str, Any] = {
            "final_id": event.message_id,
            "attachment_id": picture.id,
            "source_url": picture.url,
            "is_grid": int(event.is_grid),
            "channel_id": event.channel_id,
        }
        entry.writes.append(lambda tx: commands.move(tx, command_id, CommandState.CAPTURED, **changes))
        self._index.name_message(command_id, event.message_id)
        if event.painting_id:
            self._index.name_painting(command_id, event.painting_id)
        if command_id in self._own:
            self._captured[command_id] = changes
        self._close(command_id)
        entry.effects.append(lambda: self._hand_over(command_id))

    def _hand_over(self, command_id: str) -> None:
        """Whoever waits for the picture fetches it; for a late one it is fetched.

        Whether somebody waits in another process is not known: the sweep sees what nobody has fetched.
        """
        is_awaited = self._notifier.notify(topic(command_id)) > 0
        if not is_awaited and (command_id in self._own or not self._database.is_shared):
            self.take_captured(command_id)
            self._collect(command_id)

    def _close(self, command_id: str) -> None:
        self._index.close(command_id)
        self._told.pop(command_id, None)

    def _wake(self, command_id: str) -> None:
        self._notifier.notify(topic(command_id))

    def _finished(self, command_id: str, mark: Mark) -> None:
        self._wake(command_id)
        self.mark(command_id, mark)

    def mark(self, command_id: str, mark: Mark) -> None:
        """Show in the channel what became of the command, if its message is known."""
        if place := self._places.get(command_id):
            self.channel.mark(*place, mark)
        if mark in (Mark.DONE, Mark.FAILED):
            self._places.pop(command_id, None)

    def _hint(self, event: Event) -> None:
        if event.message_id in self._hinted or time.time() - event.sent_at > _HINT_SECONDS:
            return
        if len(self._hinted) > 1000:
            self._hinted.clear()
        self._hinted.add(event.message_id)
        self.channel.reply(event.channel_id, event.message_id, HINT)

    def sweep(self) -> None:
        """Give up what is too old, and fetch what nobody else has fetched."""
        if not self._is_hearing:
            return
        self._hear_again()
        try:
            with self._database.read() as tx:
                expired = commands.open_before(tx, time.time() - self._late_seconds)
                captured = set(commands.uncollected(tx))
        except SQLAlchemyError as error:
            log.error("captures.sweep_failed", error=type(error).__name__)
            return
        for command_id in expired:
            self._expire(command_id)
        # In another process somebody may be about to fetch it: then it is gone at the next look.
        left = captured & self._uncollected if self._database.is_shared else captured
        self._uncollected = captured
        for command_id in left:
            self._collect(command_id)

    def _expire(self, command_id: str) -> None:
        with self._lock:
            self._close(command_id)
            self._places.pop(command_id, None)
        self._ledger.put(
            Entry(
                writes=[lambda tx: commands.move(tx, command_id, CommandState.EXPIRED)],
                effects=[lambda: self._wake(command_id)],
            )
        )

    def _add(self, record: CommandRecord) -> bool:
        """Enter the command into the index; False if it is there already."""
        if self._index.knows(record.id):
            return False
        key = text_key(record.prompt)
        self._index.add(
            OpenCommand(id=record.id, seed=record.seed, text_key=key, created_at=record.created_at)
        )
        for message_id in (record.command_id, record.progress_id, record.final_id):
            if message_id:
                self._index.name_message(record.id, message_id)
        if record.painting_id:
            self._index.name_painting(record.id, record.painting_id)
        if record.channel_id and record.command_id and record.closed_at is None:
            self._places[record.id] = (record.channel_id, record.command_id)
        return True


def _write_posted(tx: Connection, command_id: str, channel_id: int, message_id: int) -> None:
    place = {"channel_id": channel_id, "command_id": message_id}
    if not commands.move(tx, command_id, CommandState.WAITING, **place):
        commands.note(tx, command_id, **place)


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
