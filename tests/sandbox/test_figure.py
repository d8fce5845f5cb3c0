"""Figures before plain backdrops: who is meant, and that they can be cut out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from sandbox.canvas import Colour
from sandbox.character import COATS, backdrop_of, character_of, like
from sandbox.figure import on_backdrop
from sandbox.likeness import look_at
from tests.sandbox.calling import BLUE, RED, picture

ANIMALS = ("dog", "cat", "cow", "pig", "sheep", "duck", "chicken")


def figure_box(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Where the picture is not of the colour of its corner."""
    return ImageChops.difference(image, Image.new("RGB", image.size, image.getpixel((0, 0)))).getbbox()


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        ("a dog on a plain white background", (255, 255, 255)),
        ("a dog, Plain White Background, full body", (255, 255, 255)),
        ("a dog, isolated on white background", (255, 255, 255)),
        ("a dog against a solid blue backdrop", (66, 118, 202)),
        ("a dog on a plain light blue background", (179, 200, 233)),
        ("a dog on a plain grey", (188, 190, 196)),
    ],
)
def test_a_plain_backdrop_has_the_colour_that_is_named(prompt: str, colour: Colour) -> None:
    assert backdrop_of(prompt) == colour


def test_a_plain_backdrop_without_a_colour_is_pale() -> None:
    colour = backdrop_of("Mia the dog, plain background")

    assert colour
    assert min(colour) > 200


@pytest.mark.parametrize(
    "prompt",
    [
        "a dog on a farm",
        "a plain brown dog",
        "a dog in the background",
        "a dog, white clouds in the background",
        "flat fields in background",
    ],
)
def test_a_scene_is_no_plain_backdrop(prompt: str) -> None:
    assert backdrop_of(prompt) is None


def test_the_backdrop_does_not_colour_the_figure() -> None:
    described = "a chocolate terrier with a green scarf"
    white, black = (
        character_of(f"{described} on a plain {colour} background") for colour in ("white", "black")
    )

    assert white == black
    assert white.coat == COATS["chocolate"][1]
    assert white.bow == (74, 154, 96)


def test_different_characters_look_different() -> None:
    names = ("Mia", "Bruno", "Lilly", "Tom", "Oskar", "Frida", "Emil", "Wanda")
    looks = {(c.coat, c.bow, c.scarf) for c in (character_of(f"{name}, plain background") for name in names)}

    assert len(looks) >= 7


@pytest.mark.parametrize("animal", ANIMALS)
def test_the_animal_that_is_named_is_drawn(animal: str) -> None:
    assert character_of(f"a little {animal}, plain background").kind == animal


def test_a_character_takes_after_its_picture() -> None:
    coat = COATS["red"][1]
    reference = look_at(picture((190, 98, 60)), "image")
    seen = like(character_of("Mia, plain background"), (reference,))

    assert seen.coat == coat
    assert seen.bow == reference.vivid[0]


@settings(max_examples=40, deadline=None)
@given(
    animal=st.sampled_from(ANIMALS),
    size_word=st.sampled_from(("tiny", "", "giant")),
    variant=st.integers(0, 3),
    seed=st.integers(0, 99),
    size=st.sampled_from(((160, 160), (120, 180), (180, 120), (90, 90))),
    references=st.integers(0, 3),
)
def test_no_figure_touches_the_border(
    animal: str, size_word: str, variant: int, seed: int, size: tuple[int, int], references: int
) -> None:
    sent = [look_at(picture(colour), "image") for colour in (RED, BLUE, (30, 160, 60))[:references]]
    prompt = f"a {size_word} {animal} called Number {seed}, plain white background"
    image = on_backdrop(prompt, seed, variant, size, sent)
    box = figure_box(image)

    assert image.size == size
    assert box
    assert box[0] > 0
    assert box[1] > 0
    assert box[2] < size[0]
    assert box[3] < size[1]
    assert (box[2] - box[0]) * (box[3] - box[1]) > 0.1 * size[0] * size[1]
