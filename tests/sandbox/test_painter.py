"""The sample pictures: shape, determinism, variety and the words that steer them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from sandbox.mood import NOTIONS, notions_of
from sandbox.painter import paint, paint_grid, preview
from sandbox.props import EVERYDAY, PROPS
from sandbox.scene import plan

SMALL = 64


def brightness(picture: Image.Image) -> float:
    return ImageStat.Stat(picture.convert("L")).mean[0]


def difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("size", [32, 33, 64, 100, 161, 256])
def test_a_picture_is_rgb_and_has_the_wanted_size(size: int) -> None:
    picture = paint("a farm", 1, 0, size)

    assert (picture.mode, picture.size) == ("RGB", (size, size))


def test_equal_arguments_paint_equal_pictures() -> None:
    first, second = (paint("a red tractor at night", 7, 2, 200) for _ in range(2))

    assert first.tobytes() == second.tobytes()


def test_variants_of_one_prompt_differ_visibly() -> None:
    pictures = [paint("a farm", 3, variant, SMALL) for variant in range(4)]

    assert all(difference(a, b) > 10 for i, a in enumerate(pictures) for b in pictures[:i])


def test_the_dog_sits_in_another_place_in_each_variant() -> None:
    places = {round(plan("a farm", 3, variant).dog_x, 1) for variant in range(4)}

    assert len(places) >= 3


def test_another_seed_paints_another_picture() -> None:
    assert difference(paint("a farm", 1, 0, SMALL), paint("a farm", 2, 0, SMALL)) > 10


def test_a_grid_holds_the_four_variants_without_a_gap() -> None:
    grid = paint_grid("a boat on the sea", 5, 128)

    assert grid.size == (128, 128)
    assert grid.crop((64, 64, 128, 128)).tobytes() == paint("a boat on the sea", 5, 3, 64).tobytes()


def test_a_grid_of_an_odd_size_still_has_that_size() -> None:
    assert paint_grid("x", 1, 131).size == (131, 131)


def test_nobody_is_in_a_scene_that_is_wanted_without_people_or_animals() -> None:
    prompt = "A wood, wide, without people or animals"

    assert plan(prompt, 1, 0).is_empty
    assert not plan("A wood, wide", 1, 0).is_empty


def test_night_is_darker_than_day() -> None:
    assert (
        brightness(paint("a farm at night", 4, 0, SMALL))
        < brightness(paint("a farm by day", 4, 0, SMALL)) - 40
    )


def test_winter_is_white() -> None:
    assert brightness(paint("snow in winter by day", 4, 0, SMALL)) > brightness(
        paint("summer by day", 4, 0, SMALL)
    )


@pytest.mark.parametrize("name", sorted(PROPS))
def test_every_prop_comes_when_its_word_is_said_and_can_be_drawn(name: str) -> None:
    word = NOTIONS[name].split()[0]

    assert name in plan(f"A story with a {word} in it", 1, 0).props
    assert paint(word, 1, 0, 128).size == (128, 128)


def test_everyday_things_are_known_props() -> None:
    assert set(EVERYDAY) <= set(PROPS)


def test_plurals_are_understood_but_mars_is_not_the_sea() -> None:
    assert notions_of("two pumpkins") == ("pumpkin",)
    assert "sea" not in notions_of("a trip to Mars")


def test_a_colour_in_the_prompt_colours_the_barn() -> None:
    assert plan("a purple barn", 1, 0).mood.accent == (142, 98, 190)


def test_the_words_for_the_weather_beat_the_seed() -> None:
    scene = plan("a rainy evening in autumn", 9, 1)

    assert (scene.mood.weather, scene.mood.time, scene.mood.season) == ("rain", "golden", "autumn")


def test_large_pictures_are_signed_in_both_corners() -> None:
    picture = paint("a farm", 1, 0, 400)
    corners = [picture.crop((200, 370, 400, 400)), picture.crop((0, 380, 60, 400))]

    assert all(ImageStat.Stat(corner.convert("L")).stddev[0] > 10 for corner in corners)


@settings(max_examples=40, deadline=None)
@given(prompt=st.text(max_size=60), seed=st.integers(), variant=st.integers(0, 7), size=st.integers(32, 120))
def test_any_text_gives_a_picture(prompt: str, seed: int, variant: int, size: int) -> None:
    assert paint(prompt, seed, variant, size).size == (size, size)


@settings(max_examples=40, deadline=None)
@given(prompt=st.text(max_size=60), variant=st.integers(0, 3))
def test_the_dog_stands_inside_the_picture(prompt: str, variant: int) -> None:
    scene = plan(prompt, 1, variant)

    assert 0.2 < scene.dog_x < 0.8
    assert scene.dog_y < 0.95


@pytest.mark.parametrize("fraction", [-1.0, 0.0, 0.15, 0.62, 1.0, 2.0])
def test_a_preview_is_at_most_512_pixels_wide(fraction: float) -> None:
    assert preview(paint("a farm", 1, 0, 600), fraction).size == (512, 512)


def test_a_preview_keeps_small_and_oblong_pictures_in_shape() -> None:
    assert preview(Image.new("RGB", (100, 60)), 0.5).size == (100, 60)


def test_previews_come_closer_to_the_finished_picture() -> None:
    picture = paint("a farm", 1, 0, 256)
    distances = [difference(preview(picture, fraction), picture) for fraction in (0.0, 0.3, 0.6, 0.9, 1.0)]

    assert distances == sorted(distances, reverse=True)
    assert distances[-1] == 0


def test_equal_previews_are_equal() -> None:
    picture = paint("a farm", 1, 0, 128)

    assert preview(picture, 0.4).tobytes() == preview(picture, 0.4).tobytes()
