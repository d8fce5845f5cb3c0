"""Show a square painting in a picture of any form: crop it to a window, or carry it on beyond its edges."""

from dataclasses import dataclass

from PIL import Image, ImageFilter, ImageOps

from sandbox.canvas import SUPERSAMPLING, Canvas

LOWEST = 0.66  # less than this much of a painting's height would cut off the dog's ears
NARROWEST = 0.62


@dataclass(frozen=True)
class Window:
    """A part of the painting: its left upper corner, its width and height, where the painting is 0..1.

    It may begin above the painting, and at its left, and end at its right; it always ends at its foot.
    """

    left: float
    top: float
    width: float
    height: float


def window(size: tuple[int, int], centre: float) -> Window:
    """The window for a picture of that size (width and height in pixels) whose heroes stand at `centre`."""
    ratio = size[0] / size[1]
    if ratio >= 1:
        height = max(LOWEST, 1 / ratio)
        width = height * ratio
    else:
        width = max(NARROWEST, ratio)
        height = width / ratio
    left = (1 - width) / 2 if width > 1 else min(1 - width, max(0.0, centre - width / 2))
    return Window(left, 1 - height, width, height)


def reframe(canvas: Canvas, seen: Window, size: tuple[int, int]) -> None:
    """Let the canvas hold what is seen through the window, `size` pixels large once it is finished."""
    image, side = canvas.image, canvas.pixels
    beside, above = round(max(0.0, -seen.left) * side), round(max(0.0, -seen.top) * side)
    if beside:
        image = _widened(image, beside)
    if above:
        image = _heightened(image, above)
    left, top = seen.left * side + beside, seen.top * side + above
    box = (left, top, min(image.width, left + seen.width * side), min(image.height, top + seen.height * side))
    goal = (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING)
    canvas.replace(
        image.resize(goal, Image.Resampling.BILINEAR, box=(max(0.0, left), max(0.0, top), *box[2:]))
    )


def _widened(image: Image.Image, beside: int) -> Image.Image:
    """The land goes on at both sides as in a mirror."""
    width, height = image.size
    wide = Image.new(image.mode, (width + 2 * beside, height))
    wide.paste(image, (beside, 0))
    wide.paste(ImageOps.mirror(image.crop((0, 0, beside, height))), (0, 0))
    wide.paste(ImageOps.mirror(image.crop((width - beside, 0, width, height))), (width + beside, 0))
    return wide


def _heightened(image: Image.Image, above: int) -> Image.Image:
    """More of the sky, soft, from the uppermost part of it."""
    width, height = image.size
    strip = ImageOps.flip(image.crop((0, 0, width, max(1, height // 60))))
    sky = strip.resize((width, above), Image.Resampling.BICUBIC)
    tall = Image.new(image.mode, (width, height + above))
    tall.paste(sky.filter(ImageFilter.GaussianBlur(max(1, above // 24))), (0, 0))
    tall.paste(image, (0, above))
    return tall
