"""Checks pictures that come from outside, and cuts grids: bytes in, bytes out."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from hashlib import sha256

from PIL import ExifTags, Image, UnidentifiedImageError

from errors import ProviderError

# 64 megapixels are four times MidJourney's largest upscale (4096 x 4096), and 256 MB once decoded.
MAX_PIXELS = 64_000_000
_MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
# Phones put a second picture (for depth or brightness) into a JPEG; Pillow calls that MPO.
_KINDS_OF_JPEG = {"MPO": "JPEG"}
_QUALITY: dict[str, dict[str, int]] = {"JPEG": {"quality": 92}, "WEBP": {"quality": 92}}
# How to turn a picture upright, by its EXIF orientation (TIFF 6.0, tag 274).
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True)
class CheckedImage:
    """Bytes that were decoded as a picture once; `width` and `height` in pixels."""

    content: bytes
    mime: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def check_image(content: bytes) -> CheckedImage:
    """The picture in `content`, its type read from the bytes and never from a header or a name.

    Raises ProviderError for anything that is no whole PNG, JPEG or WebP, or has over MAX_PIXELS.
    """
    return _describe(content, decode(content))


def cut_grid(content: bytes) -> tuple[CheckedImage, tuple[CheckedImage, ...]]:
    """A grid of four, and its parts as PNG: left to right, then top to bottom, as MidJourney counts them.

    Since MidJourney's model 5 a grid's quadrant is the same picture that its U button gives.
    """
    grid = decode(content)
    if min(grid.size) < 2:
        raise ProviderError("The grid is too small to be cut in four.", code="not_a_picture")
    half_width, half_height = grid.width // 2, grid.height // 2
    parts = tuple(
        _encode(grid.crop((left, top, left + half_width, top + half_height)))
        for top in (0, half_height)
        for left in (0, half_width)
    )
    return _describe(content, grid), parts


def shrunk(content: bytes, side: int) -> CheckedImage:
    """The picture as a JPEG of at most `side` pixels each way, upright, on white where it was transparent."""
    return _as_jpeg(_upright(decode(content)), side)


def cleaned(content: bytes, *, most_pixels: int) -> CheckedImage:
    """The picture encoded anew: upright, and without anything but its pixels (no place, no camera, no tail).

    Raises ProviderError like check_image, and for more than `most_pixels`.
    """
    image = decode(content, most_pixels)
    form = _KINDS_OF_JPEG.get(image.format or "", image.format or "PNG")
    bare = _upright(image)
    if form == "JPEG":
        bare = bare.convert("RGB")
    elif bare.mode == "LA" or ("transparency" in bare.info and bare.mode in ("1", "L", "P", "RGB")):
        bare = bare.convert("RGBA")
    elif bare.mode not in ("RGB", "RGBA", "L"):
        bare = bare.convert("RGB")
    fresh = Image.new(bare.mode, bare.size)
    fresh.paste(bare)
    buffer = io.BytesIO()
    fresh.save(buffer, form, **_QUALITY.get(form, {}))
    return CheckedImage(buffer.getvalue(), _MIME[form], fresh.width, fresh.height)


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF data says; what nobody can read in there turns nothing.

    Pillow's own exif_transpose also writes the rest of the data anew, and fails where that is odd.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    except (SyntaxError, struct.error, ValueError, TypeError, LookupError, OSError, OverflowError):
        return image
    return image if turn is None else image.transpose(turn)


def _as_jpeg(image: Image.Image, side: int) -> CheckedImage:
    small = image.convert("RGBA")
    small.thumbnail((side, side))
    ground = Image.new("RGB", small.size, "white")
    ground.paste(small, mask=small.getchannel("A"))
    buffer = io.BytesIO()
    ground.save(buffer, "JPEG", quality=85)
    return CheckedImage(buffer.getvalue(), "image/jpeg", ground.width, ground.height)


def checked(content: bytes, mime: str, size: tuple[int, int]) -> CheckedImage:
    """Bytes of our own making as a picture."""
    return CheckedImage(content, mime, *size)


def decode(content: bytes, most_pixels: int = MAX_PIXELS) -> Image.Image:
    """The picture in `content`, decoded. Raises ProviderError, see check_image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures, and of odd data about them
            image = Image.open(io.BytesIO(content), formats=list(_MIME))
            if image.width * image.height > most_pixels:
                raise ProviderError(
                    f"The picture has {image.width} x {image.height} pixels; "
                    f"at most {most_pixels // 1_000_000} megapixels are taken.",
                    code="picture_too_large",
                    permanent=True,
                )
            image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise ProviderError(
            "What came instead of the picture is no whole PNG, JPEG or WebP.", code="not_a_picture"
        ) from error
    return image


def _describe(content: bytes, image: Image.Image) -> CheckedImage:
    form = image.format or "PNG"
    return CheckedImage(content, _MIME[_KINDS_OF_JPEG.get(form, form)], image.width, image.height)


def _encode(image: Image.Image) -> CheckedImage:
    if image.mode not in ("RGB", "RGBA", "L"):
        image = image.convert("RGB")
    buffer = io.BytesIO()
    # Level 1, the quickest: somebody waits for the parts.
    image.save(buffer, "PNG", compress_level=1)
    return CheckedImage(buffer.getvalue(), "image/png", image.width, image.height)
