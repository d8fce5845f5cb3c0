"""Draw the hero of every picture: a small Yorkshire terrier with a bow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sandbox.canvas import Colour, Pen, Point, clear, darker, lighter, mix

INK: Colour = (38, 28, 34)
BLUSH: Colour = (238, 160, 138)

# Locks of hair: from where to where, and how far they bend.
Locks = Sequence[tuple[Point, Point, float]]


@dataclass(frozen=True)
class Coat:
    """The colours of the hair: tan, gold and cream of face, chest and legs, steel and slate of the rest."""

    tan: Colour
    gold: Colour
    cream: Colour
    steel: Colour
    slate: Colour


BLUE_AND_TAN = Coat((214, 152, 88), (236, 188, 124), (250, 222, 176), (104, 120, 144), (58, 68, 88))


@dataclass(frozen=True)
class Yorkie:
    """How the dog stands: pose ("sitting" or "standing"), the way it faces, its bow, neckerchief and coat."""

    pose: str
    flip: bool
    tilt: float
    bow: Colour
    happy: bool
    crown: bool = False
    scarf: Colour | None = None
    coat: Coat = BLUE_AND_TAN


def draw_yorkie(pen: Pen, dog: Yorkie, rng: Random) -> None:
    """The dog stands on the pen's origin and is about one unit high."""
    pen = pen.at(0, 0, flip=dog.flip)
    POSES[dog.pose](pen, dog, rng)


def _sitting(pen: Pen, dog: Yorkie, rng: Random) -> None:
    coat = dog.coat
    _tail(pen.at(0.24, -0.2, 0.9, 0.5), coat, rng)
    back = [(-0.16, -0.56), (0.16, -0.56), (0.25, -0.36), (0.34, -0.14), (0.33, -0.01)]
    pen.blob([*back, (0.0, -0.0), *[(-x, y) for x, y in reversed(back[2:])]], coat.steel, coat.slate)
    _locks(pen, rng, _sides(rng, 26), (coat.steel, coat.slate, lighter(coat.steel, 0.25)))
    for side in (-1, 1):
        pen.oval(side * 0.235, -0.025, 0.095, 0.042, coat.tan)
        pen.oval(side * 0.255, -0.018, 0.07, 0.03, coat.gold)
    for side in (-1, 1):
        _leg(pen, coat, side * 0.085, -0.36)
    chest = [(-0.15, -0.55), (0.15, -0.55), (0.15, -0.36), (0.09, -0.22), (0, -0.14), (-0.09, -0.22)]
    pen.blob([*chest, (-0.15, -0.36)], coat.gold, coat.tan)
    _locks(pen, rng, _bib(rng, 18), (coat.gold, coat.cream, coat.tan))
    _scarf(pen.at(0, -0.47), dog)
    _head(pen.at(0, -0.63, 1.0, dog.tilt), dog, rng)


def _standing(pen: Pen, dog: Yorkie, rng: Random) -> None:
    coat = dog.coat
    _tail(pen.at(-0.36, -0.46, 1.0, -0.35), coat, rng)
    for x in (-0.24, 0.2):
        _leg(pen, coat, x + 0.07, -0.3, 0.25)
    for x in (-0.28, 0.15):
        _leg(pen, coat, x, -0.3)
    body = [(-0.38, -0.44), (-0.2, -0.53), (0.1, -0.53), (0.3, -0.5), (0.33, -0.3), (0.24, -0.13)]
    pen.blob([*body, (0.0, -0.1), (-0.25, -0.11), (-0.39, -0.2), (-0.43, -0.33)], coat.steel, coat.slate)
    _locks(pen, rng, _flank(rng, 34), (coat.steel, coat.slate, lighter(coat.steel, 0.25)))
    pen.blob([(0.12, -0.5), (0.36, -0.5), (0.38, -0.3), (0.28, -0.16), (0.17, -0.28)], coat.gold, coat.tan)
    _locks(pen.at(0.25, 0.02), rng, _bib(rng, 14), (coat.gold, coat.cream, coat.tan))
    _scarf(pen.at(0.25, -0.44), dog)
    _head(pen.at(0.25, -0.6, 0.96, dog.tilt), dog, rng)


POSES = {"sitting": _sitting, "standing": _standing}


def _locks(pen: Pen, rng: Random, paths: Locks, shades: tuple[Colour, ...]) -> None:
    if pen.canvas.tiny:
        return
    for start, end, bend in paths:
        shade = mix(rng.choice(shades), rng.choice(shades), rng.random())
        pen.strand(start, end, bend, rng.uniform(0.014, 0.03), clear(shade, 215))


def _sides(rng: Random, count: int) -> Locks:
    """The silky coat falls from the shoulders to the ground on both sides of the chest."""
    paths = []
    for index in range(count):
        side = 1 if index % 2 else -1
        spread = rng.uniform(0.25, 1.0)
        top = (side * (0.08 + 0.1 * spread), rng.uniform(-0.54, -0.34))
        hem = (side * (0.1 + 0.25 * spread), rng.uniform(-0.1, 0.0))
        paths.append((top, hem, side * -0.03))
    return paths


