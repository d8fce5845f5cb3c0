"""Tell a sample story of a wanted length about whatever the prompt says."""

from dataclasses import dataclass, field, replace
from random import Random

from sandbox.story_french import FRENCH
from sandbox.story_german import GERMAN
from sandbox.story_material import ENGLISH, Material, Part, Sentences
from sandbox.story_prompt import CREATURES, HE, SHE, Reading, read_prompt
from sandbox.story_spanish import SPANISH

TONGUES: dict[str, Material] = {
    **dict.fromkeys(("de", "german", "deutsch", "alemán", "allemand"), GERMAN),
    **dict.fromkeys(("es", "spanish", "español", "espanol", "castellano", "spanisch", "espagnol"), SPANISH),
    **dict.fromkeys(("fr", "french", "français", "francais", "französisch", "francés"), FRENCH),
}
LONGEST, SHORTEST = 4000, 20
WORDS_PER_ATTEMPT, WORDS_PER_ATTEMPT_IN_LONG_STORIES = 140, 105
LONG_STORY = 1200
SHORT_STORY = 90  # below this the stations use their shortest sentences
BRIEF = 170  # below this they share paragraphs
SHARED_PARAGRAPHS = {"opening": "start", "want": "start", "obstacle": "start", "turn": "end", "ending": "end"}
SMALL_WORDS = ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with")


@dataclass(frozen=True)
class Told:
    """A story: its title, and its text in paragraphs with blank lines between them."""

    title: str
    text: str


@dataclass
class Station:
    """One paragraph in the making: sentences that are told, and those that may follow them."""

    told: list[str]
    waiting: list[str] = field(default_factory=list)

    @property
    def words(self) -> int:
        return sum(map(count_words, self.told))


def count_words(text: str) -> int:
    return len(text.split())


def tell(prompt: str, *, words: int = 400, language: str = "", seed: int = 0, hero: str = "") -> Told:
    """A story of about `words` words; equal arguments tell equal stories. `hero` is a name, if given."""
    material = material_for(language)
    rng = Random(f"{prompt}/{words}/{language}/{seed}")
    reading = _starring(read_prompt(prompt), hero) if hero else read_prompt(prompt)
    words = min(LONGEST, max(SHORTEST, words))
    slots = _slots(material, reading, rng, short=words < SHORT_STORY)
    stations = _stations(material, reading, words, rng, slots)
    budget = words - count_words(material.sample)
    _shorten(stations, budget)
    _lengthen(stations, budget)
    _add_asides(stations, budget, material.asides, rng)
    title = _title(rng.choice(material.titles).format_map(slots), english=material is ENGLISH)
    paragraphs = _paragraphs(stations, short=words < BRIEF)
    return Told(title, "\n\n".join([*paragraphs, material.sample]))


def material_for(language: str) -> Material:
    """The sentences of a language given by name or code; English where it is not known."""
    wanted = language.strip().casefold()
    return TONGUES.get(wanted) or TONGUES.get(wanted.replace("_", "-").split("-")[0]) or ENGLISH


def _starring(reading: Reading, hero: str) -> Reading:
    """The same story with this hero, who is the prompt's girl or boy. The farm belongs to its dogs."""
    others = tuple(name for name in reading.names if name not in hero.split())
    things = tuple(phrase for phrase in reading.phrases if phrase.split()[-1].lower() not in SHE | HE)
    return replace(reading, names=(hero, *others), introduction=hero, phrases=things, farm=False)


def _slots(material: Material, reading: Reading, rng: Random, *, short: bool) -> dict[str, str]:
    """What the braces of the sentences stand for; each also with a capital letter at its front."""
    english = material is ENGLISH
    at_farm = reading.farm or reading.blank
    hero, someone, gender = _hero(material, reading, rng)
    friend = _friend(material, reading, hero, rng)
    friend = material.uncle if at_farm else friend
    quoted = material.quotes[0] + (reading.topic or "…") + material.quotes[1]
    slots = {
        "hero": hero,
        "someone": someone,
        "place": _place(material, reading, rng, english=english),
        "friend": friend,
        "thing": _thing(material, reading, (hero, friend), rng),
        "topic": quoted,
        **material.pronouns[gender],
    }
    slots["goal"] = _goal(material, reading, slots, english=english, short=short)
    return slots | {key.capitalize(): _capital(value) for key, value in slots.items()}


