"""What the midjourney-proxy makes of its own grids: asked first, and left where it cannot."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import structlog

from errors import StoryfarmError
from images import records
from images.provider import UPSCALE, Action, ImageProvider, ImageRequest, OnProgress
from images.records import Picture
from jobs.rows import Job
from ledger import Ledger
from midjourney.proxy_running import NAME
from utils import derived_id

log = structlog.get_logger()

# A quarter of the grid is nearly as good: nobody waits longer than this for its upscale.
_UPSCALE_SECONDS = 30.0


class ByProxy:
    """`proxy` is None where there is none. What `seconds` do not suffice for is given up."""

    def __init__(self, proxy: ImageProvider | None, ledger: Ledger, *, seconds: float) -> None:
        self._proxy = proxy
        self._ledger = ledger
        self._seconds = seconds

    def upscale(self, job: Job, quarter: Picture, role: str, *, on_progress: OnProgress) -> Picture | None:
        """The quarter as the proxy's U button gives it, placed beside it in `role`; None if it does not."""
        kept = self.change(
            job, quarter, Action(name=UPSCALE, index=quarter.position), on_progress=on_progress
        )
        if not kept or not quarter.album or not quarter.slot:
            return None
        place = partial(records.place, album=quarter.album, slot=quarter.slot)
        self._ledger.write(lambda tx: place(tx, [kept[0].id], role=role, source_url=quarter.id))
        return replace(kept[0], album=quarter.album, slot=quarter.slot, role=role, source_url=quarter.id)

    def change(
        self, job: Job, source: Picture, action: Action, *, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        """What becomes of the grid that `source` is a part of; () if the proxy has not painted it, or fails.

        Asked again by the same job it goes on.
        """
        if not self.has_painted(source) or self._proxy is None:
            return ()
        request = ImageRequest(
            id=derived_id(job.id, f"{source.slot}/{action.name}"),
            job_id=job.id,
            prompt=source.prompt,
            alt=source.alt,
            action=replace(action, of=source.request_id or ""),
        )
        seconds = _UPSCALE_SECONDS if action.name == UPSCALE else self._seconds
        try:
            return self._proxy.generate(request, deadline=time.monotonic() + seconds, on_progress=on_progress)
        except StoryfarmError as error:
            log.info("proxy.not_changed", job=job.id, action=action.name, code=error.code)
            return ()

    def has_painted(self, picture: Picture) -> bool:
        """Whether it is a part of one of the proxy's grids, so that it can be asked for more."""
        return self._proxy is not None and picture.provider == NAME and picture.request_id is not None
