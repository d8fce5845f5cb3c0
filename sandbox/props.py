"""Draw the things that a prompt may ask for, each one unit high on its origin, and say where they belong."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sandbox import animals
from sandbox.canvas import WHITE, Colour, Pen, clear, darker, lighter
from sandbox.farmyard import LAMPLIGHT, WOOD, draw_castle, draw_windmill
from sandbox.mood import Mood

TYRE: Colour = (58, 56, 68)
STRAW: Colour = (232, 196, 104)
TRIM: Colour = (252, 246, 232)


@dataclass(frozen=True)
class Prop:
    """How a thing is drawn, where it belongs (ground, sky, far or water) and its height in the picture."""

    draw: Callable[[Pen, Mood, Random], None]
    place: str
    height: float


def _wheel(pen: Pen, x: float, radius: float) -> None:
    pen.oval(x, -radius, radius, radius, TYRE)
    pen.oval(x, -radius, radius * 0.62, radius * 0.62, (246, 206, 96))
    pen.oval(x, -radius, radius * 0.25, radius * 0.25, TYRE)


def _tractor(pen: Pen, mood: Mood, rng: Random) -> None:
    paint = mood.accent
    pen.block(
        [(-0.36, -0.98), (0.2, -0.98), (0.14, -0.9), (-0.32, -0.9)], darker(paint, 0.1), darker(paint, 0.2)
    )
    pen.block([(-0.3, -0.9), (0.1, -0.9), (0.18, -0.45), (-0.3, -0.45)], (206, 232, 242), (164, 202, 222))
    pen.line([(-0.3, -0.92), (-0.3, -0.45)], 0.045, paint)
    pen.line([(0.1, -0.92), (0.18, -0.5)], 0.035, paint)
    pen.blob(
        [(0.12, -0.6), (0.5, -0.58), (0.68, -0.5), (0.7, -0.26), (0.12, -0.22)], lighter(paint, 0.15), paint
    )
    pen.block([(-0.42, -0.56), (0.2, -0.5), (0.2, -0.2), (-0.42, -0.24)], paint, darker(paint, 0.15))
    pen.line([(0.42, -0.56), (0.42, -0.84)], 0.04, TYRE)
    for x in (0.48, 0.54, 0.6):
        pen.line([(x, -0.44), (x, -0.32)], 0.014, darker(paint, 0.35))
    _wheel(pen, -0.28, 0.33)
    _wheel(pen, 0.5, 0.2)


def _balloon(pen: Pen, mood: Mood, rng: Random) -> None:
    """A hot-air balloon with a basket; it hangs from the origin upwards."""
    for x in (-0.1, 0.1):
        pen.line([(x, -0.14), (x * 2.0, -0.44)], 0.01, WOOD)
    stripes = (mood.accent, TRIM, mood.bow, TRIM, mood.accent)
    for index, colour in enumerate(stripes):
        reach = 0.38 - index * 0.085
        shell = [(0, -1.0), (reach * 0.8, -0.9), (reach, -0.68), (reach * 0.62, -0.42), (0, -0.34)]
        pen.blob(
            [*shell, *[(-x, y) for x, y in reversed(shell[1:4])]], lighter(colour, 0.1), darker(colour, 0.12)
        )
    pen.block([(-0.1, -0.16), (0.1, -0.16), (0.08, 0.0), (-0.08, 0.0)], lighter(WOOD, 0.2), WOOD)
    pen.line([(-0.11, -0.155), (0.11, -0.155)], 0.025, darker(WOOD, 0.2))


def _kite(pen: Pen, mood: Mood, rng: Random) -> None:
    tail = [(0.0, -0.3), (0.08, -0.18), (-0.04, -0.08), (0.05, 0.06), (-0.03, 0.2)]
    pen.line(tail, 0.014, TRIM)
    for x, y in tail[1:]:
        pen.blob(
            [(x - 0.06, y - 0.03), (x, y), (x + 0.06, y - 0.03), (x + 0.05, y + 0.03), (x - 0.05, y + 0.03)],
            mood.bow,
        )
    for corners, colour in (
        ([(0, -1), (0, -0.64), (-0.27, -0.64)], mood.accent),
        ([(0, -1), (0.27, -0.64), (0, -0.64)], lighter(mood.accent, 0.3)),
        ([(-0.27, -0.64), (0, -0.64), (0, -0.28)], lighter(mood.bow, 0.4)),
        ([(0.27, -0.64), (0, -0.64), (0, -0.28)], mood.bow),
    ):
        pen.polygon(corners, colour)


def _butterfly(pen: Pen, mood: Mood, rng: Random) -> None:
    for side in (-1, 1):
        pen.blob([(0, -0.5), (side * 0.4, -0.95), (side * 0.55, -0.7), (side * 0.3, -0.42)], mood.bow)
        pen.blob(
            [(0, -0.48), (side * 0.35, -0.42), (side * 0.36, -0.12), (side * 0.14, -0.14)],
            lighter(mood.bow, 0.3),
        )
        pen.oval(side * 0.36, -0.7, 0.07, 0.07, TRIM)
    pen.blob([(0, -0.7), (0.045, -0.5), (0, -0.15), (-0.045, -0.5)], (70, 52, 60))


def _rocket(pen: Pen, mood: Mood, rng: Random) -> None:
    flame = pen.in_light(WHITE)
    flame.blob([(-0.1, -0.2), (0.1, -0.2), (0.06, -0.06), (0, 0.1), (-0.06, -0.06)], (255, 176, 66))
    flame.blob([(-0.05, -0.2), (0.05, -0.2), (0, -0.02)], (255, 238, 150))
    for side in (-1, 1):
        pen.blob(
            [(side * 0.1, -0.45), (side * 0.27, -0.22), (side * 0.24, -0.12), (side * 0.1, -0.22)],
            mood.accent,
        )
    hull = [
        (0, -1.0),
        (0.14, -0.76),
        (0.17, -0.45),
        (0.1, -0.18),
        (-0.1, -0.18),
        (-0.17, -0.45),
        (-0.14, -0.76),
    ]
    pen.blob(hull, TRIM, (206, 208, 222))
    pen.blob([(0, -1.0), (0.1, -0.86), (0.13, -0.77), (-0.13, -0.77), (-0.1, -0.86)], mood.accent)
    pen.oval(0, -0.58, 0.09, 0.09, mood.accent)
    pen.oval(0, -0.58, 0.06, 0.06, (150, 206, 232))


def _boat(pen: Pen, mood: Mood, rng: Random) -> None:
    pen.line([(0, -0.2), (0, -1.0)], 0.025, WOOD)
    pen.block([(0.03, -0.96), (0.03, -0.28), (0.42, -0.28)], TRIM, (228, 222, 214))
    pen.block([(-0.03, -0.86), (-0.03, -0.28), (-0.3, -0.28)], lighter(mood.accent, 0.2), mood.accent)
    pen.polygon([(0, -1.0), (0.13, -0.96), (0, -0.92)], mood.bow)
    pen.block(
        [(-0.42, -0.22), (0.48, -0.22), (0.32, 0.0), (-0.28, 0.0)], mood.accent, darker(mood.accent, 0.25)
    )
    pen.line([(-0.42, -0.21), (0.48, -0.21)], 0.03, TRIM)
    for x, reach in ((-0.2, 0.3), (0.22, 0.26), (0.02, 0.4)):
        pen.oval(x, 0.01, reach, 0.014, clear(WHITE, 110))


def _pumpkin(pen: Pen, mood: Mood, rng: Random) -> None:
    for x, size, orange in (
        (-0.3, 0.3, (216, 112, 40)),
        (0.3, 0.3, (216, 112, 40)),
        (-0.16, 0.32, (230, 128, 48)),
        (0.16, 0.32, (230, 128, 48)),
        (0.0, 0.26, (244, 148, 62)),
    ):
        pen.oval(x, -0.4, size, 0.4, orange)
    pen.blob([(-0.06, -0.76), (-0.04, -0.98), (0.1, -1.0), (0.05, -0.76)], (96, 128, 66))
    pen.oval(-0.08, -0.56, 0.05, 0.12, clear(WHITE, 70))


def _hay(pen: Pen, mood: Mood, rng: Random) -> None:
    pen.oval(0.12, -0.5, 0.62, 0.5, darker(STRAW, 0.25))
    pen.oval(-0.1, -0.5, 0.52, 0.5, STRAW)
    for ring in (0.42, 0.3, 0.18, 0.07):
        pen.oval(-0.1, -0.5, ring * 1.02, ring, darker(STRAW, 0.12))
        pen.oval(-0.1, -0.5, ring * 0.92, ring * 0.9, lighter(STRAW, 0.12))
    for _ in range(0 if pen.canvas.tiny else 14):
        x = rng.uniform(-0.6, 0.7)
        pen.strand((x, 0.0), (x + rng.uniform(-0.12, 0.12), -rng.uniform(0.1, 0.2)), 0.01, 0.025, STRAW)


def _snowman(pen: Pen, mood: Mood, rng: Random) -> None:
    for y, r in ((-0.26, 0.28), (-0.6, 0.2), (-0.83, 0.14)):
        pen.oval(0, y, r, r, (208, 220, 236))
        pen.oval(-0.02, y - 0.015, r * 0.93, r * 0.93, (250, 252, 255))
    for y in (-0.3, -0.48, -0.62):
        pen.oval(0, y, 0.022, 0.022, TYRE)
    for x in (-0.05, 0.05):
        pen.oval(x, -0.86, 0.02, 0.02, TYRE)
    pen.polygon([(0, -0.84), (0.16, -0.8), (0, -0.79)], (240, 138, 56))
    pen.line([(-0.13, -0.72), (0.13, -0.72)], 0.06, mood.bow)
    pen.line([(0.09, -0.72), (0.13, -0.52)], 0.06, mood.bow)
    for side in (-1, 1):
        pen.line([(side * 0.17, -0.62), (side * 0.4, -0.74)], 0.022, WOOD)
    pen.block([(-0.11, -0.93), (0.11, -0.93), (0.1, -1.12), (-0.1, -1.12)], TYRE, TYRE)
    pen.line([(-0.17, -0.93), (0.17, -0.93)], 0.03, TYRE)


def _mushroom(pen: Pen, mood: Mood, rng: Random) -> None:
    for x, scale in ((0.0, 1.0), (0.42, 0.55)):
        one = pen.at(x, 0, scale)
        one.blob([(-0.12, 0.02), (-0.1, -0.5), (0.1, -0.5), (0.12, 0.02)], TRIM, (226, 212, 192))
        one.blob(
            [(-0.42, -0.5), (-0.3, -0.84), (0, -1.0), (0.3, -0.84), (0.42, -0.5), (0, -0.44)],
            (222, 74, 66),
            (188, 52, 56),
        )
        for dot_x, dot_y, r in (
            (-0.18, -0.68, 0.07),
            (0.05, -0.84, 0.065),
            (0.2, -0.62, 0.06),
            (0, -0.58, 0.05),
        ):
            one.oval(dot_x, dot_y, r, r * 0.8, TRIM)


def _sunflower(pen: Pen, mood: Mood, rng: Random) -> None:
    for x, scale in ((-0.26, 0.8), (0.28, 0.7), (0.0, 1.0)):
        one = pen.at(x, 0, scale)
        one.line([(0, 0.02), (0.02, -0.4), (0, -0.8)], 0.045, (82, 140, 72))
        for side in (-1, 1):
            one.blob(
                [(0, -0.24), (side * 0.12, -0.38), (side * 0.24, -0.36), (side * 0.12, -0.26)], (98, 158, 80)
            )
        for petal in range(14):
            angle = petal * math.tau / 14
            one.oval(0.17 * math.cos(angle), -0.8 + 0.17 * math.sin(angle), 0.06, 0.06, (250, 200, 60))
        one.oval(0, -0.8, 0.15, 0.15, (250, 188, 52))
        one.oval(0, -0.8, 0.11, 0.11, (120, 76, 50))


def _lantern(pen: Pen, mood: Mood, rng: Random) -> None:
    pen.line([(0, 0.02), (0, -1.0), (0.24, -1.0), (0.24, -0.9)], 0.04, darker(WOOD, 0.2))
    if not pen.canvas.tiny:
        ((x, y),) = pen.place([(0.24, -0.75)])
        pen.canvas.glow(x / pen.canvas.pixels, y / pen.canvas.pixels, pen.unit * 0.7, clear(LAMPLIGHT, 190))
    pen.in_light(WHITE).polygon([(0.15, -0.84), (0.33, -0.84), (0.31, -0.62), (0.17, -0.62)], LAMPLIGHT)
    pen.polygon([(0.12, -0.83), (0.24, -0.92), (0.36, -0.83)], TYRE)
    pen.line([(0.15, -0.62), (0.33, -0.62)], 0.03, TYRE)


def _gift(pen: Pen, mood: Mood, rng: Random) -> None:
    for x, scale, box, ribbon in ((-0.32, 0.7, mood.bow, TRIM), (0.22, 1.0, mood.accent, (248, 208, 92))):
        one = pen.at(x, 0, scale)
        one.block(
            [(-0.38, 0.0), (-0.38, -0.62), (0.38, -0.62), (0.38, 0.0)], lighter(box, 0.12), darker(box, 0.12)
        )
        one.polygon([(-0.42, -0.56), (-0.42, -0.7), (0.42, -0.7), (0.42, -0.56)], box)
        one.polygon([(-0.06, 0), (-0.06, -0.7), (0.06, -0.7), (0.06, 0)], ribbon)
        for side in (-1, 1):
            one.blob([(0, -0.7), (side * 0.14, -0.92), (side * 0.26, -0.84), (side * 0.2, -0.72)], ribbon)


def _ball(pen: Pen, mood: Mood, rng: Random) -> None:
    pen.oval(0, -0.5, 0.5, 0.5, mood.bow)
    pen.oval(-0.05, -0.55, 0.42, 0.42, lighter(mood.bow, 0.12))
    pen.polygon([(-0.46, -0.62), (0.46, -0.62), (0.48, -0.42), (-0.48, -0.42)], TRIM)
    pen.oval(-0.18, -0.76, 0.09, 0.06, clear(WHITE, 150))


PROPS: dict[str, Prop] = {
    "tractor": Prop(_tractor, "ground", 0.24),
    "balloon": Prop(_balloon, "sky", 0.27),
    "boat": Prop(_boat, "water", 0.17),
    "pumpkin": Prop(_pumpkin, "ground", 0.12),
    "chicken": Prop(animals.chicken, "ground", 0.15),
    "sheep": Prop(animals.sheep, "ground", 0.2),
    "cow": Prop(animals.cow, "ground", 0.25),
    "pig": Prop(animals.pig, "ground", 0.16),
    "cat": Prop(animals.cat, "ground", 0.2),
    "duck": Prop(animals.duck, "ground", 0.13),
    "castle": Prop(draw_castle, "far", 0.25),
    "kite": Prop(_kite, "sky", 0.2),
    "butterfly": Prop(_butterfly, "sky", 0.06),
    "hay": Prop(_hay, "ground", 0.15),
    "windmill": Prop(draw_windmill, "far", 0.25),
    "rocket": Prop(_rocket, "sky", 0.23),
    "snowman": Prop(_snowman, "ground", 0.24),
    "mushroom": Prop(_mushroom, "ground", 0.12),
    "sunflower": Prop(_sunflower, "ground", 0.22),
    "lantern": Prop(_lantern, "ground", 0.26),
    "gift": Prop(_gift, "ground", 0.13),
    "ball": Prop(_ball, "ground", 0.075),
}

# What may stand in the yard when the prompt asks for nothing in particular.
EVERYDAY: tuple[str, ...] = (
    "chicken",
    "sheep",
    "hay",
    "sunflower",
    "ball",
    "duck",
    "cat",
    "windmill",
    "butterfly",
)