def _hero(material: Material, reading: Reading, rng: Random) -> tuple[str, str, str]:
    """The hero as the story calls it, as the story introduces it, and its gender (m, f or n)."""
    chance = rng.choice("mf")
    name = rng.choice(material.dog_names)
    creatures = [noun for noun in reading.nouns if noun in CREATURES]
    lead = _lead(reading) if material is ENGLISH else ""
    if reading.names and not lead:
        guessed = reading.gender or ("f" if reading.names[0][-1] in "aàáy" else "m")
        kin = f"{material.dog[guessed]} {material.called} {reading.names[0]}"
        plain = reading.names[0] if material is not ENGLISH else reading.introduction or reading.names[0]
        return reading.names[0], kin if reading.farm else plain, guessed
    if reading.farm or reading.blank:
        return name, f"{material.dog[chance]} {material.called} {name}", chance
    if lead:
        return f"the {lead}", f"{_article(lead)} {lead}", reading.gender or chance
    if creatures:
        someone, hero, gender = material.nouns[creatures[0]]
        return hero, someone, gender or chance
    return name, f"{material.dog[chance]} {material.called} {name}", chance


def _lead(reading: Reading) -> str:
    """The noun phrase that is the hero: the first one, unless a name comes before it."""
    if reading.farm or not reading.phrases or "'" in reading.phrases[0]:
        return ""
    first, topic = reading.phrases[0], reading.topic
    named = [topic.find(name) for name in reading.names if name in topic]
    return (
        "" if reading.names and (reading.introduction or min(named, default=0) < topic.find(first)) else first
    )


def _article(phrase: str) -> str:
    return "an" if phrase[0].lower() in "aeiou" else "a"


def _place(material: Material, reading: Reading, rng: Random, *, english: bool) -> str:
    anywhere = rng.choice(material.places)
    if english and reading.place:
        return reading.place
    return material.scenes[reading.scenes[0]] if reading.scenes else anywhere


def _friend(material: Material, reading: Reading, hero: str, rng: Random) -> str:
    chance = rng.choice(material.friends)
    others = [material.nouns[noun][1] for noun in reading.nouns if noun in CREATURES]
    known = [
        other
        for other in others
        if other.split()[-1] not in f"{hero} {reading.wish} {reading.introduction}".split()
    ]
    return (
        reading.names[1]
        if len(reading.names) > 1 and hero in reading.names
        else known[0]
        if known
        else chance
    )


def _thing(material: Material, reading: Reading, persons: tuple[str, ...], rng: Random) -> str:
    chance = rng.choice(material.things)
    if material is ENGLISH:
        taken = {person.lower().split()[-1] for person in persons} | {"yorkie", "dog", "puppy", "terrier"}
        things = [f"the {phrase}" for phrase in reading.phrases if phrase.lower().split()[-1] not in taken]
        if things:
            return things[0]
    known = [material.nouns[noun][1] for noun in reading.nouns if noun not in CREATURES]
    known = [thing for thing in known if thing.split()[-1] not in persons[0].split()]
    return known[0] if known else chance


def _goal(material: Material, reading: Reading, slots: dict[str, str], *, english: bool, short: bool) -> str:
    if english and reading.wish:
        return " ".join(reading.wish.split()[: 4 if short else 8])
    if reading.blank and len(reading.topic) < 30 and not short:
        return material.goal_for_topic.format_map(slots)
    return material.goal_for_thing.format_map(slots)


