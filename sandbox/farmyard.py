"""Draw what stands on the farm: barn, silo, trees, fence, windmill, castle, flowers and grass."""

import math
from random import Random

from sandbox.backdrop import Ridge
from sandbox.canvas import WHITE, Colour, Pen, clear, darker, lighter, mix
from sandbox.mood import Mood

WOOD: Colour = (146, 108, 80)
STONE: Colour = (178, 172, 180)
LAMPLIGHT: Colour = (255, 214, 122)


def draw_barn(pen: Pen, mood: Mood) -> None:
    """A barn with a broken gable, seen a little from the side; one unit high, its feet on the origin."""
    red, roof = mood.accent, mix((96, 84, 98), mood.accent, 0.15)
    snow = mood.season == "winter"
    pen.block(
        [(-0.02, 0.03), (0.98, 0.03), (0.98, -0.48), (-0.02, -0.48)], darker(red, 0.12), darker(red, 0.3)
    )
    slope = [(0.34, -0.48), (0.26, -0.78), (-0.06, -0.99), (0.62, -0.99), (0.92, -0.78), (1.02, -0.47)]
    pen.block(slope, (240, 244, 250) if snow else lighter(roof, 0.2), (222, 230, 242) if snow else roof)
    if not pen.canvas.tiny:
        for x in (0.48, 0.68, 0.86):
            pen.line([(x, 0.02), (x, -0.46)], 0.008, clear(darker(red, 0.45), 120))
        _window(pen, 0.66, -0.24, mood)
    front = [
        (-0.42, 0.03),
        (-0.42, -0.48),
        (-0.32, -0.78),
        (-0.04, -0.98),
        (0.24, -0.78),
        (0.34, -0.48),
        (0.34, 0.03),
    ]
    pen.block(front, lighter(red, 0.12), darker(red, 0.08))
    eaves = [(-0.46, -0.45), (-0.34, -0.79), (-0.04, -1.0), (0.26, -0.79), (0.38, -0.45)]
    pen.line(eaves, 0.05, (236, 240, 248) if snow else (250, 244, 232))
    _doors(pen, mood, red)


def _doors(pen: Pen, mood: Mood, red: Colour) -> None:
    trim: Colour = (250, 244, 232)
    left, right, top = -0.24, 0.16, -0.4
    pen.polygon([(left, 0.03), (left, top), (right, top), (right, 0.03)], darker(red, 0.32))
    if pen.canvas.tiny:
        return
    middle = (left + right) / 2
    for a, b in ((left, middle), (middle, right)):
        pen.line([(a, 0.02), (b, top), (a, top), (b, 0.02), (a, 0.02), (a, top)], 0.016, trim)
    pen.line([(right, top), (right, 0.02)], 0.016, trim)
    _window(pen, -0.04, -0.66, mood)


def _window(pen: Pen, x: float, y: float, mood: Mood) -> None:
    trim: Colour = (250, 244, 232)
    glass = pen.in_light(WHITE) if mood.dark else pen
    pen.polygon([(x - 0.1, y - 0.1), (x + 0.1, y - 0.1), (x + 0.1, y + 0.1), (x - 0.1, y + 0.1)], trim)
    pane = [(x - 0.08, y - 0.08), (x + 0.08, y - 0.08), (x + 0.08, y + 0.08), (x - 0.08, y + 0.08)]
    glass.polygon(pane, LAMPLIGHT if mood.dark else (92, 104, 130))
    pen.line([(x - 0.08, y), (x + 0.08, y)], 0.014, trim)
    pen.line([(x, y - 0.08), (x, y + 0.08)], 0.014, trim)
    if mood.dark:
        ((px, py),) = pen.place([(x, y)])
        pixels = pen.canvas.pixels
        pen.canvas.glow(px / pixels, py / pixels, pen.unit * 0.4, clear(LAMPLIGHT, 120))


