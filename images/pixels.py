"""Turns a picture into pixel art: few true pixels, few colours."""

from __future__ import annotations

import io

from PIL import Image

from images.editing import CheckedImage, check_image

# One pixel of the art is a square of so many of the picture's.
_SCALE = 2


def pixel_art(content: bytes, *, side: int, colours: int) -> CheckedImage:
    """`content` as a square PNG of `side` x `side` pixels with at most `colours` colours.

    The middle of the picture is kept. Raises ProviderError for what is no picture.
    """
    checked = check_image(content)
    with Image.open(io.BytesIO(checked.content)) as image:
        flat = _on_white(image)
    short = min(flat.size)
    left, top = (flat.width - short) // 2, (flat.height - short) // 2
    square = flat.crop((left, top, left + short, top + short))
    grid = max(1, side // _SCALE)
    small = square.resize((grid, grid), Image.Resampling.BOX)
    limited = small.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    large = limited.resize((side, side), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    large.save(buffer, "PNG", optimize=True)
    return check_image(buffer.getvalue())


def _on_white(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
