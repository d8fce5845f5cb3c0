"""Several image providers as one, chosen by what they can do; whoever fails is passed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from chains import Failures, asked_in_turn
from circuit import Circuit
from database import Database
from errors import ProviderError, ProviderTimeout, StoryfarmError
from images import attempts, records
from images.attempts import Attempt
from images.provider import (
    Capabilities,
    ImageProvider,
    ImageRequest,
    Likeness,
    OnProgress,
    Progress,
    Reference,
)
from images.records import Picture
from ledger import Ledger
from utils import remaining

log = structlog.get_logger()

# The picture was drawn and could not be kept: another provider would be paid for nothing.
_OUR_OWN = frozenset({"storage_failed", "out_of_space"})

_CUT_OFF = {"code": "cut_off", "detail": "The service was stopped while this was drawn."}

# (what a reference looks like, in words); raises StoryfarmError.
Describe = Callable[[Reference, float], str]
CutOff = Callable[[Connection, ImageRequest], object]


@dataclass(frozen=True)
class ImageLink:
    """A provider with its name, its model, what it can do, and its circuit breaker."""

    name: str
    model: str
    provider: ImageProvider
    can: Capabilities
    circuit: Circuit


class ImageChain:
    """An ImageProvider made of others, in their order.

    The references go to a provider that sees pictures; for another one `describe` puts them into words.
    Every call is recorded before it is made. A refused prompt is not taken elsewhere. `cut_off` is written
    with a call that was under way when its process died: it may have been paid for.
    """

    def __init__(
        self,
        links: Sequence[ImageLink],
        database: Database,
        ledger: Ledger,
        *,
        describe: Describe,
        cut_off: CutOff = lambda _tx, _request: None,
    ) -> None:
        self.links = tuple(links)
        self._database = database
        self._ledger = ledger
        self._describe = describe
        self._cut_off = cut_off

    def generate(
        self, request: ImageRequest, *, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        """See ImageProvider.generate. Raises the last failure, with `attempts` if there were several."""
        if kept := self._kept(request):
            return kept
        failures = Failures("image model")
        for link, until in asked_in_turn(self._in_order(request), deadline, failures):
            try:
                with link.circuit.call(remaining(until)):
                    return self._ask(link, request, until, on_progress)
            except (ProviderError, ProviderTimeout) as error:
                if error.code in _OUR_OWN:
                    raise
                failures.add(link.name, error)
                on_progress(Progress(None, "Another painter is asked."))
        raise failures.error()

    def states(self) -> dict[str, Any]:
        """Each provider's circuit, by name."""
        return {link.name: link.circuit.state() for link in self.links}

    def reset(self) -> None:
        """Forget all failures."""
        for link in self.links:
            link.circuit.reset()

    def _kept(self, request: ImageRequest) -> tuple[Picture, ...]:
        """What an earlier call, of a process that was killed since, has left."""
        with self._database.read() as tx:
            return records.of_request(tx, request.job_id, request.id)

    def _in_order(self, request: ImageRequest) -> list[ImageLink]:
        """Who is asked: first of all whoever has begun it in an earlier life, and can go on."""
        with self._database.read() as tx:
            before = attempts.of_request(tx, request.id)
        going_on = {link.name for link in self.links if link.can.resumes}
        for attempt in before:
            if attempt.state == attempts.BEGUN and attempt.provider not in going_on:
                self._give_up(attempt, request)
        begun = before[-1].provider if before and before[-1].state == attempts.BEGUN else ""
        return sorted(self._fit(request), key=lambda link: link.name != begun or begun not in going_on)

    def _give_up(self, attempt: Attempt, request: ImageRequest) -> None:
        """Nobody can tell what has become of it, unless its end was written meanwhile."""

        def write(tx: Connection) -> None:
            if attempts.end(tx, attempt.id, attempts.FAILED, error=_CUT_OFF):
                self._cut_off(tx, replace(request, attempt=attempt.id))

        self._ledger.write(write)

    def _fit(self, request: ImageRequest) -> list[ImageLink]:
        """Who can do it; if nobody can leave out the background, everybody paints one."""
        able = [link for link in self.links if link.can.transparent or request.background != "transparent"]
        return able or list(self.links)

    def _ask(
        self, link: ImageLink, request: ImageRequest, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        request, likeness = self._fitted(link, request, deadline)
        attempt = attempts.new(
            request.id, request.job_id, provider=link.name, model=link.model, likeness=likeness
        )
        self._ledger.write(partial(attempts.insert, attempt=attempt))
        try:
            kept = link.provider.generate(
                replace(request, attempt=attempt.id), deadline=deadline, on_progress=on_progress
            )
        except StoryfarmError as error:
            self._ended(attempt, attempts.FAILED, error=error.problem())
            raise
        self._ended(attempt, attempts.DONE)
        return kept

    def _fitted(
        self, link: ImageLink, request: ImageRequest, deadline: float
    ) -> tuple[ImageRequest, Likeness]:
        """The request as this provider can take it."""
        if request.background:
            request = replace(request, background="transparent" if link.can.transparent else "")
        if not request.references:
            return request, Likeness.NONE
        if link.can.references:
            return request, Likeness.PICTURE
        words = [word for word in (self._in_words(each, deadline) for each in request.references) if word]
        request = replace(request, references=(), prompt=" ".join([request.prompt, *words]))
        return request, Likeness.WORDS if words else Likeness.NONE

    def _in_words(self, reference: Reference, deadline: float) -> str:
        """A picture that nobody could describe is drawn all the same."""
        try:
            return self._describe(reference, deadline)
        except StoryfarmError as error:
            log.warning("reference.not_described", code=error.code)
            return ""

    def _ended(self, attempt: Attempt, state: str, **changes: Any) -> None:
        self._ledger.write(partial(attempts.end, attempt_id=attempt.id, state=state, **changes))
