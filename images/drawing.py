"""Pictures of an image model behind an API: asked for, checked, kept and recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

import metrics
from errors import StoryfarmError
from images import attempts, records
from images.editing import ENDINGS, CheckedImage, check_image
from images.provider import ImageRequest, OnProgress, Progress, Reference, name_of
from images.records import Picture, kept_as
from images.storage import Storage
from ledger import Ledger
from prices import Prices
from text.model import Usage
from utils import clip

log = structlog.get_logger()

# How many unfinished states of a picture are asked for, where the API streams them.
PARTIALS = 2

# Counts a picture that was drawn, within a transaction: its request, and US dollars where they are known.
Count = Callable[[Connection, ImageRequest, float], object]
# Called with an unfinished picture's bytes.
OnPartial = Callable[[bytes], None]


@dataclass(frozen=True)
class Drawn:
    """A picture as it came, not checked yet. `source_url`: where it came from, if not in the answer."""

    content: bytes
    model: str
    usage: Usage
    source_url: str | None = None


class ImageApi(Protocol):
    """A doorway to an image model: see openai_images."""

    def draw(
        self,
        prompt: str,
        *,
        references: Sequence[Reference],
        size: str,
        background: str,
        deadline: float,
        on_partial: OnPartial,
    ) -> Drawn:
        """One picture. Raises ContentRefused, ProviderError or ProviderTimeout."""


class DrawingProvider:
    """An ImageProvider on top of an ImageApi. `kept` is called when a picture was kept.

    `count` is written together with what is known about a picture that was drawn.
    """

    def __init__(
        self,
        name: str,
        api: ImageApi,
        storage: Storage,
        ledger: Ledger,
        prices: Prices,
        *,
        seconds: float,
        kept: Callable[[], None],
        count: Count = lambda _tx, _request, _cost: None,
    ) -> None:
        self._name = name
        self._api = api
        self._storage = storage
        self._ledger = ledger
        self._prices = prices
        self._seconds = seconds
        self._kept = kept
        self._count = count

    def generate(
        self, request: ImageRequest, *, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        """See ImageProvider.generate: one picture, within `seconds` of the constructor."""
        partials = _Partials(name_of(request, self._name), self._storage, on_progress)
        on_progress(Progress(None, "The picture is being painted."))
        prompt = f"{request.prompt}\nStyle: {request.style}" if request.style else request.prompt
        try:
            drawn = self._api.draw(
                prompt,
                references=request.references,
                size=request.size,
                background=request.background,
                deadline=min(deadline, time.monotonic() + self._seconds),
                on_partial=partials.show,
            )
            return (self._keep(request, prompt, drawn),)
        finally:
            partials.remove()

    def _keep(self, request: ImageRequest, prompt: str, drawn: Drawn) -> Picture:
        """It was paid for: that is recorded even if it is no picture, or cannot be kept."""
        used = drawn.usage
        cost = self._prices.cost(drawn.model, used.prompt_tokens, used.completion_tokens)
        metrics.count_usage(self._name, drawn.model, used.prompt_tokens, used.completion_tokens, cost)

        def note(tx: Connection) -> None:
            told = {
                "model": drawn.model,
                "prompt_tokens": used.prompt_tokens,
                "completion_tokens": used.completion_tokens,
                "cost": cost,
            }
            # A call that was given up is counted already.
            if not request.attempt or attempts.note(tx, request.attempt, **told):
                self._count(tx, request, cost or 0.0)

        try:
            image = check_image(drawn.content)
            picture = self._picture(request, prompt, drawn, image)
            self._storage.put(picture.file, image.content)
        except StoryfarmError:
            self._ledger.write(note)
            raise
        try:
            self._ledger.write(note, lambda tx: records.insert(tx, [picture]))
        except IntegrityError:  # another process has drawn it meanwhile, under the same name
            log.warning("picture.drawn_twice", job=request.job_id, provider=self._name)
            self._ledger.write(note)
        log.info("picture.drawn", job=request.job_id, provider=self._name, model=drawn.model)
        self._kept()
        return picture

    def _picture(self, request: ImageRequest, prompt: str, drawn: Drawn, image: CheckedImage) -> Picture:
        name = name_of(request, self._name)
        return Picture(
            **kept_as(name, image),
            job_id=request.job_id,
            role="picture",
            position=None,
            alt=clip(request.alt or request.prompt, 300),
            provider=self._name,
            model=drawn.model,
            prompt=prompt,
            seed=None,
            source_url=drawn.source_url,
            request_id=request.id,
        )


class _Partials:
    """Unfinished states of one picture, kept under its own name with a number until it is finished."""

    def __init__(self, name: str, storage: Storage, on_progress: OnProgress) -> None:
        self._name = name
        self._storage = storage
        self._on_progress = on_progress
        self._files: list[str] = []

    def show(self, content: bytes) -> None:
        if len(self._files) >= PARTIALS:
            return
        number = len(self._files) + 1
        percent = round(100 * number / (PARTIALS + 1))
        try:
            image = check_image(content)
            file = f"{self._name}-{number}.{ENDINGS[image.mime]}"
            self._storage.put(file, image.content)
        except StoryfarmError as error:  # only a glimpse
            log.info("partial.not_shown", code=error.code)
            return
        self._files.append(file)
        try:
            self._on_progress(Progress(percent, "The picture is taking shape.", f"/images/{file}"))
        except Exception as error:  # noqa: BLE001  (whatever becomes of the job, this picture is paid for)
            log.info("partial.not_told", error=type(error).__name__)

    def remove(self) -> None:
        for file in self._files:
            try:
                self._storage.delete(file)
            except StoryfarmError as error:
                log.info("partial.not_removed", code=error.code)
