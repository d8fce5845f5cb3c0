"""Paint what lies behind everything: sky, clouds, hills, sea and weather."""

import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from sandbox.canvas import WHITE, Colour, Pen, clear, darker, glow_mask, lighter, mix
from sandbox.mood import Mood

MOONLIGHT: Colour = (255, 246, 214)
RAINBOW: tuple[Colour, ...] = (
    (232, 92, 92),
    (244, 152, 80),
    (250, 212, 96),
    (122, 192, 112),
    (96, 156, 222),
    (152, 116, 202),
)


@dataclass(frozen=True)
class Ridge:
    """The upper edge of a hill; things that stand on it ask for its height."""

    base: float
    slope: float
    waves: tuple[tuple[float, float, float], ...]

    def y(self, x: float) -> float:
        swell = sum(height * math.sin(count * x * math.tau + phase) for height, count, phase in self.waves)
        return self.base + self.slope * (x - 0.5) + swell


def random_ridge(rng: Random, base: float, height: float, slope: float = 0.0) -> Ridge:
    waves = (
        (height, rng.uniform(0.5, 0.9), rng.uniform(0, math.tau)),
        (height * 0.35, rng.uniform(1.3, 2.2), rng.uniform(0, math.tau)),
    )
    return Ridge(base, slope, waves)


def paint_sky(pen: Pen, mood: Mood, sun_x: float, sun_y: float, rng: Random) -> None:
    canvas = pen.canvas
    canvas.sky(*mood.sky, 0.68)
    if mood.dark:
        _stars(pen, rng)
    if mood.weather in ("storm", "rain", "fog"):
        return
    if mood.dark or "moon" in mood.wanted:
        _moon(pen, mood, sun_x, sun_y)
        return
    warm = mix((255, 240, 190), mood.sky[2], 0.2)
    if not canvas.tiny:
        canvas.glow(sun_x, sun_y, 0.5, clear(lighter(warm, 0.3), 190))
        pen.oval(sun_x, sun_y, 0.082, 0.082, clear(lighter(warm, 0.4), 110))
    pen.oval(sun_x, sun_y, 0.06, 0.06, (255, 246, 214) if mood.time == "day" else (255, 232, 176))


def _moon(pen: Pen, mood: Mood, x: float, y: float) -> None:
    if not pen.canvas.tiny:
        pen.canvas.glow(x, y, 0.36, clear(MOONLIGHT, 150))
    pen.oval(x, y, 0.066, 0.066, MOONLIGHT)
    if not pen.canvas.tiny:
        for dx, dy, r in (
            (-0.02, -0.012, 0.014),
            (0.022, 0.018, 0.01),
            (0.012, -0.03, 0.008),
            (-0.016, 0.03, 0.007),
        ):
            pen.oval(x + dx, y + dy, r, r, darker(MOONLIGHT, 0.1))


def _stars(pen: Pen, rng: Random) -> None:
    for _ in range(6 if pen.canvas.tiny else 110):
        x, y, r = rng.random(), rng.random() ** 1.4 * 0.56, rng.uniform(0.0008, 0.0026)
        pen.oval(x, y, r, r, (255, 252, 230, rng.randint(110, 250)))
    if pen.canvas.tiny:
        return
    for _ in range(6):
        x, y, r = rng.random(), rng.uniform(0.03, 0.35), rng.uniform(0.008, 0.014)
        for rx, ry in ((r, r * 0.14), (r * 0.14, r)):
            pen.oval(x, y, rx, ry, (255, 252, 230, 230))


def paint_rainbow(pen: Pen, x: float) -> None:
    """An arch of soft bands, drawn small and stretched because its edges should be soft."""
    side = 512 if pen.canvas.pixels > 700 else 160
    bands, mask = Image.new("RGB", (side, side), RAINBOW[0]), Image.new("L", (side, side))
    brush, cutter, width = ImageDraw.Draw(bands), ImageDraw.Draw(mask), side * 0.028
    cutter.ellipse((0, 0, side, side), fill=150)
    for index, colour in enumerate(RAINBOW):
        inset = index * width
        brush.ellipse((inset, inset, side - inset, side - inset), fill=colour)
    inset = len(RAINBOW) * width
    cutter.ellipse((inset, inset, side - inset, side - inset), fill=0)
    pixels = pen.canvas.pixels
    span = round(0.95 * pixels)
    blur = ImageFilter.GaussianBlur(side / 250)
    arch, soft = (
        layer.filter(blur).resize((span, span), Image.Resampling.BILINEAR) for layer in (bands, mask)
    )
    pen.canvas.image.paste(arch, (round(x * pixels - span / 2), round(0.2 * pixels)), soft)


def paint_clouds(pen: Pen, mood: Mood, rng: Random) -> None:
    count = {"storm": 7, "rain": 6, "fog": 3}.get(mood.weather, rng.randint(2, 4))
    colour = mix(WHITE, mood.sky[1], 0.55 if mood.dark else 0.12)
    if mood.weather in ("storm", "rain"):
        colour = mix(colour, mood.sky[0], 0.45)
    for index in range(2 if pen.canvas.tiny else count):
        x = (index + rng.uniform(0.15, 0.85)) / count
        _cloud(pen.at(x, rng.uniform(0.07, 0.36), rng.uniform(0.09, 0.17)), colour, rng)


