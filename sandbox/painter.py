"""Paint the sample pictures that the sandbox hands out: one dog, one farm, many moods."""

from functools import lru_cache
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat

from sandbox.canvas import Canvas
from sandbox.scene import paint_scene, plan

SIGNATURE = "Uncle Mark's Yorkie Farm"
MARK = "sample"
SMALLEST_SIGNED = 160
PREVIEW_WIDTH = 512


def paint(prompt: str, seed: int, variant: int = 0, size: int = 1024) -> Image.Image:
    """An RGB picture of size x size pixels; equal arguments give equal pictures."""
    canvas = Canvas(size)
    paint_scene(canvas, plan(prompt, seed, variant), Random(f"{seed}/{variant}/strokes"))
    return signed(canvas.finished())


def signed(picture: Image.Image) -> Image.Image:
    """The picture with the farm's name in its lower corners and what it is, a sample, unless it is small."""
    if min(picture.size) >= SMALLEST_SIGNED:
        _sign(picture, SIGNATURE, right=True)
        _sign(picture, MARK, right=False)
    return picture


def paint_grid(prompt: str, seed: int, size: int = 2048) -> Image.Image:
    """Variants 0 to 3 side by side and below each other, as MidJourney delivers them."""
    half = size // 2
    grid = Image.new("RGB", (half * 2, half * 2))
    for variant in range(4):
        picture = paint(prompt, seed, variant, half)
        grid.paste(picture, (variant % 2 * half, variant // 2 * half))
    return grid if grid.width == size else grid.resize((size, size))


def preview(image: Image.Image, fraction: float) -> Image.Image:
    """How an unfinished picture looks at that fraction (0..1): blurred, pale, noisy, at most 512 px wide."""
    fraction = min(1.0, max(0.0, fraction))
    width = min(PREVIEW_WIDTH, image.width)
    height = max(1, round(image.height * width / image.width))
    small = image.convert("RGB").resize((width, height), Image.Resampling.BOX)
    if fraction == 1.0:
        return small
    coarse = max(2, round(width * (0.02 + 0.5 * fraction * fraction)))
    blotches = small.resize((coarse, max(2, coarse * height // width)), Image.Resampling.BOX)
    blurred = blotches.resize((width, height), Image.Resampling.BICUBIC)
    pale = Image.blend(blurred, Image.new("RGB", (width, height), (228, 226, 230)), 0.55 * (1 - fraction))
    noise = _noise(width, height, round(fraction * 100), 0.26 * (1 - fraction))
    return ImageChops.add(pale, noise, 1, -128)


def _noise(width: int, height: int, seed: int, strength: float) -> Image.Image:
    side = (width // 2 + 1, height // 2 + 1)
    speckles = Image.frombytes("L", side, Random(f"preview {seed}").randbytes(side[0] * side[1]))
    calm = speckles.filter(ImageFilter.BoxBlur(1)).point(
        [128 + round((v - 128) * strength) for v in range(256)]
    )
    plane = calm.resize((width, height), Image.Resampling.BILINEAR)
    return Image.merge("RGB", (plane, plane, plane))


@lru_cache(maxsize=16)
def _lettering(text: str, pixels: int) -> Image.Image:
    """The text as a slanted mask, like a name written by hand."""
    font = ImageFont.load_default(pixels * 3)
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    width, height = right - left + pixels * 2, bottom - top + pixels
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).text((pixels * 0.5 - left, pixels * 0.5 - top), text, fill=255, font=font)
    slanted = mask.transform(mask.size, Image.Transform.AFFINE, (1, 0.22, -0.22 * height + pixels, 0, 1, 0))
    return slanted.reduce(3)


def _sign(picture: Image.Image, text: str, *, right: bool) -> None:
    """Write the text into a lower corner, dark on light ground and light on dark ground, with a soft halo."""
    size = min(picture.size)
    letters = _lettering(text, max(9, round(size * (0.026 if right else 0.018))))
    margin = max(3, round(size * 0.014))
    left = picture.width - margin - letters.width if right else margin
    top = picture.height - margin - letters.height
    ground = picture.crop((left, top, left + letters.width, top + letters.height)).convert("L")
    dark = ImageStat.Stat(ground).mean[0] > 120
    ink, halo = ((44, 36, 52), (255, 252, 240)) if dark else ((255, 250, 232), (24, 26, 48))
    around = letters.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.GaussianBlur(max(1, size / 500)))
    picture.paste(halo, (left, top), around.point([min(255, round(level * 0.85)) for level in range(256)]))
    picture.paste(ink, (left, top), letters)
