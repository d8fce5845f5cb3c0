"""Draw the dog's neighbours, each one unit high on its origin and looking to the right."""

from random import Random

from sandbox.canvas import Colour, Pen, darker, lighter
from sandbox.mood import Mood

INK: Colour = (44, 36, 46)
BEAK: Colour = (242, 160, 58)
WOOL: Colour = (250, 246, 238)
PINK: Colour = (242, 172, 172)


def _eye(pen: Pen, x: float, y: float, radius: float = 0.03) -> None:
    pen.oval(x, y, radius, radius, INK)
    if not pen.canvas.tiny:
        pen.oval(x - radius * 0.3, y - radius * 0.35, radius * 0.35, radius * 0.35, (255, 255, 255))


def chicken(pen: Pen, mood: Mood, rng: Random) -> None:
    feather = rng.choice(((252, 244, 228), (206, 122, 70), (236, 196, 130)))
    for x in (-0.06, 0.1):
        pen.line([(x, -0.2), (x, 0.0), (x + 0.09, 0.0)], 0.03, BEAK)
    for x in (0.2, 0.27, 0.34):
        pen.oval(x, -0.93 + abs(x - 0.27) * 0.4, 0.05, 0.07, (214, 60, 60))
    pen.blob(
        [(-0.52, -0.72), (-0.36, -0.74), (-0.2, -0.52), (-0.3, -0.4), (-0.5, -0.5)], darker(feather, 0.15)
    )
    body = [
        (-0.42, -0.54),
        (-0.2, -0.5),
        (0.08, -0.6),
        (0.16, -0.86),
        (0.3, -0.92),
        (0.4, -0.78),
        (0.36, -0.45),
    ]
    pen.blob(
        [*body, (0.2, -0.2), (-0.1, -0.14), (-0.36, -0.28)], lighter(feather, 0.1), darker(feather, 0.12)
    )
    pen.blob(
        [(-0.24, -0.44), (0.06, -0.46), (0.1, -0.34), (-0.08, -0.24), (-0.26, -0.32)], darker(feather, 0.12)
    )
    pen.polygon([(0.38, -0.82), (0.52, -0.77), (0.38, -0.72)], BEAK)
    pen.oval(0.39, -0.66, 0.035, 0.06, (214, 60, 60))
    _eye(pen, 0.29, -0.8)


def sheep(pen: Pen, mood: Mood, rng: Random) -> None:
    face: Colour = (84, 74, 82)
    for x in (-0.3, -0.14, 0.14, 0.28):
        pen.line([(x, -0.3), (x, -0.01)], 0.075, darker(face, 0.1))
    puffs = (
        (-0.36, -0.5, 0.22),
        (-0.12, -0.66, 0.25),
        (0.16, -0.64, 0.24),
        (0.34, -0.46, 0.2),
        (0.1, -0.38, 0.24),
    )
    for x, y, r in (*puffs, (-0.2, -0.38, 0.23)):
        pen.oval(x, y + 0.02, r, r, (222, 216, 214))
    for x, y, r in (*puffs, (-0.2, -0.4, 0.22)):
        pen.oval(x - 0.02, y - 0.02, r * 0.92, r * 0.9, WOOL)
    pen.blob([(0.34, -0.8), (0.56, -0.78), (0.64, -0.58), (0.54, -0.46), (0.4, -0.54)], face)
    pen.blob([(0.36, -0.76), (0.22, -0.74), (0.2, -0.66), (0.36, -0.68)], darker(face, 0.2))
    pen.oval(0.42, -0.83, 0.14, 0.08, WOOL)
    pen.oval(0.5, -0.68, 0.035, 0.035, (255, 255, 255))
    pen.oval(0.508, -0.678, 0.02, 0.02, INK)


def cow(pen: Pen, mood: Mood, rng: Random) -> None:
    hide: Colour = (252, 248, 242)
    patch = rng.choice(((70, 60, 66), (162, 98, 66)))
    for x in (-0.4, -0.26, 0.18, 0.32):
        pen.line([(x, -0.3), (x, -0.02)], 0.09, darker(hide, 0.1))
        pen.line([(x, -0.06), (x, 0.0)], 0.095, INK)
    pen.line([(-0.5, -0.68), (-0.58, -0.5), (-0.57, -0.3)], 0.03, darker(hide, 0.15))
    pen.oval(-0.57, -0.28, 0.035, 0.06, patch)
    pen.oval(-0.12, -0.25, 0.12, 0.09, PINK)
    body = [
        (-0.5, -0.72),
        (0.0, -0.76),
        (0.36, -0.72),
        (0.42, -0.45),
        (0.3, -0.26),
        (-0.3, -0.25),
        (-0.5, -0.4),
    ]
    pen.blob(body, hide, (226, 218, 214))
    pen.blob([(-0.42, -0.7), (-0.16, -0.73), (-0.14, -0.52), (-0.32, -0.45), (-0.46, -0.54)], patch)
    pen.blob([(0.04, -0.56), (0.2, -0.6), (0.24, -0.4), (0.08, -0.34)], patch)
    for side in (-1, 1):
        pen.blob([(0.5 + side * 0.1, -0.9), (0.5 + side * 0.28, -0.93), (0.5 + side * 0.22, -0.82)], patch)
        pen.line([(0.5 + side * 0.08, -0.92), (0.5 + side * 0.13, -1.02)], 0.035, (234, 220, 190))
    pen.blob([(0.38, -0.94), (0.62, -0.94), (0.64, -0.7), (0.6, -0.56), (0.4, -0.56), (0.36, -0.7)], hide)
    pen.blob([(0.52, -0.95), (0.64, -0.92), (0.64, -0.74), (0.54, -0.78)], patch)
    pen.oval(0.5, -0.6, 0.16, 0.1, PINK)
    for x in (0.44, 0.56):
        pen.oval(x, -0.61, 0.022, 0.03, darker(PINK, 0.35))
        _eye(pen, x, -0.79, 0.028)


