"""What the flows ask of anything that makes pictures, and what they get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from images.editing import CheckedImage
from images.records import Picture
from utils import derived_id


class Likeness(StrEnum):
    """How a picture was made to look like its references, from the weakest way to the strongest."""

    NONE = "none"
    WORDS = "words"  # a description of the references went into the prompt
    PICTURE = "picture"  # the model saw the references themselves


@dataclass(frozen=True)
class Reference:
    """Somebody or something that has to look the same: `name` is how the prompt calls it."""

    name: str
    image: CheckedImage


UPSCALE, VARIATION, REROLL, BLEND = "UPSCALE", "VARIATION", "REROLL", "BLEND"


@dataclass(frozen=True, kw_only=True)
class Action:
    """What MidJourney is to do other than to paint a prompt.

    UPSCALE and VARIATION of picture `index` (1-4), and REROLL, are made of the grid that was painted for the
    request `of`; BLEND is made of the request's references, its `form` PORTRAIT, SQUARE or LANDSCAPE.
    """

    name: str
    of: str = ""
    index: int | None = None
    form: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """A picture that a job wants. `id` names this wish within the job: asking twice continues it.

    `size` in pixels such as "1024x1024", "" for the provider's own; `background` may be "transparent",
    or "clear", which is the same where a provider can do it and asks nobody else for its sake.
    `alt` is what the picture shows, for those who do not see it; the prompt where it is empty. `attempt`
    is the record of this call, where one is kept. `action` is for the midjourney-proxy alone.
    """

    id: str
    job_id: str
    prompt: str
    style: str = ""
    references: tuple[Reference, ...] = ()
    size: str = ""
    background: str = ""
    alt: str = ""
    attempt: str = ""
    action: Action | None = None


def name_of(request: ImageRequest, provider: str) -> str:
    """What this provider's picture for the request is called: a late one must not replace a stand-in's."""
    return derived_id(request.id, provider)


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do, by which a chain chooses it.

    `references`: it sees reference pictures. `transparent`: it can leave out the background. `resumes`:
    asked again for the same request, it goes on with what it has begun.
    """

    references: bool = False
    resumes: bool = False
    transparent: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a picture is: `percent` 0-100, or None while nobody can tell; `message` is for people.

    `preview` tells unfinished states of the picture apart, or is where one lies ("/images/..."); "" while
    there is none to be seen.
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
