"""Figures on plain backdrops are freed, and everything else is left alone."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageDraw

from errors import ProviderError
from images.cutting import cut_out, is_clear, soften
from sandbox.figure import on_backdrop

CHARACTERS = [
    "a brave girl dog with a red bow",
    "a tiny grey cat with a blue scarf",
    "an old white sheep",
    "a pink pig in a green hat",
    "a huge brown cow",
    "a white yorkie with a cream bow",
]


def encoded(picture: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


def alpha_of(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).getchannel("A")


def share(mask: Image.Image, within: Image.Image | None = None) -> float:
    """The part of `within` (or of all) that is white in `mask`."""
    both = ImageChops.multiply(mask, within) if within else mask
    all_of_it = within.histogram()[255] if within else mask.width * mask.height
    return both.histogram()[255] / all_of_it


def above(channel: Image.Image, level: int) -> Image.Image:
    return channel.point([255 if value >= level else 0 for value in range(256)])


@pytest.mark.parametrize("who", CHARACTERS)
def test_a_character_is_kept_and_its_backdrop_goes(who: str) -> None:
    picture = on_backdrop(f"{who}, full body, on a plain light background", 7, 0, (512, 512), ())
    backdrop = picture.getpixel((0, 0))
    assert isinstance(backdrop, tuple)
    apart = ImageChops.difference(picture, Image.new("RGB", picture.size, backdrop)).convert("L")
    figure = above(apart, 1)

    freed = cut_out(encoded(picture))

    assert freed is not None
    alpha = alpha_of(freed.content)
    border = Image.new("L", alpha.size, 255)
    border.paste(0, (1, 1, alpha.width - 1, alpha.height - 1))
    assert share(ImageChops.invert(above(alpha, 32)), border) >= 0.95
    assert share(above(alpha, 128), figure) >= 0.95


def test_what_has_the_backdrop_s_colour_within_the_figure_stays() -> None:
    picture = Image.new("RGB", (200, 200), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((40, 40, 160, 160), fill="navy")
    pen.ellipse((90, 90, 110, 110), fill="white")

    freed = cut_out(encoded(picture))

    assert freed is not None
    assert alpha_of(freed.content).getpixel((100, 100)) == 255
    assert alpha_of(freed.content).getpixel((5, 5)) == 0


def test_a_figure_before_a_scenery_is_left_alone() -> None:
    picture = Image.new("RGB", (200, 200), "skyblue")
    ImageDraw.Draw(picture).rectangle((0, 100, 200, 200), fill="darkgreen")

    assert cut_out(encoded(picture)) is None


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_any_form_becomes_a_png(form: str) -> None:
    picture = Image.new("RGB", (60, 40), "white")
    ImageDraw.Draw(picture).rectangle((20, 10, 40, 30), fill="maroon")

    freed = cut_out(encoded(picture, form))

    assert freed is not None
    assert (freed.mime, freed.width, freed.height) == ("image/png", 60, 40)


@pytest.mark.parametrize("size", [(1, 1), (3, 1), (2, 2), (1, 400)])
def test_the_smallest_pictures_do_no_harm(size: tuple[int, int]) -> None:
    cut_out(encoded(Image.new("RGB", size, "white")))
    assert soften(encoded(Image.new("RGB", size, "white"))).width == size[0]


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ProviderError):
        cut_out(b"<svg/>")


def test_a_picture_that_is_clear_already_is_known() -> None:
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 255), (15, 15, 35, 35))

    assert is_clear(encoded(clear))
    assert not is_clear(encoded(clear.convert("RGB")))
    assert not is_clear(encoded(Image.new("RGBA", (50, 50), (9, 9, 9, 255))))


def test_a_softened_background_is_the_same_scene_with_less_detail() -> None:
    stripes = Image.new("RGB", (256, 256), "white")
    pen = ImageDraw.Draw(stripes)
    for left in range(0, 256, 4):
        pen.line((left, 0, left, 256), fill="black", width=2)

    soft = soften(encoded(stripes))

    low, high = Image.open(io.BytesIO(soft.content)).convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert high - low < 200
    assert (soft.mime, soft.width, soft.height) == ("image/jpeg", 256, 256)