def _cloud(pen: Pen, colour: Colour, rng: Random) -> None:
    """One cloud around the origin, one unit to each side."""
    x, y, width = pen.x, pen.y, pen.unit
    if pen.canvas.tiny:
        pen.oval(0, 0, 1, 0.3, clear(colour, 200))
        return
    side = max(48, min(300, round(pen.canvas.pixels * width * 0.8)))
    mask = Image.new("L", (side * 2, side))
    brush = ImageDraw.Draw(mask)
    for puff in range(7):
        across = (puff - 3) / 3 + rng.uniform(-0.12, 0.12)
        cx, r = side * (1 + across * 0.6), side * rng.uniform(0.22, 0.34) * (1.15 - abs(across) * 0.6)
        brush.ellipse((cx - r, side * 0.68 - r * 1.35, cx + r, side * 0.68 + r * 0.65), fill=255)
    brush.rounded_rectangle((side * 0.36, side * 0.6, side * 1.64, side * 0.78), side * 0.09, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(side / 70))
    box = (x - width, y - width / 2, x + width, y + width / 2)
    lower = (x - width, y - width * 0.46, x + width, y + width * 0.54)
    pen.canvas.stamp(mask, lower, clear(darker(colour, 0.1), 120))
    pen.canvas.stamp(mask, box, clear(colour, 225))


def paint_hill(pen: Pen, ridge: Ridge, colour: Colour, rng: Random, rows: int = 0) -> None:
    """A hill from its ridge down to the lower edge of the picture, perhaps with the rows of a field."""
    count = 6 if pen.canvas.tiny else 48
    top = [(step / count, ridge.y(step / count)) for step in range(count + 1)]
    shade = darker(mix(colour, (60, 110, 120), 0.14), 0.1)
    pen.block([*top, (1, 1.0), (0, 1.0)], lighter(colour, 0.16), shade)
    if pen.canvas.tiny:
        return
    vanish = rng.uniform(0.2, 0.8)
    for row in range(rows):
        foot = (row + rng.uniform(0.3, 0.7)) / rows * 2.4 - 0.7
        head = vanish + (foot - vanish) * 0.25
        edge = ridge.y(head)
        band = [(head, edge), (head + 0.006, edge), (foot + 0.05, edge + 0.34), (foot, edge + 0.34)]
        pen.polygon(band, clear(darker(colour, 0.25), 26))
    pen.line(top, 0.003, clear(lighter(colour, 0.5), 90))


def paint_mountains(pen: Pen, mood: Mood, rng: Random) -> None:
    rock = mix(mix((112, 124, 158), mood.sky[0], 0.3), mood.sky[2], 0.25)
    peaks = sorted(((rng.uniform(0, 1), rng.uniform(0.2, 0.36)) for _ in range(4)), key=lambda peak: peak[1])
    for x, top in reversed(peaks):
        width = (0.62 - top) * rng.uniform(0.9, 1.2)
        lean = rng.uniform(-0.04, 0.04)
        pen.block([(x - width, 0.66), (x + lean, top), (x + width, 0.66)], rock, mix(rock, mood.sky[2], 0.5))
        left, right = x + lean - width * 0.24, x + lean + width * 0.24
        low = top + 0.24 * (0.66 - top)
        snow = [(x + lean, top), (right, low), (x + lean + 0.03, low - 0.025), (x + lean, low + 0.02)]
        pen.polygon([*snow, (x + lean - 0.035, low - 0.02), (left, low)], clear((248, 250, 255), 240))
        pen.polygon([(x + lean, top), (x + width, 0.66), (x + 0.1 * width, 0.66)], clear((40, 50, 90), 28))


def paint_sea(pen: Pen, mood: Mood, level: float, rng: Random) -> None:
    deep = mix((54, 128, 158), mood.sky[0], 0.35)
    pen.block([(0, level), (1, level), (1, 1), (0, 1)], mix(deep, mood.sky[2], 0.5), deep)
    for _ in range(3 if pen.canvas.tiny else 46):
        x, y = rng.random(), level + 0.008 + rng.random() ** 1.5 * 0.24
        length = rng.uniform(0.01, 0.04) * (0.6 + (y - level) * 6)
        pen.oval(x, y, length, 0.0016 + (y - level) * 0.008, clear(WHITE, rng.randint(40, 120)))


def paint_weather(pen: Pen, mood: Mood, rng: Random) -> None:
    """Falling rain or snow, in front of everything else."""
    few = 10 if pen.canvas.tiny else 0
    if mood.weather in ("rain", "storm"):
        for _ in range(few or 170):
            x, y, length = rng.uniform(-0.05, 1.05), rng.random(), rng.uniform(0.018, 0.045)
            pen.line([(x, y), (x - length * 0.25, y + length)], 0.0022, (232, 242, 252, rng.randint(60, 130)))
    if mood.weather == "snow":
        for _ in range(few or 190):
            r = rng.uniform(0.0015, 0.006)
            pen.oval(rng.random(), rng.random(), r, r, (255, 255, 255, rng.randint(130, 235)))


def paint_fog(pen: Pen, mood: Mood, rng: Random) -> None:
    """Banks of fog between the farm and the meadow, so that the dog's face stays clear."""
    if mood.weather == "fog" and not pen.canvas.tiny:
        for _ in range(5):
            x, y = rng.random(), rng.uniform(0.4, 0.75)
            wide, high = rng.uniform(0.6, 0.9), rng.uniform(0.08, 0.16)
            pen.canvas.stamp(glow_mask(), (x - wide, y - high, x + wide, y + high), clear(mood.sky[2], 170))
