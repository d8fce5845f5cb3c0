"""Checking pictures from outside, and cutting grids."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from errors import ProviderError
from images.editing import ENDINGS, MAX_PIXELS, check_image, cut_grid

COLOURS = ((250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 10))


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def grid(size: tuple[int, int] = (8, 12), mode: str = "RGB") -> Image.Image:
    """Four colours, left to right and top to bottom."""
    image = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for number, colour in enumerate(COLOURS):
        left, top = number % 2 * width, number // 2 * height
        image.paste(colour, (left, top, left + width, top + height))
    return image.convert(mode)


PNG = encoded(grid(), "PNG")


def bomb(width: int, height: int) -> bytes:
    """The beginning of a PNG that claims this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checked = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 10) + b"IDAT" + bytes(14)


@pytest.mark.parametrize(
    ("form", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_a_picture_is_described_by_its_bytes(form: str, mime: str) -> None:
    content = encoded(grid(), form)
    checked = check_image(content)

    assert (checked.mime, checked.width, checked.height) == (mime, 8, 12)
    assert checked.content == content
    assert len(checked.sha256) == 64
    assert checked.mime in ENDINGS


def test_a_photo_of_a_phone_with_a_second_picture_inside_is_a_jpeg() -> None:
    content = encoded(grid(), "MPO", save_all=True, append_images=[grid()])
    checked = check_image(content)

    assert (checked.mime, checked.width, checked.height) == ("image/jpeg", 8, 12)


REFUSED = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": encoded(grid(), "GIF"),
    "bmp": encoded(grid(), "BMP"),
    "tiff": encoded(grid(), "TIFF"),
    "ico": encoded(grid((16, 16)), "ICO"),
    "pdf": b"%PDF-1.7",
    "nothing": b"",
    "a name only": b"\x89PNG\r\n\x1a\n",
    "half a png": PNG[: len(PNG) // 2],
    "half a jpeg": encoded(grid((99, 99)), "JPEG")[:700],
    "half a webp": encoded(grid((99, 99)), "WEBP")[:80],
    "html before a png": b"<script>alert(1)</script>" + PNG,
    "gif before a png": b"GIF89a" + PNG,
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    for read in (check_image, cut_grid):
        with pytest.raises(ProviderError) as caught:
            read(content)
        assert caught.value.code == "not_a_picture"


def test_a_picture_with_html_behind_it_is_still_only_a_picture() -> None:
    assert check_image(PNG + b"<script>alert(1)</script>").mime == "image/png"


@pytest.mark.parametrize("size", [(8001, 8000), (60_000, 60_000), (2**31 - 1, 1), (1, 64_000_001)])
def test_a_bomb_is_refused_before_it_is_unpacked(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpack(_image: Image.Image) -> None:
        raise AssertionError("It was unpacked.")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    with pytest.raises(ProviderError) as caught:
        check_image(bomb(*size))

    assert caught.value.code in ("picture_too_large", "not_a_picture")
    if size[0] * size[1] < 2 * Image.MAX_IMAGE_PIXELS:  # type: ignore[operator]
        assert caught.value.code == "picture_too_large"
        assert caught.value.permanent


def test_the_largest_upscale_is_small_enough() -> None:
    assert MAX_PIXELS >= 4096 * 4096 * 2


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_refused(content: bytes) -> None:
    with pytest.raises(ProviderError):
        check_image(content)


@given(
    form=st.sampled_from(["PNG", "JPEG", "WEBP"]), at=st.floats(0, 1), noise=st.binary(min_size=1, max_size=9)
)
def test_a_damaged_picture_is_a_picture_or_refused(form: str, at: float, noise: bytes) -> None:
    content = bytearray(encoded(grid(), form))
    place = int(at * (len(content) - len(noise)))
    content[place : place + len(noise)] = noise
    try:
        checked = check_image(bytes(content))
    except ProviderError:
        return
    assert checked.width > 0


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_the_quadrants_are_the_quadrants(form: str) -> None:
    content = encoded(grid(), form, lossless=True)
    whole, parts = cut_grid(content)

    assert (whole.content, whole.width, whole.height) == (content, 8, 12)
    assert [(part.width, part.height, part.mime) for part in parts] == [(4, 6, "image/png")] * 4
    for part, colour in zip(parts, COLOURS, strict=True):
        with Image.open(io.BytesIO(part.content)) as image:
            assert image.getcolors() == [(24, colour)]


def test_a_grid_of_an_odd_size_is_cut_into_equal_parts() -> None:
    _whole, parts = cut_grid(encoded(grid((9, 13)), "PNG"))

    assert {(part.width, part.height) for part in parts} == {(4, 6)}


@pytest.mark.parametrize("mode", ["P", "RGBA", "L", "LA", "1", "I;16", "CMYK"])
def test_grids_of_every_mode_are_cut(mode: str) -> None:
    image = grid().convert("L").convert("I;16") if mode == "I;16" else grid(mode=mode)
    content = encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    _whole, parts = cut_grid(content)

    assert len(parts) == 4
    assert {check_image(part.content).mime for part in parts} == {"image/png"}


def test_a_palette_keeps_its_colours_and_a_transparent_grid_its_transparency() -> None:
    palette, clear = grid().quantize(4), grid(mode="RGBA")
    clear.putalpha(99)
    for image, colour in ((palette, (10, 250, 10)), (clear, (10, 250, 10, 99))):
        _whole, parts = cut_grid(encoded(image, "PNG"))
        with Image.open(io.BytesIO(parts[1].content)) as part:
            value = part.getpixel((1, 1))
        assert isinstance(value, tuple)
        assert all(abs(a - b) < 30 for a, b in zip(value, colour, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (8, 1)])
def test_what_is_too_small_is_no_grid(size: tuple[int, int]) -> None:
    content = encoded(Image.new("RGB", size), "PNG")

    assert check_image(content).width == size[0]
    with pytest.raises(ProviderError) as caught:
        cut_grid(content)
    assert caught.value.code == "not_a_picture"