def pig(pen: Pen, mood: Mood, rng: Random) -> None:
    for x in (-0.4, -0.22, 0.18, 0.36):
        pen.line([(x, -0.3), (x, 0.0)], 0.12, darker(PINK, 0.12))
    pen.line([(-0.6, -0.55), (-0.72, -0.62), (-0.66, -0.7), (-0.74, -0.76)], 0.04, darker(PINK, 0.1))
    pen.blob(
        [(-0.6, -0.6), (-0.2, -0.86), (0.3, -0.84), (0.5, -0.5), (0.3, -0.18), (-0.4, -0.18)],
        lighter(PINK, 0.15),
        PINK,
    )
    for x in (0.36, 0.62):
        pen.blob(
            [(x - 0.09, -0.86), (x - 0.04, -1.02), (x + 0.1, -0.9), (x + 0.06, -0.8)], darker(PINK, 0.15)
        )
    pen.oval(0.5, -0.64, 0.27, 0.26, lighter(PINK, 0.2))
    pen.oval(0.56, -0.55, 0.13, 0.1, darker(PINK, 0.1))
    for x in (0.52, 0.6):
        pen.oval(x, -0.55, 0.02, 0.035, darker(PINK, 0.45))
    for x in (0.4, 0.64):
        _eye(pen, x, -0.71, 0.035)


def cat(pen: Pen, mood: Mood, rng: Random) -> None:
    fur = rng.choice(((226, 148, 78), (120, 116, 130), (70, 64, 76), (240, 226, 206)))
    pen.line([(-0.2, -0.06), (-0.42, -0.1), (-0.46, -0.3), (-0.38, -0.42)], 0.085, darker(fur, 0.1))
    pen.blob(
        [(-0.12, -0.6), (0.14, -0.6), (0.24, -0.3), (0.22, -0.01), (-0.24, -0.01), (-0.26, -0.28)],
        lighter(fur, 0.1),
        darker(fur, 0.1),
    )
    pen.blob([(-0.06, -0.5), (0.1, -0.5), (0.08, -0.26), (-0.04, -0.26)], lighter(fur, 0.5))
    for x in (-0.08, 0.1):
        pen.oval(x, -0.035, 0.075, 0.045, lighter(fur, 0.4))
    for side in (-1, 1):
        pen.polygon(
            [(side * 0.07 + 0.01, -0.86), (side * 0.21 + 0.01, -1.04), (side * 0.24 + 0.01, -0.74)], fur
        )
        pen.polygon(
            [(side * 0.12 + 0.01, -0.86), (side * 0.19 + 0.01, -0.97), (side * 0.21 + 0.01, -0.8)], PINK
        )
    pen.oval(0.01, -0.72, 0.25, 0.2, fur)
    pen.oval(0.01, -0.65, 0.12, 0.09, lighter(fur, 0.5))
    pen.polygon([(-0.03, -0.69), (0.05, -0.69), (0.01, -0.65)], (222, 112, 120))
    for side in (-1, 1):
        pen.oval(0.01 + side * 0.1, -0.75, 0.045, 0.05, (206, 218, 120))
        _eye(pen, 0.01 + side * 0.1, -0.75, 0.032)
        pen.line([(0.01 + side * 0.1, -0.65), (0.01 + side * 0.32, -0.68)], 0.01, lighter(fur, 0.7))


def duck(pen: Pen, mood: Mood, rng: Random) -> None:
    down: Colour = rng.choice(((252, 216, 96), (252, 250, 244)))
    for x in (-0.08, 0.08):
        pen.line([(x, -0.14), (x, -0.01), (x + 0.1, -0.01)], 0.045, BEAK)
    body = [
        (-0.62, -0.56),
        (-0.36, -0.48),
        (0.05, -0.52),
        (0.36, -0.44),
        (0.3, -0.18),
        (0.0, -0.08),
        (-0.38, -0.2),
    ]
    pen.blob(body, lighter(down, 0.15), darker(down, 0.08))
    pen.blob([(0.02, -0.5), (0.1, -0.8), (0.36, -0.74), (0.36, -0.4)], down)
    pen.oval(0.22, -0.78, 0.2, 0.2, lighter(down, 0.1))
    pen.blob([(0.38, -0.84), (0.6, -0.78), (0.58, -0.7), (0.38, -0.68)], BEAK)
    pen.blob(
        [(-0.4, -0.44), (-0.08, -0.44), (0.06, -0.32), (-0.14, -0.22), (-0.34, -0.3)], darker(down, 0.12)
    )
    _eye(pen, 0.26, -0.83, 0.035)
