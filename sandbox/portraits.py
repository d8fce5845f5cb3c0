"""Show the pictures that were sent along in the scene: one on an easel, several on a garland."""

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageOps

from sandbox.canvas import Colour, Pen, Point, clear, darker, lighter, mix
from sandbox.farmyard import WOOD
from sandbox.likeness import Likeness

FRAME: Colour = (222, 178, 92)
ROPE: Colour = (150, 116, 84)
WIDEST = 0.085  # half of the width of a portrait on a garland
UPRIGHT = 1.25  # height of an oval, its width being 1
IN_A_ROW = 8
_FACES = (0.5, 0.35)  # where to keep the picture when it is cut to an oval: faces are above the middle


def draw_easel(pen: Pen, likeness: Likeness) -> None:
    """An easel with an oval portrait, one unit high, its feet on the origin."""
    dark = darker(WOOD, 0.25)
    pen.line([(0.02, -0.98), (0.13, -0.06)], 0.03, dark)
    pen.oval(0.0, -0.005, 0.3, 0.03, (30, 40, 70, 42))
    for side in (-1, 1):
        pen.line([(side * 0.02, -1.0), (side * 0.24, 0.0)], 0.036, WOOD)
    pen.block([(-0.25, -0.3), (0.25, -0.3), (0.25, -0.255), (-0.25, -0.255)], lighter(WOOD, 0.15), WOOD)
    _framed(pen, likeness, 0.0, -0.625, 0.255)


def hang_garland(
    pen: Pen, likenesses: Sequence[Likeness], room: tuple[float, float], top: float, gap: tuple[float, float]
) -> None:
    """Portraits on a rope from one side of `room` to the other, none of them over `gap` (both as x, x)."""
    most = max(IN_A_ROW, int((room[1] - room[0] - gap[1] + gap[0]) * 11))
    in_a_row = math.ceil(len(likenesses) / math.ceil(len(likenesses) / most))
    rows = [likenesses[at : at + in_a_row] for at in range(0, len(likenesses), in_a_row)]
    for row in rows:
        places, half = _places(len(row), room, gap)
        depth = 0.028 if len(row) < 4 else 0.045
        _rope(pen, room, top, depth)
        for x, likeness in zip(places, row, strict=True):
            knot = (x, _sag(x, room, top, depth))
            hook = (x, knot[1] + half * 0.35)
            pen.line([knot, hook], 0.006, ROPE)
            _framed(pen, likeness, x, hook[1] + half * UPRIGHT, half)
        top += half * 3.1 + depth


def _places(count: int, room: tuple[float, float], gap: tuple[float, float]) -> tuple[list[float], float]:
    """Where portraits hang, from left to right, and half of the width that they may have."""
    sides = [(room[0], gap[0]), (gap[1], room[1])] if gap[1] > gap[0] else [room]
    widths = [max(0.0, end - start) for start, end in sides]
    first = min(count, round(count * widths[0] / sum(widths))) if len(sides) > 1 else count
    places, half = [], WIDEST
    for (start, _), width, number in zip(sides, widths, (first, count - first), strict=False):
        if number:
            places += [start + width * (at + 0.5) / number for at in range(number)]
            half = min(half, width / number * 0.42)
    return places, half


def _sag(x: float, room: tuple[float, float], top: float, depth: float) -> float:
    share = (x - room[0]) / (room[1] - room[0])
    return top + depth * 4 * share * (1 - share)


def _rope(pen: Pen, room: tuple[float, float], top: float, depth: float) -> None:
    steps = [room[0] + (room[1] - room[0]) * step / 24 for step in range(25)]
    pen.line([(x, _sag(x, room, top, depth)) for x in steps], 0.007, ROPE)


def _framed(pen: Pen, likeness: Likeness, x: float, y: float, half: float) -> None:
    """The portrait in a golden oval frame around (x, y), `half` being half of its width."""
    border = half * 0.16
    for more, colour in (
        (0.0, darker(FRAME, 0.35)),
        (-border * 0.25, FRAME),
        (-border * 0.8, (255, 250, 238)),
    ):
        pen.oval(x, y, half + more, half * UPRIGHT + more, colour)
    pen.line(_arc(x, y, half - border * 0.5), max(0.002, border * 0.18), clear(lighter(FRAME, 0.6), 200))
    inner = half - border
    (left, upper), (right, lower) = pen.place(
        [(x - inner, y - half * UPRIGHT + border), (x + inner, y + half * UPRIGHT - border)]
    )
    box = round(left), round(upper), max(round(left) + 1, round(right)), max(round(upper) + 1, round(lower))
    size = box[2] - box[0], box[3] - box[1]
    picture = ImageOps.fit(likeness.picture, size, Image.Resampling.BICUBIC, centering=_FACES)
    light = mix(pen.ambient, (255, 255, 255), 0.6)
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=255)
    pen.canvas.image.paste(ImageChops.multiply(picture, Image.new("RGB", size, light[:3])), box[:2], mask)


def _arc(x: float, y: float, half: float) -> list[Point]:
    """The upper left part of an oval, where the light falls on the frame."""
    turn = ((-0.99, -0.14), (-0.87, -0.5), (-0.64, -0.77), (-0.34, -0.94), (0.0, -1.0))
    return [(x + a * half, y + b * half * UPRIGHT) for a, b in turn]
