"""Draw smooth shapes in local coordinates on a supersampled picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, ...]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
SUPERSAMPLING = 2
TINY = 100  # below this many pixels only the big shapes are drawn


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that holds `share` (0..1) of the other one; the alpha, if any, stays the first one's."""
    (r, g, b), (red, green, blue), keep = one[:3], other[:3], 1 - share
    blended = (int(r * keep + red * share), int(g * keep + green * share), int(b * keep + blue * share))
    return (*blended, *one[3:])


def lighter(colour: Colour, share: float) -> Colour:
    return mix(colour, WHITE, share)


def darker(colour: Colour, share: float) -> Colour:
    return mix(colour, (24, 22, 48), share)


def clear(colour: Colour, alpha: int) -> Colour:
    return (*colour[:3], alpha)


@lru_cache(maxsize=8)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    """How much each of four neighbouring points counts at each step (the Catmull-Rom basis)."""
    return tuple(
        (
            t * (t * (1 - t / 2) - 0.5),
            1 + t * t * (1.5 * t - 2.5),
            t * (0.5 + t * (2 - 1.5 * t)),
            t * t * (t - 1) / 2,
        )
        for t in (step / steps for step in range(steps))
    )


def smooth(points: Sequence[Point], steps: int) -> list[Point]:
    """A closed curve through the points, with so many steps from each one to the next."""
    curve: list[Point] = []
    count, weights = len(points), _weights(steps)
    for index in range(count):
        (ax, ay), (bx, by) = points[index - 1], points[index]
        (cx, cy), (dx, dy) = points[(index + 1) % count], points[(index + 2) % count]
        curve += [
            (i * ax + j * bx + k * cx + m * dx, i * ay + j * by + k * cy + m * dy) for i, j, k, m in weights
        ]
    return curve


def upright_gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    ends = Image.new("RGB", (1, 2), top[:3])
    ends.putpixel((0, 1), bottom[:3])
    # From the middle of one pixel to the middle of the other, so that no end of the ramp is flat.
    ramp = ends.resize((1, size[1]), Image.Resampling.BILINEAR, box=(0, 0.5, 1, 1.5))
    return ramp.resize(size, Image.Resampling.NEAREST)


@lru_cache(maxsize=1)
def glow_mask() -> Image.Image:
    """White in the middle, fading softly to black at the rim."""
    fade = ImageOps.invert(Image.radial_gradient("L"))
    return fade.point([round(255 * (max(0, level - 75) / 180) ** 2) for level in range(256)])


@lru_cache(maxsize=4)
def paper(size: int) -> Image.Image:
    """A grey sheet around 128 whose small deviations are the grain of paper."""
    noise = Image.frombytes("L", (256, 256), Random("paper").randbytes(256 * 256))
    soft = noise.filter(ImageFilter.GaussianBlur(0.8))
    grain = soft.point([128 + round(max(-2.0, min(2.0, (level - 128) / 20))) for level in range(256)])
    sheet = Image.new("L", (size, size), 128)
    for left in range(0, size, 256):
        for top in range(0, size, 256):
            sheet.paste(grain, (left, top))
    return Image.merge("RGB", (sheet, sheet, sheet))


