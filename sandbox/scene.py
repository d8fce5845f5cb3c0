"""Compose one picture: decide where everything stands, then paint it from the back to the front."""

from dataclasses import dataclass
from random import Random

from sandbox import backdrop, farmyard
from sandbox.backdrop import Ridge, random_ridge
from sandbox.canvas import Canvas, Colour, Pen, clear, darker, lighter, mix
from sandbox.mood import Mood, mood_of, notions_of
from sandbox.props import EVERYDAY, PROPS
from sandbox.yorkie import Yorkie, draw_yorkie

# Where the dog may sit: four places, so that the four variants of a grid never agree.
STANDS = (0.33, 0.67, 0.5, 0.27, 0.72, 0.42)
SKY_SPOTS = ((0.3, 0.38), (0.72, 0.36), (0.52, 0.3), (0.12, 0.34), (0.89, 0.3))
BREADTH = 1.32  # how much wider than high a thing on the ground may be
CROWDING = 1.6  # how much smaller things may become so that more of them find room
EASEL = 0.13  # half of the room that a portrait's easel takes
SAND: Colour = (240, 220, 168)

Places = list[tuple[float, float]]


@dataclass(frozen=True)
class Scene:
    """Everything that was decided about a picture before the first stroke.

    Where a portrait stands beside the dog, at `portrait_x`, nothing else does. With `is_empty` there
    is no dog.
    """

    mood: Mood
    dog: Yorkie
    dog_x: float
    dog_y: float
    dog_height: float
    barn_x: float
    sun_x: float
    sun_y: float
    ridges: tuple[Ridge, ...]
    props: tuple[str, ...]
    portrait_x: float | None = None
    is_empty: bool = False

    @property
    def at_sea(self) -> bool:
        return "sea" in self.mood.wanted or "boat" in self.mood.wanted


def plan(prompt: str, seed: int, variant: int) -> Scene:
    rng = Random(f"{seed}/{variant}/{prompt}")
    turn = Random(f"{seed}/{prompt}").randrange(len(STANDS))
    mood = mood_of(prompt, rng)
    dog_x = STANDS[(turn + variant) % len(STANDS)] + rng.uniform(-0.02, 0.02)
    leftwards = dog_x > 0.55 or (dog_x > 0.45 and rng.random() < 0.5)
    barn_x = rng.uniform(0.12, 0.24) if leftwards else rng.uniform(0.7, 0.82)
    dog = Yorkie(
        pose=("sitting", "standing")[(seed + variant) % 2],
        flip=leftwards,
        tilt=rng.uniform(-0.13, 0.13),
        bow=mood.bow,
        happy=rng.random() < 0.65,
        crown="crown" in mood.wanted,
    )
    wanted = [name for name in notions_of(prompt) if name in PROPS]
    spare = [name for name in rng.sample(EVERYDAY, 3) if name not in wanted]
    sun_x = barn_x + rng.uniform(-0.1, 0.1) if rng.random() < 0.35 else 1 - barn_x + rng.uniform(-0.12, 0.12)
    return Scene(
        mood=mood,
        dog=dog,
        dog_x=dog_x,
        dog_y=rng.uniform(0.9, 0.93),
        dog_height=rng.uniform(0.4, 0.47),
        barn_x=barn_x,
        sun_x=min(0.9, max(0.1, sun_x)),
        sun_y=rng.uniform(0.13, 0.24) if mood.time in ("day", "night") else rng.uniform(0.3, 0.4),
        ridges=_ridges(mood, barn_x, rng),
        props=tuple((wanted + spare)[: max(2, len(wanted))]),
        is_empty="without people or animals" in prompt.lower(),
    )


def _ridges(mood: Mood, barn_x: float, rng: Random) -> tuple[Ridge, ...]:
    """From far to near; by the sea the barn's hill is a cape that sinks into the water."""
    by_sea = "sea" in mood.wanted or "boat" in mood.wanted
    sink = (0.34 if barn_x < 0.5 else -0.34) if by_sea else rng.uniform(-0.04, 0.04)
    return (
        random_ridge(rng, 0.5, 0.035),
        random_ridge(rng, 0.56, 0.03),
        random_ridge(rng, 0.69 if by_sea else 0.625, 0.012 if by_sea else 0.022, sink),
        random_ridge(rng, 0.765 if by_sea else 0.735, 0.014),
    )


def paint_scene(canvas: Canvas, scene: Scene, rng: Random) -> None:
    pen = Pen(canvas)
    plants = paint_land(pen, scene, rng)
    paint_heroes(pen, scene, plants, rng)
    backdrop.paint_weather(pen, scene.mood, rng)


