"""Brings captured pictures home: fetched at once, checked, cut in four, kept and recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from errors import ProviderError, ProviderTimeout, StoryfarmError
from images import records
from images.editing import CheckedImage, check_image, cut_grid
from images.fetching import Fetcher
from images.records import Picture, kept_as
from images.storage import Storage
from jobs.notifier import Notifier
from ledger import Entry, Ledger
from midjourney import commands
from midjourney.captures import topic
from midjourney.commands import CommandRecord, CommandState
from midjourney.correlation import strip_parameters
from utils import clip, remaining

log = structlog.get_logger()

_FETCH_SECONDS = 30.0
PROVIDER = "midjourney"


class Keeper:
    """Keeps the pictures of captured commands: for whoever waits for one, or on a few threads of its own.

    `told` is called with each command's id and whether its pictures were kept. At most `threads` pictures
    are in hand at once, since a decoded grid takes 16 MB. `count` is written with each grid that is kept,
    and gets the ids of its job and its command.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        fetcher: Fetcher,
        storage: Storage,
        *,
        told: Callable[[str, bool], None],
        threads: int = 8,
        count: Callable[[Connection, str, str], object] = lambda _tx, _job_id, _id: None,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._fetcher = fetcher
        self._storage = storage
        self._told = told
        self._count = count
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="keeper")
        self._hands = threading.BoundedSemaphore(threads)
        self._lock = threading.Lock()
        self._at_work: set[str] = set()

    def keep(self, record: CommandRecord, *, deadline: float) -> tuple[Picture, ...]:
        """The command's pictures, fetched, checked, cut in four, kept and recorded.

        Nothing if that is under way elsewhere: its end is notified. Raises ProviderError, ProviderTimeout
        or OutOfSpace. Unless it is hopeless, the command stays captured and is tried again later.
        """
        if not self._begin(record.id):
            return ()
        try:
            pictures = self._keep(record, deadline)
        except ProviderTimeout:
            raise
        except StoryfarmError as error:
            self._failed(record, error)
            raise
        finally:
            self._end(record.id)
        self._told(record.id, True)
        return pictures

    def collect(self, command_id: str) -> None:
        """Keep this command's pictures soon, on a thread of the keeper's."""
        self._pool.submit(self._collect, command_id)

    def stop(self) -> None:
        """End after the pictures in hand; those in line stay captured and are fetched after a restart."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._fetcher.close()

    def _collect(self, command_id: str) -> None:
        try:
            with self._database.read() as tx:
                record = commands.load(tx, command_id)
            if record and record.state is CommandState.CAPTURED:
                self.keep(record, deadline=time.monotonic() + _FETCH_SECONDS)
        except StoryfarmError as error:
            log.info("picture.not_collected", command=command_id, code=error.code)
        except SQLAlchemyError as error:  # it stays captured: the sweep comes by again
            log.error("picture.not_recorded", command=command_id, error=type(error).__name__)
        except Exception:  # a bug with one picture must not take the thread of all others
            log.exception("picture.failed", command=command_id)
        # Behind what was just put, so that those who look now find it written.
        self._ledger.put(Entry(effects=[lambda: self._notifier.notify(topic(command_id))]))

    def _begin(self, command_id: str) -> bool:
        with self._lock:
            is_free = command_id not in self._at_work
            self._at_work.add(command_id)
        return is_free

    def _end(self, command_id: str) -> None:
        with self._lock:
            self._at_work.discard(command_id)

    def _keep(self, record: CommandRecord, deadline: float) -> tuple[Picture, ...]:
        started = time.monotonic()
        content = self._fetcher.fetch(
            record.source_url or "", deadline=min(deadline, started + _FETCH_SECONDS)
        )
        if not self._hands.acquire(timeout=remaining(deadline)):
            raise ProviderTimeout("The picture was not cut in time.", code="image_timeout")
        try:
            whole, parts = cut_grid(content) if record.is_grid else (check_image(content), ())
        finally:
            self._hands.release()
        kept = [_picture(record, whole, "grid" if parts else "picture", None)]
        kept += [_picture(record, part, "picture", number) for number, part in enumerate(parts, 1)]
        for picture, image in zip(kept, (whole, *parts), strict=True):
            self._storage.put(picture.file, image.content)
        self._ledger.put(Entry(writes=[lambda tx: self._record(tx, record, kept)]))
        log.info(
            "picture.kept",
            job=record.job_id,
            seed=record.seed,
            pictures=len(kept),
            keep_s=round(time.monotonic() - started, 3),
        )
        return tuple(kept)

    def _record(self, tx: Connection, record: CommandRecord, kept: list[Picture]) -> None:
        if commands.move(tx, record.id, CommandState.DONE, error=None):
            records.insert(tx, kept)
            self._count(tx, record.job_id, record.id)

    def _failed(self, record: CommandRecord, error: StoryfarmError) -> None:
        hopeless = isinstance(error, ProviderError) and (error.permanent or error.code == "not_a_picture")
        log.warning("picture.not_kept", command=record.id, code=error.code, hopeless=hopeless)
        problem = error.problem()

        def write(tx: Connection) -> None:
            if hopeless:
                commands.move(tx, record.id, CommandState.FAILED, error=problem)
            else:
                commands.note(tx, record.id, error=problem)

        self._ledger.put(Entry(writes=[write]))
        self._told(record.id, False)


def _picture(record: CommandRecord, image: CheckedImage, role: str, position: int | None) -> Picture:
    name = record.id if position is None else f"{record.id}-{position}"
    return Picture(
        **kept_as(name, image),
        job_id=record.job_id,
        role=role,
        position=position,
        alt=clip(strip_parameters(record.prompt), 300),
        provider=PROVIDER,
        model=PROVIDER,
        prompt=record.prompt,
        seed=record.seed,
        source_url=record.source_url,
        request_id=record.id,
    )