def draw_silo(pen: Pen, mood: Mood) -> None:
    pen.block([(-0.15, 0.03), (-0.15, -0.85), (0.15, -0.85), (0.15, 0.03)], lighter(STONE, 0.35), STONE)
    pen.polygon([(0.05, 0.03), (0.05, -0.85), (0.15, -0.85), (0.15, 0.03)], clear((60, 60, 90), 40))
    pen.blob(
        [(-0.16, -0.84), (-0.12, -0.96), (0, -1.03), (0.12, -0.96), (0.16, -0.84)], darker(mood.accent, 0.1)
    )
    if not pen.canvas.tiny:
        for y in (-0.25, -0.5, -0.75):
            pen.line([(-0.15, y), (0.15, y)], 0.012, clear((80, 80, 100), 110))


def draw_tree(pen: Pen, mood: Mood, rng: Random) -> None:
    """A round tree, or a pine in winter and in the forest; one unit high."""
    pine_season = mood.season == "winter" or "forest" in mood.wanted or "mountains" in mood.wanted
    if pine_season and rng.random() < 0.75:
        _pine(pen, mood, rng)
        return
    leaf = darker(rng.choice(mood.leaves), rng.random() * 0.12)
    pen.blob(
        [(-0.055, 0.02), (-0.035, -0.3), (-0.02, -0.55), (0.025, -0.55), (0.035, -0.3), (0.055, 0.02)], WOOD
    )
    puffs = [(0, -0.68, 0.3), (-0.19, -0.52, 0.2), (0.19, -0.53, 0.2), (-0.08, -0.82, 0.18)]
    for x, y, r in puffs:
        grown = r * rng.uniform(0.92, 1.08)
        pen.oval(x, y + 0.02, grown, grown * 0.94, darker(leaf, 0.1))
    if pen.canvas.tiny:
        return
    for x, y, r in puffs:
        pen.oval(x - 0.03, y - 0.03, r * 0.8, r * 0.74, leaf)
        pen.oval(x - 0.07, y - 0.07, r * 0.42, r * 0.38, clear(lighter(leaf, 0.22), 190))
    if mood.season in ("summer", "autumn") and pen.unit > 0.2:
        for _ in range(9):
            x, y = rng.uniform(-0.26, 0.26), rng.uniform(-0.86, -0.46)
            pen.oval(x, y, 0.022, 0.022, (214, 72, 62))


def _pine(pen: Pen, mood: Mood, rng: Random) -> None:
    green = mix((58, 112, 98), mood.leaves[0], rng.uniform(0, 0.5))
    pen.polygon([(-0.035, 0.02), (-0.03, -0.2), (0.03, -0.2), (0.035, 0.02)], WOOD)
    for foot, top, half in ((-0.1, -0.5, 0.27), (-0.34, -0.74, 0.21), (-0.58, -1.0, 0.15)):
        tier = [
            (-half, foot),
            (0, top),
            (half, foot),
            (half * 0.5, foot + 0.035),
            (-half * 0.5, foot + 0.035),
        ]
        pen.polygon(tier, darker(green, 0.05))
        pen.polygon(
            [(0, top), (half, foot), (half * 0.4, foot + 0.035), (0.0, foot + 0.02)], darker(green, 0.2)
        )
        if mood.season == "winter":
            low = top + 0.45 * (foot - top)
            cap = [(0, top), (half * 0.45, low), (half * 0.15, low - 0.03), (-half * 0.1, low + 0.02)]
            pen.polygon([*cap, (-half * 0.45, low)], (248, 251, 255))


def draw_fence(pen: Pen, ridge: Ridge, start: float, end: float, mood: Mood) -> None:
    colour: Colour = (250, 246, 236) if mood.season != "winter" else (166, 132, 106)
    count = 6 if pen.canvas.tiny else max(3, round((end - start) / 0.055))
    posts = [start + (end - start) * step / count for step in range(count + 1)]
    for drop in (0.012, -0.012):
        rail = [(x, ridge.y(x) + drop) for x in posts]
        pen.line(rail, 0.0075, darker(colour, 0.08))
    for x in () if pen.canvas.tiny else posts:
        y = ridge.y(x)
        pen.polygon(
            [
                (x - 0.006, y + 0.034),
                (x - 0.006, y - 0.028),
                (x, y - 0.036),
                (x + 0.006, y - 0.028),
                (x + 0.006, y + 0.034),
            ],
            colour,
        )


