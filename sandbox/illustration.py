"""Paint what an image model is asked for: in any form, with the pictures sent along, cut out, or plain."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from zlib import crc32

from PIL import Image, ImageChops

from sandbox.backdrop import paint_weather
from sandbox.canvas import Canvas, Pen, darker, mix
from sandbox.likeness import Likeness
from sandbox.painter import signed
from sandbox.portraits import draw_easel, hang_garland
from sandbox.scene import Scene, paint_heroes, paint_land, plan
from sandbox.window import Window, reframe, window
from sandbox.yorkie import Yorkie, draw_yorkie

Size = tuple[int, int]
_BESIDE = 0.29  # from the dog to the easel, for a dog of the usual height
_EASEL = 0.4  # height of the easel
_EARS = 0.2  # half of the room that the dog's head needs


def illustrate(
    prompt: str, seed: int, variant: int, size: Size, likenesses: Sequence[Likeness]
) -> Image.Image:
    """An RGB picture of `size`. The dog wears the likenesses' colours, and each of them is to be seen.

    A prompt for a scene without people or animals gives one without any of them.
    """
    scene = _dressed(plan(prompt, seed, variant), likenesses)
    centre = (scene.dog_x + (scene.dog_x if scene.portrait_x is None else scene.portrait_x)) / 2
    seen = window(size, centre)
    if seen.width > 1:
        scene = replace(scene, sun_y=0.1)  # above the window, or its mirrored parts would have suns too
    canvas = Canvas(max(1, round(size[0] / seen.width)))
    rng = Random(f"{seed}/{variant}/strokes")
    plants = paint_land(Pen(canvas), scene, rng)
    reframe(canvas, seen, size)
    pen = Pen(canvas).at(-seen.left, -seen.top)
    if not scene.is_empty:
        _show(pen.in_light(mix(scene.mood.ambient, (255, 255, 255), 0.4)), scene, seen, likenesses)
    paint_heroes(pen, scene, plants, rng)
    for beside in (-1, 0, 1) if seen.width > 1 else (0,):
        paint_weather(pen.at(beside, 0), scene.mood, rng)
    return signed(canvas.finished())


def _show(pen: Pen, scene: Scene, seen: Window, likenesses: Sequence[Likeness]) -> None:
    if scene.portrait_x is not None:
        draw_easel(pen.at(scene.portrait_x, scene.dog_y - 0.02, _EASEL), likenesses[0])
    elif likenesses:
        above = seen.top + 0.3 < scene.dog_y - scene.dog_height
        ears = (0.0, 0.0) if above else (scene.dog_x - _EARS, scene.dog_x + _EARS)
        room = (seen.left + 0.01, seen.left + seen.width - 0.01)
        hang_garland(pen, likenesses, room, seen.top + 0.02, ears)


def cut_out(prompt: str, seed: int, variant: int, size: Size, likenesses: Sequence[Likeness]) -> Image.Image:
    """An RGBA picture of the dog, with the likenesses beside or above it, on nothing at all."""
    scene = _dressed(plan(prompt, seed, variant), likenesses)
    side = min(size)
    figure = freed(lambda pen: _figure(pen, scene, seed, likenesses), side)
    picture = Image.new("RGBA", size)
    picture.paste(figure, ((size[0] - side) // 2, (size[1] - side) // 2))
    return picture


def freed(draw: Callable[[Pen], None], side: int) -> Image.Image:
    """An RGBA picture of side x side pixels of what `draw` draws, the same each time, on nothing at all."""
    on_black, on_white = (_drawn_on(ground, draw, side) for ground in (0, 255))
    # What lets nothing of the ground through is equal on both.
    bands = ImageChops.invert(ImageChops.difference(on_white, on_black)).split()
    opaque = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return Image.merge("RGBa", (*on_black.split(), opaque)).convert("RGBA")


def _drawn_on(ground: int, draw: Callable[[Pen], None], side: int) -> Image.Image:
    """On black (0) or white (255)."""
    canvas = Canvas(side)
    canvas.replace(Image.new("RGB", canvas.image.size, (ground,) * 3))
    draw(Pen(canvas))
    return canvas.image.reduce(2)


def flat(
    prompt: str, seed: int, variant: int, size: Size, likenesses: Sequence[Likeness], *, transparent: bool
) -> Image.Image:
    """Flat colours, told by prompt, seed and variant; cheap, for load tests.

    The lower half has a column for each likeness in its mean colour. A transparent ground leaves the upper
    quarter empty.
    """
    number = crc32(f"{prompt}/{seed}/{variant}".encode())
    width, height = size
    colour = (number >> 16 & 255, number >> 8 & 255, number & 255)
    picture = Image.new("RGBA" if transparent else "RGB", size, (*colour, 255) if transparent else colour)
    if transparent:
        picture.paste((0, 0, 0, 0), (0, 0, width, height // 4))
    for place, likeness in enumerate(likenesses):
        left, right = (width * step // len(likenesses) for step in (place, place + 1))
        mean = (*likeness.mean, 255) if transparent else likeness.mean
        picture.paste(mean, (left, height // 2, right, height))
    return picture


def _dressed(scene: Scene, likenesses: Sequence[Likeness]) -> Scene:
    """The scene in the likenesses' colours, with room for an easel if there is only one."""
    if not likenesses:
        return scene
    colours = [likeness.vivid[0] for likeness in likenesses] + list(likenesses[0].vivid[1:])
    bow, scarf = colours[0], colours[1] if len(colours) > 1 else darker(colours[0], 0.25)
    dog = replace(scene.dog, bow=bow, scarf=scarf, crown=False)
    scene = replace(scene, dog=dog, mood=replace(scene.mood, bow=bow))
    if len(likenesses) > 1 or scene.is_empty:
        return scene
    return replace(scene, portrait_x=scene.dog_x + (-_BESIDE if scene.dog_x > 0.5 else _BESIDE))


def _figure(pen: Pen, scene: Scene, seed: int, likenesses: Sequence[Likeness]) -> None:
    """The dog and its portraits."""
    dog: Yorkie = scene.dog
    height, x = {0: (0.86, 0.5), 1: (0.64, 0.35)}.get(len(likenesses), (0.6, 0.5))
    if len(likenesses) == 1:
        draw_easel(pen.at(0.78, 0.96, 0.6), likenesses[0])
        dog = replace(dog, flip=False)
    elif likenesses:
        hang_garland(pen, likenesses, (0.02, 0.98), 0.03, (0.0, 0.0))
    draw_yorkie(pen.at(x, 0.97, height), dog, Random(f"{seed}/strokes"))