def paint_land(pen: Pen, scene: Scene, rng: Random) -> Places:
    """All that is behind the dog. Returns the places of what grows in front of it, which is still to come."""
    backdrop.paint_sky(pen, scene.mood, scene.sun_x, scene.sun_y, rng)
    if "rainbow" in scene.mood.wanted:
        backdrop.paint_rainbow(pen, scene.sun_x + (0.3 if scene.sun_x < 0.5 else -0.3))
    if "mountains" in scene.mood.wanted:
        backdrop.paint_mountains(pen, scene.mood, rng)
    backdrop.paint_clouds(pen, scene.mood, rng)
    _distance(pen, scene, rng)
    _farm(pen, scene, rng)
    _things_in_the_sky(pen, scene, rng)
    backdrop.paint_fog(pen, scene.mood, rng)
    return _meadow(pen, scene, rng)


def paint_heroes(pen: Pen, scene: Scene, plants: Places, rng: Random) -> None:
    """The dog, if there is one, the things beside it, and the plants in front of it."""
    mood = scene.mood
    pen = pen.in_light(mood.ambient)
    _ground_things(pen, scene, rng)
    if not scene.is_empty:
        _shadow(pen, scene.dog_x, scene.dog_y, scene.dog_height * 0.42)
        lit = pen.in_light(mix(mood.ambient, (255, 255, 255), 0.45))
        draw_yorkie(lit.at(scene.dog_x, scene.dog_y, scene.dog_height), scene.dog, rng)
    for x, y in plants:
        _plant(pen, scene, x, y, rng)


def _distance(pen: Pen, scene: Scene, rng: Random) -> None:
    mood = scene.mood
    for index in (0, 1):
        if index and scene.at_sea:
            backdrop.paint_sea(pen.in_light(mood.ambient), mood, 0.56, rng)
            continue
        ridge = scene.ridges[index]
        veil = pen.in_light(mood.ambient).in_haze(mood.sky[2], 0.5 - index * 0.25)
        backdrop.paint_hill(veil, ridge, mood.hills[index], rng, rows=0)
        if pen.canvas.tiny:
            continue
        for _ in range(rng.randint(7, 12) + 6 * ("forest" in mood.wanted)):
            x = rng.random()
            tree = veil.at(x, ridge.y(x) + 0.008, rng.uniform(0.035, 0.06) * (1 + index * 0.5))
            farmyard.draw_tree(tree, mood, rng)
    _far_things(pen.in_light(mood.ambient).in_haze(mood.sky[2], 0.18), scene, rng)


def _far_places(scene: Scene) -> list[tuple[str, float]]:
    """A castle or a windmill stands at the side without the barn, and boats sail there."""
    spots = (0.3, 0.12, 0.46) if scene.barn_x > 0.5 else (0.7, 0.88, 0.54)
    names = [name for name in scene.props if PROPS[name].place in ("far", "water")]
    return list(zip(names, spots, strict=False))


def _far_things(pen: Pen, scene: Scene, rng: Random) -> None:
    for name, x in _far_places(scene):
        prop = PROPS[name]
        y = 0.66 if prop.place == "water" else scene.ridges[0 if scene.at_sea else 1].y(x) + 0.005
        prop.draw(pen.at(x, y, prop.height), scene.mood, rng)


def _farm(pen: Pen, scene: Scene, rng: Random) -> None:
    mood, ridge = scene.mood, scene.ridges[2]
    pen = pen.in_light(mood.ambient)
    backdrop.paint_hill(pen, ridge, mood.hills[2], rng, rows=14)
    left = scene.barn_x < 0.5
    barn = pen.at(scene.barn_x, ridge.y(scene.barn_x) + 0.02, 0.22, flip=not left)
    silo_x = scene.barn_x + (-0.12 if left else 0.12)
    farmyard.draw_silo(pen.at(silo_x, ridge.y(silo_x) + 0.012, 0.2), mood)
    farmyard.draw_barn(barn, mood)
    away = (0.5, 0.98) if left else (0.02, 0.5)
    if scene.at_sea:
        return
    count = 2 if pen.canvas.tiny else rng.randint(3, 6) + 4 * ("forest" in mood.wanted)
    taken = [x for _, x in _far_places(scene)]
    for _ in range(count):
        x = rng.uniform(*away)
        if any(abs(x - other) < 0.14 for other in taken):
            continue
        farmyard.draw_tree(pen.at(x, ridge.y(x) + 0.01, rng.uniform(0.1, 0.19)), mood, rng)


def _things_in_the_sky(pen: Pen, scene: Scene, rng: Random) -> None:
    taken = [scene.sun_x, *(x for _, x in _far_places(scene))]
    spots = [(x, y) for x, y in SKY_SPOTS if all(abs(x - other) > 0.18 for other in taken)]
    for name in scene.props:
        prop = PROPS[name]
        if prop.place == "sky" and spots:
            x, y = spots.pop(0)
            one = pen.in_light(mix(scene.mood.ambient, (255, 255, 255), 0.4))
            prop.draw(one.at(x, y, prop.height, rng.uniform(-0.1, 0.25)), scene.mood, rng)


