"""Brings captured pictures home: fetched at once, checked, cut in four, kept and recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from errors import ProviderError, StoryfarmError
from images import records
from images.editing import ENDINGS, CheckedImage, check_image, cut_grid
from images.fetching import Fetcher
from images.records import Picture
from images.storage import Storage
from jobs.notifier import Notifier
from midjourney import commands
from midjourney.captures import topic
from midjourney.commands import CommandRecord, CommandState
from midjourney.correlation import strip_parameters
from utils import clip

log = structlog.get_logger()

_FETCH_SECONDS = 30.0
PROVIDER = "midjourney"


class Keeper:
    """Fetches and keeps the pictures of captured commands on a few threads of its own.

    `told` is called with the command's id and whether its pictures were kept.
    """

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        fetcher: Fetcher,
        storage: Storage,
        *,
        told: Callable[[str, bool], None],
        threads: int = 8,
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._fetcher = fetcher
        self._storage = storage
        self._told = told
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="keeper")
        self._lock = threading.Lock()
        self._at_work: set[str] = set()

    def collect(self, command_id: str) -> None:
        """Fetch and keep this command's picture soon; does nothing if that is under way."""
        with self._lock:
            if command_id in self._at_work:
                return
            self._at_work.add(command_id)
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
                self._keep(record)
        except StoryfarmError as error:
            self._failed(command_id, error)
        except SQLAlchemyError as error:  # it stays captured: the sweep comes by again
            log.error("picture.not_recorded", command=command_id, error=type(error).__name__)
        except Exception:  # a bug with one picture must not take the thread of all others
            log.exception("picture.failed", command=command_id)
        finally:
            with self._lock:
                self._at_work.discard(command_id)

    def _keep(self, record: CommandRecord) -> None:
        started = time.monotonic()
        content = self._fetcher.fetch(record.source_url or "", deadline=started + _FETCH_SECONDS)
        if record.is_grid:
            whole, parts = cut_grid(content)
        else:
            whole, parts = check_image(content), ()
        kept = [_picture(record, whole, "grid" if parts else "picture", None)]
        kept += [_picture(record, part, "picture", number) for number, part in enumerate(parts, 1)]
        for picture, image in zip(kept, (whole, *parts), strict=True):
            self._storage.put(picture.file, image.content)
        with self._database.write() as tx:
            if commands.move(tx, record.id, CommandState.DONE, error=None):
                records.insert(tx, kept)
        self._notifier.notify(topic(record.id))
        self._told(record.id, True)
        log.info(
            "picture.kept",
            job=record.job_id,
            seed=record.seed,
            pictures=len(kept),
            keep_s=round(time.monotonic() - started, 3),
        )

    def _failed(self, command_id: str, error: StoryfarmError) -> None:
        """Tell those who wait. Unless it is hopeless the picture stays captured and is tried again later."""
        hopeless = isinstance(error, ProviderError) and (error.permanent or error.code == "not_a_picture")
        log.warning("picture.not_kept", command=command_id, code=error.code, hopeless=hopeless)
        with self._database.write() as tx:
            if hopeless:
                commands.move(tx, command_id, CommandState.FAILED, error=error.problem())
            else:
                commands.note(tx, command_id, error=error.problem())
        self._notifier.notify(topic(command_id))
        self._told(command_id, False)


def _picture(record: CommandRecord, image: CheckedImage, role: str, position: int | None) -> Picture:
    name = record.id if position is None else f"{record.id}-{position}"
    return Picture(
        id=name,
        job_id=record.job_id,
        file=f"{name}.{ENDINGS[image.mime]}",
        role=role,
        position=position,
        mime=image.mime,
        width=image.width,
        height=image.height,
        sha256=image.sha256,
        alt=clip(strip_parameters(record.prompt), 300),
        provider=PROVIDER,
        model=PROVIDER,
        prompt=record.prompt,
        seed=record.seed,
        source_url=record.source_url,
        created_at=time.time(),
    )
