"""Look at a picture that was sent along: open it safely, and see its colours."""

from __future__ import annotations

import hashlib
import io
import math
from collections import Counter
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from sandbox.canvas import Colour
from sandbox.refusals import Refused

HEAVIEST = 50_000_000  # bytes of one picture, from OpenAI's documentation
_MOST_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")
_KEPT = 512  # pixels of the longest side of what is kept
_GROUND: Colour = (250, 246, 236)  # shines through where a picture is transparent
_COLOURS = 6
_APART = 60.0  # nearer than that in the RGB cube two colours count as one


@dataclass(frozen=True, eq=False)
class Likeness:
    """A picture as the sandbox remembers it.

    `size` in pixels as it was sent; `picture` is RGB and at most 512 pixels wide and high. `palette`: its
    main colours, the one with the most area first; `vivid`: the same, the most striking first.
    """

    sha256: str
    size: tuple[int, int]
    mean: Colour
    palette: tuple[Colour, ...]
    vivid: tuple[Colour, ...]
    picture: Image.Image = field(repr=False)


def look_at(content: bytes, param: str) -> Likeness:
    """Raises Refused, which names the field `param`, if `content` is no picture that can be opened."""
    if len(content) > HEAVIEST:
        raise Refused(400, "image_too_large", "A picture may have 50 MB.", param=param)
    picture, size = _opened(content, param)
    shares = _shares(picture)
    striking = sorted(shares, key=lambda one: -_strength(*one))
    return Likeness(
        sha256=hashlib.sha256(content).hexdigest(),
        size=size,
        mean=_pixels(picture.resize((1, 1), Image.Resampling.BOX))[0],
        palette=tuple(colour for colour, _ in shares),
        vivid=tuple(colour for colour, _ in striking),
        picture=picture,
    )


def _opened(content: bytes, param: str) -> tuple[Image.Image, tuple[int, int]]:
    """The picture, made small, and the size that it had."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise Refused(400, "invalid_image", "The picture has too many pixels.", param=param)
            image.draft("RGB", (_KEPT, _KEPT))
            size = image.size
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise Refused(400, "invalid_image", "This is no PNG, JPEG or WebP picture.", param=param) from error
    upright.thumbnail((_KEPT, _KEPT), Image.Resampling.BOX, reducing_gap=2.0)
    flat = Image.new("RGB", upright.size, _GROUND[:3])
    flat.paste(upright, (0, 0), upright)
    return flat, size


def _shares(picture: Image.Image) -> list[tuple[Colour, float]]:
    """The main colours with their share of the area (0..1), the largest first."""
    small = picture.resize((48, 48), Image.Resampling.BOX)
    reduced = small.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    counted = Counter(_pixels(reduced))
    found: list[tuple[Colour, float]] = []
    for colour, count in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        share = count / (48 * 48)
        near = next((at for at, (other, _) in enumerate(found) if _distance(other, colour) < _APART), None)
        if near is None:
            found.append((colour, share))
        else:
            found[near] = (found[near][0], found[near][1] + share)
    return sorted(found, key=lambda one: -one[1])


def _strength(colour: Colour, share: float) -> float:
    """How much a colour strikes the eye: by its purity more than by its area."""
    return float((max(colour[:3]) - min(colour[:3]) + 20) * share**0.35)


def _distance(one: Colour, other: Colour) -> float:
    return math.dist(one[:3], other[:3])


def _pixels(picture: Image.Image) -> list[Colour]:
    content = picture.tobytes()
    return [tuple(content[at : at + 3]) for at in range(0, len(content), 3)]