def _flank(rng: Random, count: int) -> Locks:
    """The coat parts on the spine and hangs down to the dog's knees."""
    paths = []
    for _ in range(count):
        x = rng.uniform(-0.38, 0.16)
        top = (x, rng.uniform(-0.52, -0.38) + max(0.0, -0.25 - x) * 0.4)
        paths.append((top, (x * 1.06 - 0.03, rng.uniform(-0.16, -0.07)), rng.uniform(-0.01, 0.03)))
    return paths


def _bib(rng: Random, count: int) -> Locks:
    paths = []
    for _ in range(count):
        x = rng.uniform(-0.13, 0.13)
        tip = (x * 0.75, -0.16 - abs(x) * 0.9 + rng.uniform(-0.03, 0.02))
        paths.append(((x, rng.uniform(-0.5, -0.4)), tip, rng.uniform(-0.02, 0.02)))
    return paths


def _scarf(pen: Pen, dog: Yorkie) -> None:
    """A neckerchief with dots in the colour of the bow; the head hides its knot."""
    if dog.scarf is None:
        return
    pen.blob([(-0.18, -0.03), (0.0, -0.01), (0.18, -0.03), (0.1, 0.1), (0.0, 0.23), (-0.1, 0.1)], dog.scarf)
    if not pen.canvas.tiny:
        for x, y in ((-0.09, 0.04), (0.0, 0.06), (0.09, 0.04), (-0.045, 0.11), (0.045, 0.11), (0.0, 0.165)):
            pen.oval(x, y, 0.015, 0.015, dog.bow)


def _leg(pen: Pen, coat: Coat, x: float, top: float, shade: float = 0.0) -> None:
    colour = darker(coat.tan, shade)
    light = mix(colour, coat.gold, 0.6)
    pen.blob([(x - 0.055, top), (x + 0.055, top), (x + 0.052, -0.05), (x - 0.052, -0.05)], light, colour)
    pen.oval(x, -0.032, 0.072, 0.042, colour)
    pen.oval(x, -0.038, 0.066, 0.036, light)
    if not pen.canvas.tiny:
        for toe in (-0.022, 0.022):
            pen.line([(x + toe, -0.03), (x + toe, -0.008)], 0.008, darker(colour, 0.25))


def _tail(pen: Pen, coat: Coat, rng: Random) -> None:
    pen.blob([(-0.04, 0.02), (-0.07, -0.13), (0.0, -0.26), (0.08, -0.14), (0.05, 0.02)], coat.slate)
    fan = [((0.0, 0.0), (rng.uniform(-0.13, 0.13), rng.uniform(-0.3, -0.2)), 0.02) for _ in range(10)]
    _locks(pen, rng, fan, (coat.steel, coat.slate, coat.gold))


def _head(pen: Pen, dog: Yorkie, rng: Random) -> None:
    """The head around its centre, about 0.5 wide and 0.5 high with the ears."""
    coat = dog.coat
    for mirrored in (False, True):
        _ear(pen.at(0.0, 0.0, flip=mirrored), coat)
    mane = [(0, -0.2), (0.15, -0.17), (0.235, -0.03), (0.25, 0.1), (0.17, 0.2), (0, 0.22)]
    pen.blob([*mane, *[(-x, y) for x, y in reversed(mane[1:5])]], coat.tan, darker(coat.tan, 0.12))
    _locks(pen, rng, _whiskers(rng, 40), (coat.tan, coat.gold, mix(coat.tan, coat.gold, 0.5)))
    face = [(0, -0.16), (0.12, -0.14), (0.175, -0.02), (0.15, 0.1), (0, 0.16)]
    pen.blob([*face, *[(-x, y) for x, y in reversed(face[1:4])]], coat.gold, mix(coat.gold, coat.tan, 0.35))
    _fringe(pen, coat, rng)
    _muzzle(pen, dog, rng)
    for side in (-1, 1):
        _eye(pen, coat, side * 0.085, -0.025)
    _topknot(pen, dog, rng)


def _ear(pen: Pen, coat: Coat) -> None:
    pen.blob(
        [(0.05, -0.14), (0.12, -0.27), (0.205, -0.345), (0.24, -0.22), (0.2, -0.05)], darker(coat.tan, 0.15)
    )
    pen.blob([(0.1, -0.13), (0.14, -0.24), (0.195, -0.3), (0.215, -0.21), (0.18, -0.08)], BLUSH)
    if not pen.canvas.tiny:
        for x in (0.1, 0.125, 0.15):
            pen.strand((x, -0.08), (x + 0.03, -0.21), 0.01, 0.02, clear(coat.gold, 230))