def draw_windmill(pen: Pen, mood: Mood, rng: Random) -> None:
    body = [(-0.16, 0.02), (-0.1, -0.6), (0.1, -0.6), (0.16, 0.02)]
    pen.block(body, (250, 242, 226), (214, 200, 186))
    pen.blob(
        [(-0.12, -0.58), (-0.08, -0.7), (0, -0.76), (0.08, -0.7), (0.12, -0.58)], darker(mood.accent, 0.1)
    )
    pen.polygon([(-0.04, 0.02), (-0.04, -0.12), (0.04, -0.12), (0.04, 0.02)], WOOD)
    turn = rng.uniform(0.2, 1.2)
    for quarter in range(4):
        sail = pen.at(0, -0.6, 1, turn + quarter * math.pi / 2)
        sail.line([(0, 0), (0, -0.44)], 0.018, WOOD)
        sail.polygon([(0.01, -0.12), (0.1, -0.12), (0.1, -0.43), (0.01, -0.43)], clear((255, 250, 236), 235))
    pen.oval(0, -0.6, 0.03, 0.03, darker(WOOD, 0.2))


def draw_castle(pen: Pen, mood: Mood, rng: Random) -> None:
    wall, roof = mix(STONE, (236, 222, 226), 0.6), mix((124, 104, 164), mood.accent, 0.4)
    towers = ((-0.42, 0.5, 0.1), (0.42, 0.55, 0.1), (-0.16, 0.68, 0.1), (0.2, 0.6, 0.09), (0.02, 0.82, 0.09))
    for x, height, half in towers:
        pen.block(
            [(x - half, 0.03), (x - half, -height), (x + half, -height), (x + half, 0.03)],
            lighter(wall, 0.2),
            wall,
        )
        pen.polygon([(x - half * 1.3, -height), (x, -height - 0.3), (x + half * 1.3, -height)], roof)
        pen.polygon(
            [(x, -height - 0.3), (x + half * 1.3, -height), (x + half * 0.3, -height)], darker(roof, 0.15)
        )
        pen.oval(x, -height + 0.12, 0.025, 0.04, LAMPLIGHT if mood.dark else darker(wall, 0.4))
        pen.line([(x, -height - 0.28), (x, -height - 0.4)], 0.012, darker(wall, 0.4))
        pen.polygon([(x, -height - 0.4), (x + 0.1, -height - 0.37), (x, -height - 0.33)], (230, 92, 92))
    pen.block([(-0.5, 0.03), (-0.5, -0.3), (0.5, -0.3), (0.5, 0.03)], lighter(wall, 0.1), darker(wall, 0.08))
    for step in range(9):
        x = -0.5 + step * 0.118
        pen.polygon([(x, -0.29), (x, -0.35), (x + 0.06, -0.35), (x + 0.06, -0.29)], wall)
    pen.blob([(-0.09, 0.03), (-0.09, -0.14), (0, -0.21), (0.09, -0.14), (0.09, 0.03)], darker(WOOD, 0.35))


def draw_flower(pen: Pen, colour: Colour, rng: Random) -> None:
    """One flower of one unit's height, growing out of the origin."""
    lean = rng.uniform(-0.15, 0.15)
    stalk: Colour = (78, 138, 72)
    pen.line([(0, 0), (lean * 0.4, -0.4), (lean, -0.8)], 0.05, stalk)
    pen.strand((0, -0.1), (0.3, -0.36), 0.04, 0.1, stalk)
    for petal in range(5):
        angle = petal * math.tau / 5 + lean
        pen.oval(lean + 0.15 * math.cos(angle), -0.8 + 0.15 * math.sin(angle), 0.13, 0.13, colour)
    pen.oval(lean, -0.8, 0.1, 0.1, (252, 218, 106) if colour[2] > 90 else (140, 88, 60))


def draw_tuft(pen: Pen, colour: Colour, rng: Random) -> None:
    for _ in range(4):
        tip = (rng.uniform(-0.45, 0.45), -rng.uniform(0.6, 1.0))
        pen.strand((rng.uniform(-0.12, 0.12), 0.03), tip, tip[0] * 0.1, 0.12, colour)