def _stations(
    material: Material, reading: Reading, words: int, rng: Random, slots: dict[str, str]
) -> dict[str, Station]:
    """All paragraphs with their core sentences told and the others waiting."""
    farm = reading.farm or (reading.blank and not reading.scenes)
    short = words < SHORT_STORY
    opening = _station(material.farm_opening if farm else material.opening, slots, rng, short=short)
    stations = {"opening": opening, "want": _station(material.want, slots, rng, short=short)}
    topic = rng.choice(material.topic_lines).format_map(slots)
    if not short:
        stations["want"].told.insert(0, _capital(topic))
    stations["obstacle"] = _station(material.obstacle, slots, rng, short=short)
    pace = WORDS_PER_ATTEMPT if words < LONG_STORY else WORDS_PER_ATTEMPT_IN_LONG_STORIES
    count = max(1, min(len(material.attempts), round(words / pace)))
    chosen = sorted(rng.sample(range(len(material.attempts)), count), key=lambda _: rng.random())
    links = [material.lone_link] if count == 1 else _links(material.links, count)
    for link, index in zip(links, chosen, strict=True):
        first, *rest = (sentence.format_map(slots) for sentence in material.attempts[index])
        stations[f"attempt {index}"] = Station([f"{link} {first}"], [_capital(line) for line in rest])
    stations["turn"] = _station(material.turn, slots, rng, short=short)
    stations["ending"] = _station(material.farm_ending if farm else material.ending, slots, rng, short=short)
    return stations


def _station(part: Part, slots: dict[str, str], rng: Random, *, short: bool) -> Station:
    cores = [core.format_map(slots) for core in part.cores]
    chance = rng.choice(cores)
    core = min(cores, key=count_words) if short else chance
    return Station([_capital(core)], [_capital(line.format_map(slots)) for line in part.more])


def _links(links: Sentences, count: int) -> list[str]:
    """The first link, the last one, and as many between them as are needed."""
    return [*links[: count - 1], links[-1]]


def _total(stations: dict[str, Station]) -> int:
    return sum(station.words for station in stations.values())


def _shorten(stations: dict[str, Station], budget: int) -> None:
    """A very short story does without its obstacle, and if need be without more than that."""
    optional = ["obstacle", *[name for name in stations if name.startswith("attempt")], "turn", "want"]
    while optional and _total(stations) > budget * 1.08:
        del stations[optional.pop(0)]


def _lengthen(stations: dict[str, Station], budget: int) -> None:
    """Let each paragraph in turn say its next sentence while there is room; attempts and turn say two."""
    total = _total(stations)
    attempts = [station for name, station in stations.items() if name.startswith("attempt")]
    favoured = [*attempts, stations["turn"]] if "turn" in stations else attempts
    open_stations = [*favoured, *stations.values()]
    while open_stations:
        for station in open_stations:
            if not station.waiting:
                continue
            size = count_words(station.waiting[0])
            if total + size > budget * 1.02:
                station.waiting.clear()
            else:
                station.told.append(station.waiting.pop(0))
                total += size
        open_stations = [station for station in open_stations if station.waiting]


def _add_asides(stations: dict[str, Station], budget: int, asides: Sentences, rng: Random) -> None:
    """Close a remaining gap with very short sentences at the ends of some paragraphs."""
    total, places = _total(stations), list(stations)[1:-1] or list(stations)
    for aside in rng.sample(asides, len(asides)):
        if total + count_words(aside) <= budget * 1.02 and total < budget * 0.97:
            stations[rng.choice(places)].told.append(aside)
            total += count_words(aside)


def _paragraphs(stations: dict[str, Station], *, short: bool) -> list[str]:
    groups = [station.told for station in stations.values()]
    if short:
        shared: dict[str, list[str]] = {}
        for name, station in stations.items():
            shared.setdefault(SHARED_PARAGRAPHS.get(name, "middle"), []).extend(station.told)
        groups = list(shared.values())
    halves = [half for group in groups for half in (_halves(group) if len(group) > 7 else [group])]
    return [" ".join(half) for half in halves]


def _halves(sentences: list[str]) -> list[list[str]]:
    middle = (len(sentences) + 1) // 2
    return [sentences[:middle], sentences[middle:]]


def _title(text: str, *, english: bool) -> str:
    words = text.split()
    if english:
        words = [word if word in SMALL_WORDS else _capital(word) for word in words]
    return _capital(" ".join(words))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