def _whiskers(rng: Random, count: int) -> Locks:
    """Cheek hair runs outwards and down from the middle of the face."""
    paths = []
    for index in range(count):
        angle = math.pi * (index + rng.random()) / count
        start = (0.12 * math.cos(angle), 0.02 + 0.06 * math.sin(angle))
        reach = rng.uniform(0.22, 0.29)
        paths.append((start, (reach * math.cos(angle), 0.04 + reach * 0.8 * math.sin(angle)), 0.02))
    return paths


def _fringe(pen: Pen, coat: Coat, rng: Random) -> None:
    sides = [
        ((side * 0.02, -0.17), (side * rng.uniform(0.12, 0.2), rng.uniform(-0.09, 0.05)), side * -0.04)
        for side in (-1, 1)
        for _ in range(7)
    ]
    _locks(pen, rng, sides, (coat.tan, coat.gold, mix(coat.tan, coat.gold, 0.6)))


def _muzzle(pen: Pen, dog: Yorkie, rng: Random) -> None:
    coat = dog.coat
    if dog.happy:
        pen.blob([(-0.04, 0.1), (0.04, 0.1), (0.035, 0.17), (0, 0.195), (-0.035, 0.17)], (150, 58, 66))
        pen.blob(
            [(-0.027, 0.125), (0.027, 0.125), (0.026, 0.175), (0, 0.2), (-0.026, 0.175)], (238, 128, 138)
        )
    for side in (-1, 1):
        cheek = [
            (0, 0.03),
            (side * 0.07, 0.025),
            (side * 0.125, 0.09),
            (side * 0.1, 0.165),
            (side * 0.03, 0.12),
        ]
        pen.blob(cheek, coat.cream)
    beard = [
        ((side * 0.015, 0.06), (side * rng.uniform(0.07, 0.16), rng.uniform(0.12, 0.21)), side * -0.02)
        for side in (-1, 1)
        for _ in range(9)
    ]
    _locks(pen, rng, beard, (coat.cream, lighter(coat.gold, 0.3), coat.gold))
    pen.blob([(-0.045, 0.03), (0, 0.018), (0.045, 0.03), (0.026, 0.066), (0, 0.078), (-0.026, 0.066)], INK)
    if not pen.canvas.tiny:
        pen.oval(-0.013, 0.035, 0.014, 0.007, (150, 140, 150))
        pen.line([(0, 0.075), (0, 0.102)], 0.009, INK)
        for side in (-1, 1):
            pen.line([(0, 0.102), (side * 0.022, 0.112), (side * 0.045, 0.104)], 0.009, INK)


def _eye(pen: Pen, coat: Coat, x: float, y: float) -> None:
    if not pen.canvas.tiny:
        pen.oval(x, y + 0.002, 0.044, 0.046, darker(coat.tan, 0.35))
    pen.oval(x, y, 0.037, 0.04, INK)
    if pen.canvas.tiny:
        return
    pen.oval(x, y + 0.013, 0.022, 0.02, (112, 70, 48))
    pen.oval(x, y - 0.002, 0.018, 0.02, INK)
    pen.oval(x - 0.012, y - 0.014, 0.0125, 0.0125, (255, 255, 255))
    pen.oval(x + 0.013, y + 0.014, 0.006, 0.006, (255, 255, 255, 190))


def _topknot(pen: Pen, dog: Yorkie, rng: Random) -> None:
    coat = dog.coat
    tuft = [((0, -0.17), (rng.uniform(-0.1, 0.1), rng.uniform(-0.34, -0.26)), 0.02) for _ in range(12)]
    pen.blob([(-0.03, -0.15), (-0.05, -0.25), (0, -0.29), (0.05, -0.25), (0.03, -0.15)], coat.tan)
    _locks(pen, rng, tuft, (coat.tan, coat.gold, coat.cream))
    if dog.crown:
        _crown(pen.at(0, -0.17))
        return
    for side in (-1, 1):
        loop = [(0, -0.185), (side * 0.06, -0.245), (side * 0.105, -0.225), (side * 0.105, -0.15)]
        pen.blob([*loop, (side * 0.06, -0.14)], dog.bow, darker(dog.bow, 0.2))
        pen.line([(side * 0.015, -0.188), (side * 0.065, -0.195)], 0.01, darker(dog.bow, 0.3))
    pen.oval(0, -0.188, 0.027, 0.03, lighter(dog.bow, 0.2))


def _crown(pen: Pen) -> None:
    gold: Colour = (246, 200, 66)
    points = [
        (-0.11, 0.0),
        (-0.13, -0.14),
        (-0.06, -0.07),
        (0, -0.17),
        (0.06, -0.07),
        (0.13, -0.14),
        (0.11, 0.0),
    ]
    pen.block(points, lighter(gold, 0.3), darker(gold, 0.15))
    for x, y in ((-0.13, -0.14), (0, -0.17), (0.13, -0.14)):
        pen.oval(x, y, 0.016, 0.016, (226, 76, 92))
