"""The pictures of midjourney-proxy's tasks: painted when they are asked for, and equal each time."""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import Image

from sandbox.character import backdrop_of
from sandbox.figure import flat_figure, on_backdrop
from sandbox.illustration import flat, illustrate
from sandbox.likeness import Likeness
from sandbox.painter import preview

PATH = "/proxy/pictures/"
_MOST = 4000
_PREVIEW_PIXELS = 256


@dataclass(frozen=True)
class Commission:
    """What is to be painted: a grid of four pictures, `quarter` 0-3 of it, or the sole reference as it came.

    `pixels`: the longer side of the grid; `form`: its width and height in proportion, such as (3, 2).
    """

    prompt: str
    seed: int
    references: tuple[Likeness, ...]
    pixels: int
    form: tuple[int, int] = (1, 1)
    plain: bool = False
    quarter: int | None = None
    given: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of one of the four, in pixels."""
        width, height = (max(1, round(self.pixels // 2 * part / max(self.form))) for part in self.form)
        return width, height


class Gallery:
    """The addresses of the pictures; the oldest ones are forgotten."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pictures: OrderedDict[str, tuple[Commission, float]] = OrderedDict()

    def hang(self, name: str, commission: Commission, fraction: float = 1.0) -> str:
        """The address of the picture, at `fraction` (0..1) of its making."""
        self._pictures[name] = commission, fraction
        while len(self._pictures) > _MOST:
            self._pictures.popitem(last=False)
        return f"{self._url}{PATH}{name}"

    def find(self, name: str) -> tuple[Commission, float] | None:
        return self._pictures.get(name)


@lru_cache(maxsize=16)
def draw(commission: Commission, fraction: float) -> bytes:
    """The picture as a PNG file."""
    if fraction < 1:
        small = replace(commission, pixels=min(commission.pixels, _PREVIEW_PIXELS))
        image = preview(_painted(small), fraction)
    else:
        image = _painted(commission)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _painted(commission: Commission) -> Image.Image:
    if commission.given:
        return commission.references[0].picture
    if commission.quarter is not None:
        return _quarter(commission)
    width, height = commission.size
    grid = Image.new("RGB", (width * 2, height * 2))
    for number in range(4):
        quarter = _quarter(replace(commission, quarter=number))
        grid.paste(quarter, (number % 2 * width, number // 2 * height))
    return grid


@lru_cache(maxsize=8)
def _quarter(commission: Commission) -> Image.Image:
    """One of the four, which is what an upscale gives as well: never to be changed."""
    backdrop = backdrop_of(commission.prompt)
    if commission.plain:
        paint = flat_figure if backdrop else _flat
    else:
        paint = on_backdrop if backdrop else illustrate
    return paint(
        commission.prompt, commission.seed, commission.quarter or 0, commission.size, commission.references
    )


def _flat(
    prompt: str, seed: int, variant: int, size: tuple[int, int], likenesses: tuple[Likeness, ...]
) -> Image.Image:
    return flat(prompt, seed, variant, size, likenesses, transparent=False)
