"""Paint one figure before a plain backdrop that reaches all borders, so that it can be cut out."""

from collections.abc import Sequence
from random import Random
from zlib import crc32

from PIL import Image, ImageDraw, ImageFilter

from sandbox.canvas import Colour, Pen
from sandbox.character import Character, backdrop_of, character_of, like
from sandbox.illustration import Size, freed
from sandbox.likeness import Likeness
from sandbox.portraits import draw_easel, hang_garland
from sandbox.props import PROPS
from sandbox.yorkie import Yorkie, draw_yorkie

WHITE: Colour = (255, 255, 255)
LOWEST = 0.93  # where the figure may stand, from the top of the picture
_INKS: tuple[Colour, Colour] = ((62, 48, 56), (255, 248, 232))  # the contour on light and on dark ground
_CONTOUR = 0.006  # its width, as a part of the picture's shorter side
_HEIGHTS = {"cow": 0.56, "pig": 0.6, "sheep": 0.66, "duck": 0.72}  # beside a dog; of the others 0.8
_SHADOW = 110  # less opaque than this is no figure


def on_backdrop(
    prompt: str, seed: int, variant: int, size: Size, likenesses: Sequence[Likeness]
) -> Image.Image:
    """An RGB picture of the one who is meant, in the likenesses' colours and with them beside or above it.

    The variants of a prompt differ in how the figure stands, not in who it is.
    """
    ground = backdrop_of(prompt) or WHITE
    character, chance = like(character_of(prompt), likenesses), f"{seed}/{variant}/{prompt}"
    side = min(size)
    figure = freed(lambda pen: _draw(pen, character, variant, chance, likenesses), side)
    figure.putalpha(figure.getchannel("A").point([level * (level >= _SHADOW) for level in range(256)]))
    outlined = Image.new("RGB", (side, side), ground)
    outlined.paste(_INKS[_luminance(ground) < 110], (0, 0), _contour(figure))
    outlined.paste(figure, (0, 0), figure)
    picture = Image.new("RGB", size, ground)
    picture.paste(outlined, ((size[0] - side) // 2, size[1] - side))
    return picture


def flat_figure(
    prompt: str, seed: int, variant: int, size: Size, likenesses: Sequence[Likeness]
) -> Image.Image:
    """The same in flat colours, cheap: an oval on the backdrop, with a column of each likeness's colour."""
    ground = backdrop_of(prompt) or WHITE
    number = crc32(f"{prompt}/{seed}/{variant}".encode())
    colour: Colour = (number >> 16 & 255, number >> 8 & 255, number & 255)
    if sum(abs(one - other) for one, other in zip(colour, ground[:3], strict=True)) < 240:
        colour = tuple(255 - part if abs(part - 128) > 40 else (part + 128) % 256 for part in ground[:3])
    width, height = size
    body = Image.new("RGB", size, colour)
    for place, likeness in enumerate(likenesses):
        left, right = (round(width * (0.3 + 0.4 * at / len(likenesses))) for at in (place, place + 1))
        body.paste(likeness.mean, (left, height // 2, right, height))
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse(
        (width // 6, height // 8, width - width // 6, height - height // 8), fill=255
    )
    picture = Image.new("RGB", size, ground)
    picture.paste(body, (0, 0), mask)
    return picture


def _draw(pen: Pen, character: Character, variant: int, chance: str, likenesses: Sequence[Likeness]) -> None:
    rng = Random(chance)
    place, height = 0.5, character.height
    if len(likenesses) == 1:
        draw_easel(pen.at(0.79, LOWEST, 0.5), likenesses[0])
        place, height = 0.37, min(height, 0.58)
    elif likenesses:
        hang_garland(pen, likenesses, (0.06, 0.94), 0.05, (0.0, 0.0))
        height = min(height, 0.6)
    if character.kind != "dog":
        height *= _HEIGHTS.get(character.kind, 0.8)
    foot = LOWEST if likenesses else min(LOWEST, 0.52 + height / 2)
    flip = not likenesses and rng.random() < 0.5
    if character.kind == "dog":
        draw_yorkie(pen.at(place, foot, height), _dog(character, variant, rng, flip=flip), rng)
        return
    tinted = pen.in_haze(character.tint, 0.5) if character.tint else pen
    beast = tinted.at(place, foot, height, rng.uniform(-0.05, 0.05), flip=flip)
    PROPS[character.kind].draw(beast, character.mood, Random(character.chance))


def _dog(character: Character, variant: int, rng: Random, *, flip: bool) -> Yorkie:
    return Yorkie(
        pose=("sitting", "standing")[variant % 2],
        flip=flip,
        tilt=rng.uniform(-0.12, 0.12),
        bow=character.bow,
        happy=rng.random() < 0.65,
        crown=character.crown,
        scarf=character.scarf,
        coat=character.coat,
    )


def _contour(figure: Image.Image) -> Image.Image:
    """A mask of a line around the figure, so that nothing of it can be taken for the backdrop."""
    width = max(1, round(min(figure.size) * _CONTOUR))
    grown = figure.getchannel("A").filter(ImageFilter.BoxBlur(width))
    return grown.point([min(255, level * 6) for level in range(256)])


def _luminance(colour: Colour) -> float:
    red, green, blue = colour[:3]
    return 0.3 * red + 0.59 * green + 0.11 * blue
