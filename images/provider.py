"""What the flows ask of anything that makes pictures, and what they get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from images.records import Picture


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """A picture that a job wants. `id` names this wish within the job: asking twice continues it."""

    id: str
    job_id: str
    prompt: str
    style: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a picture is: `percent` 0-100, or None while nobody can tell; `message` is for people.

    `preview` tells unfinished states of the picture apart; "" while there is none to be seen.
    """

    percent: int | None
    message: str
    preview: str = ""


OnProgress = Callable[[Progress], None]


class ImageProvider(Protocol):
    def generate(
        self, request: ImageRequest, *, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        """The pictures for `request`, kept and recorded already.

        Blocks until `deadline` (a monotonic time) at the latest. Called again for the same request, after
        a restart say, it goes on where it was and does not pay again. What `on_progress` raises ends it.
        Raises ProviderError, ContentRefused, ProviderTimeout or OutOfSpace.
        """
