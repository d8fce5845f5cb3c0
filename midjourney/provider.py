"""MidJourney over Discord as an image provider: a command posted, and its picture awaited."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy.exc import IntegrityError

import metrics
from database import Database
from errors import ProviderError, ProviderTimeout, StoryfarmError
from images import records
from images.provider import ImageRequest, OnProgress, Progress
from images.records import Picture
from jobs.events import cancel_topic
from jobs.notifier import Notifier, Waiter
from ledger import Ledger
from midjourney import commands
from midjourney.captures import Captures, topic
from midjourney.channel import Mark
from midjourney.command import build_command
from midjourney.commands import CommandRecord, CommandState
from midjourney.keeping import PROVIDER
from utils import remaining

log = structlog.get_logger()

_CATCH_UP_SECONDS = 60.0
# How long an answer that got lost may take to show up in the channel instead.
_ECHO_SECONDS = 3.0
_POSTS = 3
_WAITING = Progress(None, "Waiting for someone in the channel to run the command.")


@dataclass(frozen=True)
class Posted:
    """Where a command stands: Discord's ids of its channel and message."""

    channel_id: int
    message_id: int


class Send(Protocol):
    def __call__(self, line: str, *, deadline: float) -> Posted:
        """Post the /imagine line.

        Raises ProviderError; one that is not permanent leaves open whether the line was posted.
        """


class Keep(Protocol):
    """What brings a captured picture home: midjourney.keeping.Keeper."""

    def keep(self, record: CommandRecord, *, deadline: float) -> tuple[Picture, ...]: ...
    def collect(self, command_id: str) -> None: ...


class Hearing(Protocol):
    """How the channel is heard, in this process or another."""

    def deaf(self) -> str:
        """Why it cannot be heard at all (a wrong token, say); "" if it can."""

    def await_caught_up(self, seconds: float) -> bool:
        """Whether everything that was said has been heard, within `seconds`."""


@dataclass(frozen=True, kw_only=True)
class PromptForm:
    """How prompts are built: the words at the end, and the longest prompt in characters."""

    signature: str
    limit: int


