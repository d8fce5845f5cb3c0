"""Frees a figure from a plain backdrop, and softens a background: bytes in, bytes out."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from images.editing import CheckedImage, checked, decode

# How far a colour may be from the backdrop's (0-255 in its furthest channel) to belong to it.
_TOLERANCE = 28
# What varies more than this along the border is no plain backdrop (standard deviation, 0-255).
_MOST_VARIED = 24.0
_FILL_SIDE = 512  # pixels; the fill is done on a small copy, since it looks at each pixel in Python
_BORDER = 2
_SOFT = 1.2  # pixels by which the edge is softened
_LARGE = 768  # pixels; in a smaller picture each row of them counts
_BLUR = 0.006  # of the longer side
_HALF = [255 if value >= 128 else 0 for value in range(256)]


def is_clear(content: bytes) -> bool:
    """Whether the picture has a transparent background already: most of its border lets through."""
    image = decode(content)
    if image.mode not in ("RGBA", "LA") and "transparency" not in image.info:
        return False
    alpha = image.convert("RGBA").getchannel("A")
    return ImageStat.Stat(alpha, _frame(alpha.size)).mean[0] < 64


def cut_out(content: bytes) -> CheckedImage | None:
    """The figure on a transparent ground as PNG; None if it does not stand on a plain backdrop.

    Only what is connected with the border is taken away: white shirts stay on a white ground.
    """
    image = decode(content).convert("RGB")
    frame = _frame(image.size)
    if max(ImageStat.Stat(image, frame).stddev) > _MOST_VARIED:
        return None
    backdrop = tuple(round(value) for value in ImageStat.Stat(image, frame).median)
    near = _near(image, backdrop)
    ground = ImageChops.multiply(near, _connected(near))
    figure = ImageChops.invert(ground)
    if min(image.size) >= _LARGE:  # the outermost pixels bear some of the backdrop's colour
        figure = figure.filter(ImageFilter.MinFilter(3))
    alpha = figure.filter(ImageFilter.GaussianBlur(_SOFT))
    freed = image.convert("RGBA")
    freed.putalpha(alpha)
    buffer = io.BytesIO()
    freed.save(buffer, "PNG", compress_level=3)
    return checked(buffer.getvalue(), "image/png", freed.size)


def soften(content: bytes) -> CheckedImage:
    """The picture softly blurred, as a JPEG: a background that leaves the eye to the figures before it."""
    image = decode(content).convert("RGB")
    soft = image.filter(ImageFilter.GaussianBlur(max(2.0, _BLUR * max(image.size))))
    buffer = io.BytesIO()
    soft.save(buffer, "JPEG", quality=90)
    return checked(buffer.getvalue(), "image/jpeg", soft.size)


def _near(image: Image.Image, colour: tuple[int, ...]) -> Image.Image:
    """255 where a pixel has nearly this colour, else 0."""
    apart = ImageChops.difference(image, Image.new("RGB", image.size, colour))
    red, green, blue = apart.split()
    furthest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return furthest.point([255 if value <= _TOLERANCE else 0 for value in range(256)])


def _connected(near: Image.Image) -> Image.Image:
    """255 where the backdrop's colour is connected with the border; found on a small copy."""
    share = min(1.0, _FILL_SIDE / max(near.size))
    size = (max(1, round(near.width * share)), max(1, round(near.height * share)))
    small = near.resize(size, Image.Resampling.BOX).point(
        [255 if value >= 128 else 0 for value in range(256)]
    )
    # A frame of the backdrop's colour around it joins all its parts along the border.
    framed = Image.new("L", (small.width + 2, small.height + 2), 255)
    framed.paste(small, (1, 1))
    ImageDraw.floodfill(framed, (0, 0), 128)
    filled = framed.point([255 if value == 128 else 0 for value in range(256)])
    inner = filled.crop((1, 1, small.width + 1, small.height + 1))
    # Enlarged, the parts reach a little further than they did, up to the fine edge of `near`.
    return (
        inner.resize(near.size, Image.Resampling.BILINEAR)
        .point([255 if value > 0 else 0 for value in range(256)])
        .filter(ImageFilter.MaxFilter(5))
    )


def _frame(size: tuple[int, int]) -> Image.Image:
    """A mask of the pixels along the border."""
    mask = Image.new("L", size, 255)
    if min(size) > 2 * _BORDER:
        mask.paste(0, (_BORDER, _BORDER, size[0] - _BORDER, size[1] - _BORDER))
    return mask