class Canvas:
    """A picture twice as large as wanted, so that reducing it smooths every edge."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels = size * SUPERSAMPLING
        self.tiny = size < TINY
        self.steps = 2 if self.tiny else 4 if size < 400 else 7
        self.image = Image.new("RGB", (self.pixels, self.pixels))
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def sky(self, top: Colour, middle: Colour, horizon: Colour, height: float) -> None:
        end, half = round(self.pixels * height), round(self.pixels * height * 0.55)
        self.image.paste(upright_gradient((self.pixels, half), top, middle), (0, 0))
        self.image.paste(upright_gradient((self.pixels, end - half), middle, horizon), (0, half))

    def shaded(self, outline: Sequence[Point], top: Colour, bottom: Colour) -> None:
        """Fill an outline, given in pixels, with a gradient from top to bottom."""
        if self.tiny:
            self.draw.polygon(outline, fill=mix(top, bottom, 0.4))
            return
        left, right = min(x for x, _ in outline), max(x for x, _ in outline)
        upper, lower = min(y for _, y in outline), max(y for _, y in outline)
        x0, y0 = max(0, math.floor(left)), max(0, math.floor(upper))
        width, height = self.image.size
        x1, y1 = min(width, math.ceil(right) + 1), min(height, math.ceil(lower) + 1)
        if x1 <= x0 or y1 <= y0:
            return
        mask = Image.new("L", (x1 - x0, y1 - y0))
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in outline], fill=255)
        self.image.paste(upright_gradient(mask.size, top, bottom), (x0, y0), mask)

    def stamp(self, mask: Image.Image, box: tuple[float, float, float, float], colour: Colour) -> None:
        """Lay a colour through a soft mask stretched to the box (left, top, right, bottom; 0..1)."""
        left, top, right, bottom = (round(side * self.pixels) for side in box)
        if right - left < 2 or bottom - top < 2:
            return
        stretched = mask.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        if len(colour) == 4:
            stretched = stretched.point([level * colour[3] // 255 for level in range(256)])
        self.image.paste(colour[:3], (left, top), stretched)

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self.stamp(glow_mask(), (x - radius, y - radius, x + radius, y + radius), colour)

    def finished(self) -> Image.Image:
        picture = self.image.reduce(SUPERSAMPLING)
        if self.tiny:
            return picture
        sheet = paper(max(picture.size))
        return ImageChops.add(picture, sheet.crop((0, 0, *picture.size)), 1, -128)

    def replace(self, image: Image.Image) -> None:
        """Go on with another picture in the same scale; what is seen through its window may be oblong."""
        self.image = image
        self.draw = ImageDraw.Draw(image, "RGBA")


@dataclass(frozen=True)
class Pen:
    """Draws in local units: origin, size of one unit, turn in radians, mirrored or not, in some light."""

    canvas: Canvas
    x: float = 0.0
    y: float = 0.0
    unit: float = 1.0
    turn: float = 0.0
    flip: bool = False
    ambient: Colour = WHITE
    haze: Colour = WHITE
    haze_share: float = 0.0
    axes: tuple[float, float, float, float] = field(init=False, repr=False, default=(1, 0, 0, 1))

    def __post_init__(self) -> None:
        scale = self.unit * self.canvas.pixels
        sideways = -scale if self.flip else scale
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        object.__setattr__(self, "axes", (cos * sideways, -sin * scale, sin * sideways, cos * scale))

    def at(self, x: float, y: float, unit: float = 1.0, turn: float = 0.0, flip: bool = False) -> "Pen":
        """A pen whose origin is this pen's point (x, y)."""
        ((px, py),) = self.place([(x, y)])
        return replace(
            self,
            x=px / self.canvas.pixels,
            y=py / self.canvas.pixels,
            unit=self.unit * unit,
            turn=self.turn + (-turn if self.flip else turn),
            flip=self.flip != flip,
        )

    def in_light(self, ambient: Colour) -> "Pen":
        return replace(self, ambient=ambient)

    def in_haze(self, colour: Colour, share: float) -> "Pen":
        return replace(self, haze=colour, haze_share=share)

    def place(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d = self.axes
        x0, y0 = self.x * self.canvas.pixels, self.y * self.canvas.pixels
        return [(x0 + a * x + b * y, y0 + c * x + d * y) for x, y in points]

    def lit(self, colour: Colour) -> Colour:
        if self.ambient != WHITE:
            colour = tuple(a * b // 255 for a, b in zip(colour[:3], self.ambient, strict=True)) + colour[3:]
        return mix(colour, self.haze, self.haze_share) if self.haze_share else colour

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        self.canvas.draw.polygon(self.place(points), fill=self.lit(fill))

    def blob(self, points: Sequence[Point], fill: Colour, bottom: Colour | None = None) -> None:
        """A smooth closed shape through the points, shaded downwards when `bottom` is given."""
        outline = self.place(smooth(points, self.canvas.steps))
        if bottom is None:
            self.canvas.draw.polygon(outline, fill=self.lit(fill))
        else:
            self.canvas.shaded(outline, self.lit(fill), self.lit(bottom))

    def block(self, points: Sequence[Point], fill: Colour, bottom: Colour) -> None:
        """A straight-edged shape, shaded downwards."""
        self.canvas.shaded(self.place(points), self.lit(fill), self.lit(bottom))

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        if not self.turn:
            ((left, top), (right, bottom)) = self.place([(x - rx, y - ry), (x + rx, y + ry)])
            box = (min(left, right), top, max(left, right), bottom)
            self.canvas.draw.ellipse(box, fill=self.lit(fill))
            return
        corners = 8 if self.canvas.tiny else 24
        angles = [math.tau * step / corners for step in range(corners)]
        self.polygon([(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles], fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        pixels = max(1, round(width * self.unit * self.canvas.pixels))
        self.canvas.draw.line(self.place(points), fill=self.lit(fill), width=pixels, joint="curve")

    def strand(self, start: Point, end: Point, bend: float, width: float, fill: Colour) -> None:
        """One lock of hair: thick at the root, bent sideways, ending in a tip."""
        (x0, y0), (x1, y1) = start, end
        dx, dy = x1 - x0, y1 - y0
        length = math.hypot(dx, dy) or 1.0
        nx, ny = -dy / length, dx / length
        left, right = [], []
        for t, thick in ((0.0, 0.5), (0.3, 1.0), (0.65, 0.75)):
            arc = bend * 4 * t * (1 - t)
            mx, my, half = x0 + dx * t + nx * arc, y0 + dy * t + ny * arc, thick * width / 2
            left.append((mx + nx * half, my + ny * half))
            right.append((mx - nx * half, my - ny * half))
        self.polygon([*left, (x1, y1), *reversed(right)], fill)
