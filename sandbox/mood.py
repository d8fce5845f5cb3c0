"""Read the light, the season, the weather and the colours of a picture out of a prompt's words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from sandbox.canvas import Colour, lighter, mix

# Each notion with the words that call for it: English, German, Spanish, French, Russian, emoji.
NOTIONS: dict[str, str] = {
    "night": "night midnight dark nacht mitternacht noche nuit ночь stars star moon 🌙 🌃 dream bedtime "
    "space galaxy planet mars weltraum espacio espace",
    "dawn": "dawn morning sunrise early breakfast morgen mañana amanecer matin aube утро 🌅",
    "golden": "sunset evening dusk golden abend atardecer soir вечер 🌇",
    "day": "day noon sunny sunshine tag día jour день ☀",
    "spring": "spring easter blossom april may frühling primavera printemps весна 🌸 🌷",
    "summer": "summer july august holiday sommer verano été лето 🌻",
    "autumn": "autumn fall october harvest halloween thanksgiving herbst otoño automne осень 🍂 🎃",
    "winter": "winter snow snowy ice frost christmas xmas december schnee weihnachten invierno nieve "
    "hiver neige зима снег ❄ 🎄 ⛄ snowman sled",
    "rain": "rain rainy umbrella puddle regen lluvia pluie дождь 🌧 ☔",
    "storm": "storm stormy thunder lightning wind sturm gewitter tormenta orage буря ⛈",
    "fog": "fog foggy mist misty nebel niebla brume туман",
    "sea": "sea ocean beach island harbour harbor lake coast pirate ship boat sail sailor whale fish meer "
    "strand see insel schiff boot mar playa barco isla mer plage bateau île море 🌊 ⛵ 🏝",
    "mountains": "mountain mountains alps peak climb berg berge montaña montagne горы 🏔 ⛰",
    "forest": "forest woods wood jungle tree wald bosque forêt лес 🌲 🌳",
    "tractor": "tractor traktor tracteur трактор 🚜 machine engine",
    "balloon": "balloon balloons ballon ballons globo fly flying flies flew sky fliegt шар 🎈",
    "boat": "boat ship sail sailor pirate raft boot schiff barco bateau лодка корабль ⛵ 🚢",
    "rainbow": "rainbow regenbogen arcoíris arc-en-ciel радуга 🌈",
    "pumpkin": "pumpkin pumpkins kürbis calabaza citrouille halloween тыква 🎃",
    "chicken": "chicken hen rooster egg eggs chick huhn henne gallina poule курица 🐔 🐓 🐣",
    "sheep": "sheep lamb wool schaf oveja mouton овца 🐑",
    "cow": "cow calf milk kuh vaca vache корова 🐄 🐮",
    "pig": "pig piglet pigs schwein cerdo cochon свинья 🐷 🐖",
    "cat": "cat kitten cats kitty katze gato chat кот кошка 🐈 🐱",
    "duck": "duck ducks duckling pond ente pato canard утка 🦆",
    "castle": "castle king queen prince princess knight dragon fairy palace schloss burg "
    "castillo château замок 🏰 👑",
    "crown": "crown king queen prince princess royal krone corona couronne король 👑",
    "kite": "kite wind windy drachen cometa cerf-volant 🪁",
    "butterfly": "butterfly butterflies schmetterling mariposa papillon бабочка 🦋",
    "hay": "hay haystack straw harvest heu heno foin сено",
    "windmill": "windmill mill wind windmühle mühle molino moulin мельница",
    "rocket": "rocket space spaceship astronaut mars planet robot alien rakete cohete fusée ракета 🚀",
    "snowman": "snowman schneemann ⛄ ☃",
    "mushroom": "mushroom mushrooms fairy gnome elf pilz seta champignon гриб 🍄",
    "sunflower": "sunflower sunflowers sonnenblume girasol tournesol 🌻",
    "lantern": "lantern light lamp candle laterne linterna lanterne фонарь 🏮",
    "gift": "gift present birthday party christmas geschenk regalo cadeau подарок 🎁 🎂",
    "ball": "ball football soccer play toy game pelota мяч ⚽ 🎾",
    "moon": "moon mond luna lune луна 🌙 🌕",
}

COLOURS: dict[str, tuple[str, Colour]] = {
    "red": (
        "red scarlet crimson rot rote roter rotes roten rojo roja rouge красный strawberry cherry ❤",
        (212, 62, 62),
    ),
    "orange": ("orange naranja oranje оранжевый carrot", (236, 132, 52)),
    "yellow": (
        "yellow golden gold gelb gelbe gelber gelbes amarillo amarilla jaune жёлтый lemon",
        (240, 190, 58),
    ),
    "green": ("green emerald grün grüne grüner grünes verde vert зелёный mint", (74, 154, 96)),
    "blue": ("blue azure navy blau blaue blauer blaues blauen azul bleu синий", (66, 118, 202)),
    "purple": ("purple violet lilac lavender lila morado mauve фиолетовый lavendel", (142, 98, 190)),
    "pink": ("pink rose rosa розовый magic candy", (232, 120, 160)),
    "teal": ("teal turquoise türkis turquesa бирюзовый", (52, 158, 164)),
}

WARM = frozenset({"red", "orange", "yellow", "green"})

# top, middle and horizon of the sky, then the light that falls on everything
SKIES: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    "day": ((98, 170, 222), (164, 214, 238), (240, 246, 232), (255, 255, 255)),
    "dawn": ((142, 170, 216), (244, 198, 196), (255, 234, 200), (255, 244, 240)),
    "golden": ((104, 118, 184), (242, 158, 122), (255, 224, 156), (255, 232, 212)),
    "night": ((20, 26, 70), (46, 58, 120), (120, 124, 178), (152, 162, 216)),
    "storm": ((82, 96, 122), (126, 142, 162), (196, 204, 204), (214, 220, 232)),
    "grey": ((132, 152, 176), (176, 190, 204), (222, 226, 222), (232, 236, 242)),
}

# the hills from the farthest to the nearest, then leaves in two shades
SEASONS: dict[str, tuple[tuple[Colour, ...], tuple[Colour, ...]]] = {
    "spring": (
        ((156, 200, 176), (140, 196, 134), (126, 190, 104), (118, 184, 88)),
        ((134, 192, 98), (244, 184, 204)),
    ),
    "summer": (
        ((138, 184, 168), (130, 178, 116), (146, 184, 88), (108, 168, 78)),
        ((82, 146, 84), (112, 168, 84)),
    ),
    "autumn": (
        ((186, 176, 150), (206, 174, 106), (216, 166, 82), (176, 160, 82)),
        ((222, 132, 60), (204, 84, 60)),
    ),
    "winter": (
        ((196, 212, 230), (214, 226, 240), (228, 238, 246), (242, 247, 252)),
        ((92, 132, 126), (120, 156, 148)),
    ),
}


@dataclass(frozen=True)
class Mood:
    """What the words (and where they are silent, the seed) say about the look of a picture."""

    time: str
    season: str
    weather: str
    sky: tuple[Colour, Colour, Colour]
    ambient: Colour
    hills: tuple[Colour, ...]
    leaves: tuple[Colour, ...]
    accent: Colour
    bow: Colour
    wanted: frozenset[str]

    @property
    def dark(self) -> bool:
        return self.time == "night"


def singular(word: str) -> str:
    """Without the s of a plural; short words keep theirs, or Mars would lie by the sea (mar)."""
    return word.removesuffix("s") if len(word) > 4 else word


def words_of(prompt: str) -> list[str]:
    """Lower-case words, and single signs such as emoji."""
    return re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*|[^\w\s]", prompt[:4000].lower())


@lru_cache(maxsize=32)  # the four pictures of a grid ask the same
def notions_of(prompt: str) -> tuple[str, ...]:
    """The notions that the prompt calls for, in the order of their first mention."""
    return tuple(_matches(words_of(prompt), NOTIONS))


def _matches(words: list[str], table: dict[str, str]) -> list[str]:
    seen = {
        form: place for place, word in reversed(list(enumerate(words))) for form in (word, singular(word))
    }
    first = {
        name: min((seen[word] for word in calls.split() if word in seen), default=-1)
        for name, calls in table.items()
    }
    return sorted((name for name, place in first.items() if place >= 0), key=lambda name: first[name])


def _choose(found: Sequence[str], options: Sequence[str], rng: Random, fallback: Sequence[str]) -> str:
    chance = rng.choice(fallback)  # drawn in any case, so that one word more does not change all the rest
    return next((name for name in found if name in options), chance)


def mood_of(prompt: str, rng: Random) -> Mood:
    found = notions_of(prompt)
    tints = _matches(words_of(prompt), {name: calls for name, (calls, _) in COLOURS.items()})
    time = _choose(found, ("night", "dawn", "golden", "day"), rng, ("day", "day", "day", "dawn", "golden"))
    season = _choose(found, tuple(SEASONS), rng, ("spring", "summer", "summer", "summer", "autumn"))
    weather = _choose(found, ("storm", "rain", "fog"), rng, ("clear",))
    if season == "winter" and weather == "clear":
        weather = "snow"
    light = (
        {"storm": "storm", "rain": "grey", "fog": "grey"}.get(weather, time)
        if time in ("day", "dawn")
        else time
    )
    top, middle, horizon, ambient = SKIES[light]
    chance_colour = COLOURS[rng.choice(("red", "red", "teal", "orange", "blue"))][1]
    chance_bow = COLOURS[rng.choice(("red", "pink", "yellow", "purple", "teal"))][1]
    accent = COLOURS[tints[0]][1] if tints else chance_colour
    bow = COLOURS[tints[-1]][1] if tints else chance_bow
    if tints:
        share = 0.05 if time == "day" and tints[0] in WARM else 0.22  # warm tints make a blue sky muddy
        middle, horizon = mix(middle, accent, share), mix(horizon, lighter(accent, 0.5), share * 1.4)
    hills, leaves = SEASONS[season]
    shift = rng.choice(((70, 130, 150), (190, 190, 90), (120, 170, 90)))
    hills = tuple(mix(hill, shift, 0.1 if season != "winter" else 0.03) for hill in hills)
    return Mood(
        time, season, weather, (top, middle, horizon), ambient, hills, leaves, accent, bow, frozenset(found)
    )