def _meadow(pen: Pen, scene: Scene, rng: Random) -> Places:
    """Returns where plants grow in front of the dog."""
    mood, ridge = scene.mood, scene.ridges[3]
    pen = pen.in_light(mood.ambient)
    if not scene.at_sea:
        _fence(pen, scene, rng)
    backdrop.paint_hill(pen, ridge, SAND if scene.at_sea else mood.hills[3], rng, rows=0)
    if not scene.at_sea:
        _path(pen, scene)
    plants = _plants(scene, 0 if pen.canvas.tiny else 46 if pen.canvas.size < 400 else 90, rng)
    for x, y in plants:
        if y < scene.dog_y:
            _plant(pen, scene, x, y, rng)
    return [(x, y) for x, y in plants if y >= scene.dog_y]


def _fence(pen: Pen, scene: Scene, rng: Random) -> None:
    start = rng.uniform(-0.05, 0.05)
    farmyard.draw_fence(pen, scene.ridges[3], start, start + 1.05, scene.mood)


def _path(pen: Pen, scene: Scene) -> None:
    ridge, x = scene.ridges[3], scene.barn_x
    centre = 0.5 + (x - 0.5) * 0.35
    earth = (232, 236, 246) if scene.mood.season == "winter" else mix(SAND, scene.mood.hills[3], 0.3)
    top = ridge.y(x) - 0.004
    left = [(x - 0.018, top), (x + (centre - x) * 0.25 - 0.04, 0.82), (centre - 0.16, 1.02)]
    right = [(centre + 0.1, 1.02), (x + (centre - x) * 0.45 + 0.03, 0.83), (x + 0.018, top)]
    pen.blob([*left, *right], clear(earth, 235))


def _shadow(pen: Pen, x: float, y: float, half: float) -> None:
    if pen.canvas.tiny:
        return
    for share in (1.0, 0.8):
        pen.oval(x, y - 0.004, half * 1.1 * share, half * 0.2 * share, (30, 40, 70, 42))


def _ground_things(pen: Pen, scene: Scene, rng: Random) -> None:
    for name, x, scale in _ground_places(scene):
        prop, y = PROPS[name], rng.uniform(0.865, 0.9)
        _shadow(pen, x, y, prop.height * scale * 0.55)
        prop.draw(pen.at(x, y, prop.height * scale, flip=x > scene.dog_x), scene.mood, rng)


def _ground_places(scene: Scene) -> list[tuple[str, float, float]]:
    """Things stand beside the dog, never behind it: each with its x and, where room is scarce, its scale."""
    reach = scene.dog_height * 0.46
    ends = [scene.dog_x - reach, scene.dog_x + reach]
    if scene.portrait_x is not None:
        left_of_it = scene.portrait_x < scene.dog_x
        ends[0 if left_of_it else 1] = scene.portrait_x + (-EASEL if left_of_it else EASEL)
    rooms = ((0.02, max(0.02, ends[0])), (min(0.98, ends[1]), 0.98))
    sides: tuple[list[str], list[str]] = ([], [])
    left = [(end - start) * CROWDING for start, end in rooms]
    for name in [name for name in scene.props if PROPS[name].place == "ground"][:4]:
        side = 0 if left[0] > left[1] else 1
        if left[side] > 0.6 * PROPS[name].height * BREADTH:
            sides[side].append(name)
            left[side] -= PROPS[name].height * BREADTH
    return [place for room, names in zip(rooms, sides, strict=True) for place in _spread(room, names)]


def _spread(room: tuple[float, float], names: list[str]) -> list[tuple[str, float, float]]:
    start, end = room
    needed = sum(PROPS[name].height * BREADTH for name in names)
    scale = min(1.0, (end - start) / needed) if names else 1.0
    gap = max(0.0, end - start - needed) / (len(names) + 1)
    places = []
    for name in names:
        width = PROPS[name].height * BREADTH * scale
        places.append((name, start + gap + width / 2, scale))
        start += gap + width
    return places


def _plants(scene: Scene, count: int, rng: Random) -> Places:
    """Scattered places on the meadow, from the back to the front, away from the dog and the signature."""
    places = [(rng.random(), 0.79 + 0.21 * rng.random() ** 0.8) for _ in range(count)]
    return sorted(
        (
            (x, y)
            for x, y in places
            if (abs(x - scene.dog_x) > 0.19 or y > scene.dog_y + 0.03) and (x < 0.62 or y < 0.95)
        ),
        key=lambda place: place[1],
    )


def _plant(pen: Pen, scene: Scene, x: float, y: float, rng: Random) -> None:
    mood = scene.mood
    near = 0.02 + (y - 0.76) * 0.13
    if scene.at_sea or mood.season == "winter" or rng.random() < 0.62:
        blade = darker(mood.hills[3], 0.2) if mood.season != "winter" else (196, 212, 228)
        farmyard.draw_tuft(pen.at(x, y, near), (206, 186, 116) if scene.at_sea else blade, rng)
        return
    petal = rng.choice((mood.bow, (255, 250, 240), lighter(mood.accent, 0.25), (250, 206, 92)))
    farmyard.draw_flower(pen.at(x, y, near * 1.2), petal, rng)