class MidjourneyProvider:
    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        captures: Captures,
        *,
        keeper: Keep,
        send: Send,
        form: PromptForm,
        hearing: Hearing,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._captures = captures
        self._keeper = keeper
        self._send = send
        self._form = form
        self._hearing = hearing

    def generate(
        self, request: ImageRequest, *, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        """See ImageProvider.generate. A late picture is still taken after ProviderTimeout."""
        started = time.monotonic()
        try:
            pictures = self._generate(request, deadline, on_progress)
        except StoryfarmError as error:
            metrics.PROVIDERS.labels(PROVIDER, error.code).observe(time.monotonic() - started)
            raise
        metrics.PROVIDERS.labels(PROVIDER, "ok").observe(time.monotonic() - started)
        return pictures

    def _generate(
        self, request: ImageRequest, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        topics = topic(request.id), cancel_topic(request.job_id)
        try:
            with self._notifier.listen(*topics) as waiter:
                record, is_new = self._record(request)
                if record.state is CommandState.POSTING:
                    self._post(record, waiter, deadline, is_new=is_new)
                elif pictures := self._look(record, deadline, on_progress):
                    return pictures
                on_progress(_WAITING)
                while waiter.wait(deadline):
                    if pictures := self._look(record, deadline, on_progress):
                        return pictures
            if pictures := self._look(record, deadline, on_progress):
                return pictures
        finally:
            if self._captures.leave(request.id):
                self._keeper.collect(request.id)  # heard in this very moment: then it still comes home
        self._captures.mark(request.id, Mark.TIMED_OUT)
        raise ProviderTimeout(
            "MidJourney's picture did not come in time. If it still comes, it joins the story.",
            code="image_timeout",
        )

    def _look(self, record: CommandRecord, deadline: float, on_progress: OnProgress) -> tuple[Picture, ...]:
        """The pictures if they can be had now. Raises the command's error."""
        if found := self._captures.take_captured(record.id):  # heard in this process
            return self._keep(replace(record, **found), deadline)
        with self._database.read() as tx:
            now = commands.load(tx, record.id)
            if now and now.state is CommandState.DONE:
                return _of_command(records.of_job(tx, now.job_id), now.id)
        if now is None:
            raise ProviderError("The picture's command is gone.", code="command_gone", permanent=True)
        if now.state is CommandState.CAPTURED:
            return self._keep(now, deadline)
        if now.error:
            raise ProviderError(now.error["detail"], code=now.error["code"], permanent=True)
        if now.state is CommandState.EXPIRED:
            raise ProviderTimeout("The picture was awaited for too long.", code="image_timeout")
        on_progress(_progress(now))
        return ()

    def _keep(self, record: CommandRecord, deadline: float) -> tuple[Picture, ...]:
        try:
            return self._keeper.keep(record, deadline=deadline)
        except ProviderTimeout:
            self._keeper.collect(record.id)
            raise

    def _record(self, request: ImageRequest) -> tuple[CommandRecord, bool]:
        """The command's row, and whether it is new: the intent is recorded before anything is posted."""
        for _ in range(10):
            record = self._new_record(request)
            try:
                self._ledger.write(partial(commands.insert, record=record))
            except IntegrityError as error:
                with self._database.read() as tx:
                    known = commands.load(tx, request.id)
                if known:
                    return known, False
                log.info("command.seed_taken", error=type(error).__name__)
                continue
            self._captures.open(record)
            return record, True
        raise ProviderError("No free seed was found for the picture.", code="no_seed")

    def _new_record(self, request: ImageRequest) -> CommandRecord:
        seed = random.randrange(1, 2**32)  # noqa: S311  (open seeds are unique in the database)
        command = build_command(
            request.prompt,
            seed=seed,
            style=request.style,
            signature=self._form.signature,
            limit=self._form.limit,
        )
        return CommandRecord(
            id=request.id,
            job_id=request.job_id,
            state=CommandState.POSTING,
            seed=seed,
            prompt=command.prompt,
            line=command.line,
            created_at=time.time(),
        )

    def _post(self, record: CommandRecord, waiter: Waiter, deadline: float, *, is_new: bool) -> None:
        """Post the command unless it is in the channel already; fails it if it cannot be posted."""
        if not is_new and self._stands_in_channel(record.id, deadline):
            return
        if why := self._hearing.deaf():
            error = ProviderError(f"The Discord channel cannot be heard: {why}", code="deaf", permanent=True)
            self._captures.fail(record.id, error)
            raise error
        for attempt in range(1, _POSTS + 1):
            try:
                posted = self._send(record.line, deadline=deadline)
            except ProviderError as error:
                if error.permanent:
                    self._captures.fail(record.id, error)
                    raise
                # The answer was lost, perhaps not the message: it may be read in the channel.
                if self._appears(record.id, waiter, deadline):
                    return
                if attempt == _POSTS or not self._hearing.await_caught_up(0):
                    raise
            else:
                self._captures.posted(record, posted.channel_id, posted.message_id)
                log.info("command.posted", job=record.job_id, seed=record.seed, attempt=attempt)
                return

    def _stands_in_channel(self, command_id: str, deadline: float) -> bool:
        """Whether a command of an earlier life was posted: known once the channel has been read again.

        Raises ProviderTimeout if the channel cannot be read: posting it twice would be worse.
        """
        if not self._hearing.await_caught_up(min(remaining(deadline), _CATCH_UP_SECONDS)):
            raise ProviderTimeout(
                "After a restart the Discord channel could not be read, so the command was not posted again.",
                code="image_timeout",
            )
        return self._state(command_id) is not CommandState.POSTING

    def _appears(self, command_id: str, waiter: Waiter, deadline: float) -> bool:
        waiter.wait(min(deadline, time.monotonic() + _ECHO_SECONDS))
        return self._state(command_id) is not CommandState.POSTING

    def _state(self, command_id: str) -> CommandState | None:
        with self._database.read() as tx:
            record = commands.load(tx, command_id)
        return record.state if record else None


def _progress(record: CommandRecord) -> Progress:
    if record.state is not CommandState.PAINTING:
        return _WAITING
    preview = str(record.percent or 0) if record.preview_url else ""
    return Progress(record.percent, "MidJourney is painting.", preview)


def _of_command(kept: Sequence[Picture], command_id: str) -> tuple[Picture, ...]:
    return tuple(picture for picture in kept if picture.id.partition("-")[0] == command_id)
