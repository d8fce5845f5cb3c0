"""Checks pictures that come from outside, and cuts grids: bytes in, bytes out."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image, UnidentifiedImageError

from errors import ProviderError

# 64 megapixels are four times MidJourney's largest upscale (4096 x 4096), and 256 MB once decoded.
MAX_PIXELS = 64_000_000
_MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
# Phones put a second picture (for depth or brightness) into a JPEG; Pillow calls that MPO.
_KINDS_OF_JPEG = {"MPO": "JPEG"}
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
    return _describe(content, _decode(content))


def cut_grid(content: bytes) -> tuple[CheckedImage, tuple[CheckedImage, ...]]:
    """A grid of four, and its parts as PNG: left to right, then top to bottom, as MidJourney counts them.

    Since MidJourney's model 5 a grid's quadrant is the same picture that its U button gives.
    """
    grid = _decode(content)
    if min(grid.size) < 2:
        raise ProviderError("The grid is too small to be cut in four.", code="not_a_picture")
    half_width, half_height = grid.width // 2, grid.height // 2
    parts = tuple(
        _encode(grid.crop((left, top, left + half_width, top + half_height)))
        for top in (0, half_height)
        for left in (0, half_width)
    )
    return _describe(content, grid), parts


def _decode(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=list(_MIME))
            if image.width * image.height > MAX_PIXELS:
                raise ProviderError(
                    f"The picture has {image.width} x {image.height} pixels; "
                    f"at most {MAX_PIXELS // 1_000_000} megapixels are taken.",
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
