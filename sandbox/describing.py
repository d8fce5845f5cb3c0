"""Say in a sentence or two what a picture shows, from nothing but its pixels."""

from __future__ import annotations

import re

from PIL import Image, ImageFilter, ImageStat

from sandbox.canvas import Colour
from sandbox.likeness import Likeness

_NAMES: dict[str, Colour] = {
    "white": (250, 250, 250),
    "cream": (246, 236, 210),
    "silver grey": (188, 190, 194),
    "slate grey": (106, 112, 124),
    "black": (24, 22, 26),
    "tomato red": (222, 66, 52),
    "wine red": (126, 32, 48),
    "coral": (240, 128, 104),
    "pink": (242, 160, 190),
    "raspberry": (206, 48, 110),
    "orange": (240, 140, 44),
    "honey yellow": (240, 190, 70),
    "lemon yellow": (248, 230, 90),
    "sand": (216, 190, 146),
    "chestnut brown": (132, 80, 48),
    "dark brown": (70, 46, 34),
    "grass green": (104, 168, 72),
    "mint green": (160, 218, 184),
    "pine green": (40, 96, 66),
    "turquoise": (58, 168, 170),
    "sky blue": (130, 192, 236),
    "cornflower blue": (82, 124, 206),
    "navy blue": (28, 44, 98),
    "lilac": (182, 152, 216),
    "violet": (112, 64, 160),
}
# "Character: Mia, 6 years old", or a girl named Mia.
_NAMED = re.compile(
    r"(?:^\s*(?:Character|Name|Hero)\s*:\s*|\b(?:named|called|of)\s+)(?P<name>[A-ZÀ-Þ][\w'’-]*)", re.MULTILINE
)


def describe(pictures: tuple[Likeness, ...], asked: str) -> str:
    """One sentence for each of the first two pictures, with the name that `asked` gives to the first one."""
    named = _NAMED.search(asked)
    first, *others = (_sentence(picture) for picture in pictures)
    told = f"{named['name'] if named else 'The character'}: {first}"
    return f"{told} Beside it: {others[0]}" if others else told


def _sentence(picture: Likeness) -> str:
    width, height = picture.size
    form = "tall" if height > width * 1.15 else "wide" if width > height * 1.15 else "square"
    colours = list(dict.fromkeys(map(_named, picture.vivid)))
    wears = " and ".join(colours[:2])
    ground = "light" if sum(_rim(picture.picture)) > 3 * 140 else "dark"
    accent = f", with a touch of {colours[2]}" if len(colours) > 2 else ""
    return (
        f"a small figure in {wears}{accent}, seen on a {ground} ground in a {form} picture; "
        f"{_shapes(picture.picture)}."
    )


def _named(colour: Colour) -> str:
    """The name of the nearest colour; the eye weighs green most and blue least."""

    def distance(name: str) -> float:
        (r, g, b), (red, green, blue) = colour[:3], _NAMES[name][:3]
        return 3 * (r - red) ** 2 + 4 * (g - green) ** 2 + 2 * (b - blue) ** 2

    return min(_NAMES, key=distance)


def _rim(picture: Image.Image) -> list[float]:
    """The mean colour of the outermost tenth at the top and at both sides."""
    small = picture.resize((20, 20), Image.Resampling.BOX)
    strips = [small.crop(box) for box in ((0, 0, 20, 2), (0, 2, 2, 16), (18, 2, 20, 16))]
    means = [ImageStat.Stat(strip).mean for strip in strips]
    return [sum(band) / len(means) for band in zip(*means, strict=True)]


def _shapes(picture: Image.Image) -> str:
    edges = ImageStat.Stat(picture.resize((96, 96)).convert("L").filter(ImageFilter.FIND_EDGES)).mean[0]
    if edges < 12:
        return "round, quiet shapes and soft outlines"
    return "clear shapes with strong outlines" if edges < 34 else "many fine lines and lively details"
