"""Pictures as pixel art."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from errors import ProviderError
from images.pixels import pixel_art


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA"])
@pytest.mark.parametrize("size", [(300, 200), (64, 64), (10, 700)])
def test_the_art_is_square_with_true_pixels_and_few_colours(mode: str, size: tuple[int, int]) -> None:
    noise = Image.effect_noise(size, 90).convert("RGB").convert(mode)
    art = pixel_art(png(noise), side=64, colours=16)
    assert (art.mime, art.width, art.height) == ("image/png", 64, 64)
    with Image.open(io.BytesIO(art.content)) as image:
        plain = image.convert("RGB")
    assert len(plain.getcolors(4096) or []) <= 16
    for x in range(0, 64, 2):
        for y in range(0, 64, 2):
            square = {plain.getpixel((x + a, y + b)) for a in (0, 1) for b in (0, 1)}
            assert len(square) == 1


def test_what_is_transparent_becomes_white() -> None:
    art = pixel_art(png(Image.new("RGBA", (32, 32), (0, 0, 0, 0))), side=32, colours=4)
    with Image.open(io.BytesIO(art.content)) as image:
        assert image.convert("RGB").getpixel((3, 3)) == (255, 255, 255)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ProviderError):
        pixel_art(b"nonsense", side=32, colours=4)
