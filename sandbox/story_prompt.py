"""Find out what a prompt is about: names, creatures, things, places and wishes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.mood import singular


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# Words in English, German, Spanish and French (and emoji) that call for a creature or a thing.
NOUN_CALLS: dict[str, str] = {
    "dragon": "dragon drache drachen dragón 🐉 🐲",
    "cat": "cat kitten kitty katze kätzchen gato gata chat chaton кот кошка 🐈 🐱",
    "horse": "horse pony pferd caballo cheval poney лошадь 🐴 🐎",
    "bear": "bear teddy bär oso ours медведь 🐻",
    "fox": "fox fuchs zorro renard лиса 🦊",
    "rabbit": "rabbit bunny hare hase kaninchen conejo lapin заяц 🐰 🐇",
    "mouse": "mouse mice maus ratón souris мышь 🐭",
    "owl": "owl eule búho hibou chouette сова 🦉",
    "whale": "whale wal ballena baleine кит 🐋 🐳",
    "lion": "lion löwe león лев 🦁",
    "elephant": "elephant elefant elefante éléphant слон 🐘",
    "robot": "robot android roboter робот 🤖",
    "unicorn": "unicorn einhorn unicornio licorne единорог 🦄",
    "chicken": "chicken hen huhn henne gallina poule курица 🐔 🐓",
    "sheep": "sheep lamb schaf oveja mouton овца 🐑",
    "cow": "cow kuh vaca vache корова 🐄 🐮",
    "pig": "pig piglet schwein cerdo cochon свинья 🐷 🐖",
    "duck": "duck duckling ente pato canard утка 🦆",
    "bird": "bird sparrow vogel pájaro oiseau птица 🐦",
    "wolf": "wolf lobo loup волк 🐺",
    "penguin": "penguin pinguin pingüino pingouin manchot пингвин 🐧",
    "tractor": "tractor traktor tracteur трактор 🚜",
    "balloon": "balloon ballon luftballon globo 🎈",
    "boat": "boat ship boot schiff barco bateau 🚢 ⛵",
    "ball": "ball pelota balle ⚽ 🎾",
    "pumpkin": "pumpkin kürbis calabaza citrouille 🎃",
    "rainbow": "rainbow regenbogen arcoíris arc-en-ciel радуга 🌈",
    "moon": "moon mond luna lune луна 🌙 🌕",
    "star": "star stern estrella étoile звезда ⭐ 🌟",
    "rocket": "rocket spaceship rakete cohete fusée ракета 🚀",
    "book": "book buch libro livre книга 📖 📚",
    "key": "key schlüssel llave clé clef ключ 🔑 🗝",
    "clock": "clock watch uhr reloj horloge montre часы 🕰",
    "flower": "flower rose blume flor fleur цветок 🌸 🌷 🌻",
    "treasure": "treasure schatz tesoro trésor сокровище 💎",
}
CREATURES = frozenset(list(NOUN_CALLS)[:21])

SCENE_CALLS: dict[str, str] = {
    "sea": "sea ocean beach harbour harbor coast lighthouse meer ozean strand mar playa mer plage море 🌊 🏖",
    "forest": "forest woods jungle wald bosque selva forêt лес 🌲",
    "mountains": "mountain mountains alps berg berge montaña montañas montagne montagnes горы 🏔 ⛰",
    "castle": "castle palace schloss burg castillo palacio château замок 🏰",
    "city": "city town stadt ciudad ville город paris london berlin madrid 🏙",
    "space": "space galaxy planet mars weltraum weltall espacio galaxia espace planète космос 🚀 🪐",
    "island": "island insel isla île остров 🏝",
    "desert": "desert wüste desierto désert пустыня 🏜",
    "school": "school schule escuela école школа 🏫",
    "winter": "snow winter arctic christmas schnee invierno nieve hiver neige зима снег ❄",
    "garden": "garden garten jardín jardin сад",
    "river": "river brook fluss río rivière река",
}
FARM_CALLS = (
    "farm farms farmyard barn yorkie yorkies yorkshire terrier terriers dog dogs "
    "puppy puppies doggy mark mark's "
    "bauernhof hof hund hunde welpe granja perro perros perrito cachorro ferme chien chiens chiot "
    "ферма собака собаки пёс 🐶 🐕 🐾"
)
SHE = _words(
    "girl queen princess woman mother mom grandmother grandma sister witch she her mädchen königin",
    "prinzessin sie niña reina princesa ella fille reine princesse elle",
)
HE = _words(
    "boy king prince man father dad grandfather grandpa brother wizard knight he him his junge könig",
    "prinz er niño rey príncipe él garçon roi il",
)

INSTRUCTIONS = (
    r"(?:can|could|would|will) you |please |i want you to |i(?:'d| would) like (?:you to )?",
    r"(?:(?:start|begin) )?(?:writ(?:e|ing)|tell(?:ing)?|make|create|generate|compose|give|invent)\b"
    r"(?: me| us)?(?: an?| the| some)?(?: [\w-]+,?){0,6}?"
    r" (?:story|tale|fairytale|adventure|poem)\b(?: for (?:[\w-]+ ){1,3}?(?=about|of|where|in))?"
    r"(?: (?:about|of|on|where|in which|with))?[ :,-]*",
    r"(?:an?|the) (?:[\w-]+ ){0,4}?(?:story|tale) (?:about|of) ",
    r"(?:bitte )?(?:schreib|erzähl|erfind)\w*(?: mir| uns)?(?: bitte)? eine?n?(?: "
    r"\w+){0,4}? (?:geschichte|märchen)\b"
    r"(?: (?:über|von|mit))?[ :,-]*",
    r"(?:por favor,? )?(?:escr[ií]b|cu[eé]nt|invent)\w*(?: un[ao]?)(?: \w+){0,4}? "
    r"?(?:cuento|historia|relato)\b"
    r"(?: \w+)?? ?(?:sobre|de|con|:)? ",
    r"(?:écri|racont|invent)\w*(?:[- ]moi)?(?: une?)(?: \w+){0,4}? ?(?:histoire|conte|récit)\b(?: \w+)??"
    r" ?(?:sur |de |d'|avec |: ?)?",
)
STOP = _words(
    "and or but who that which with without in on at of to for from by near under over into is was are",
    "were has had have goes go went the a an named called while when as where because if then so not his",
    "her their its my your our this these those he she it they learning trying looking about through",
    "between behind across after before during inside until finds find meets meet discovers wants becomes",
    "comes gets takes makes loves visits",
)
NOT_NAMES = _words(
    "i the a an and but or in on at of to for with from my our your his her their its it he she they we",
    "you this that there then when where what who why how please make write tell once one two three four",
    "five some every no not let story tale english german spanish french monday sunday christmas easter",
    "halloween god ok uncle yorkie yorkies yorkshire terrier farm dog dogs day night",
)
DEEDS = _words(
    "finds meets befriends discovers saves rescues visits builds flies helps explores travels becomes",
    "opens plants catches wins bakes paints sings teaches makes sails rides climbs solves repairs guards",
    "follows dances plays swims runs goes grows crosses reads writes invents collects searches seeks",
    "reaches gets brings returns cooks steals hides",
)
PLACES = _words(
    "village town house kitchen library hotel bakery cave lighthouse hospital museum market park street",
    "train ship boat tower attic basement shop theater theatre circus zoo valley hill lake pond swamp",
    "meadow field country kingdom land world moon planet galaxy spaceship station airport bridge roof",
    "room barn tent tree well farm office factory temple ruins mansion cottage inn tavern cafe restaurant",
    "church university laboratory lab bus car plane submarine savanna arctic north south east west",
    *SCENE_CALLS.values(),
)
NO_HEROES = _words(
    "day night morning evening afternoon story tale fable poem book style time lot bit way world word",
    "words few couple moral ending twist hundred thousand little",
)
PREPOSITIONS = _words(
    "in on at to from of by into over under through with for near behind about after before",
)
AFTER_A_NAME = _words(
    "the and who goes finds wants meets visits learns loves discovers gets takes has is runs sees plays",
    "saves helps und der die das geht findet hat ist y el la va et le est",
)


@dataclass(frozen=True)
class Reading:
    """What was found in a prompt, in the order of its mention."""

    topic: str
    names: tuple[str, ...]
    phrases: tuple[str, ...]
    nouns: tuple[str, ...]
    scenes: tuple[str, ...]
    place: str
    wish: str
    farm: bool
    introduction: str
    gender: str

    @property
    def blank(self) -> bool:
        return not (self.names or self.phrases or self.nouns or self.wish)


def read_prompt(prompt: str) -> Reading:
    """Works on any text; what cannot be found stays empty."""
    text = _without_instructions(_plain(prompt))
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[^\w\s]", text.lower())
    forms = {form: at for at, word in reversed(list(enumerate(words))) for form in (word, singular(word))}
    place = _place(text)
    names = tuple(name for name in _names(text) if name not in place.split())
    introduction = _introduction(text, names[0]) if names else ""
    forms = {form: at for form, at in forms.items() if form.capitalize() not in names}
    return Reading(
        topic=_shortened(text, 12, 80),
        names=names,
        phrases=_phrases(text, f"{place} {introduction}"),
        nouns=_called(forms, NOUN_CALLS),
        scenes=_called(forms, SCENE_CALLS),
        place=place,
        wish=_wish(text),
        farm=any(call in forms for call in FARM_CALLS.split()),
        introduction=introduction,
        gender=_gender(words),
    )


def _plain(prompt: str) -> str:
    """One line without markup, quotes or control characters, at most 4,000 characters long."""
    text = re.sub(r"https?://\S+|<[^>]{0,200}>", " ", prompt[:4000])
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return re.sub(r"\s+", " ", re.sub(r"[*_#`~<>\[\]{}|\\\"“”„«»]", " ", text)).strip()


def _without_instructions(text: str) -> str:
    rest = text
    for pattern in INSTRUCTIONS:
        rest = re.sub(f"^(?:{pattern})+", "", rest, count=1, flags=re.IGNORECASE)
    rest = re.sub(
        r"^(?:about|over|of|in the style of an? [\w-]+(?: about)?) ",
        "",
        rest.strip(" .:,;-"),
        flags=re.IGNORECASE,
    )
    return rest or text


def _shortened(text: str, words: int, signs: int) -> str:
    first = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0].rstrip(" .")
    kept = " ".join(first.split()[:words])[:signs].rstrip(" ,;:-")
    return kept if kept == first else kept + "…"


def _called(forms: Mapping[str, int], table: Mapping[str, str]) -> tuple[str, ...]:
    first = {
        key: min((forms[call] for call in calls.split() if call in forms), default=-1)
        for key, calls in table.items()
    }
    return tuple(sorted((key for key, at in first.items() if at >= 0), key=lambda key: first[key]))


def _names(text: str) -> tuple[str, ...]:
    """Capitalised words that are no common ones; the first word counts only when the next one says so."""
    told = re.findall(r"\b(?:named|called|namens|heißt|llamad[oa]|nommée?|appelée?) ([^\W\d_]{2,20})", text)
    names = [name.capitalize() for name in told]
    tokens = text.split()
    if len(tokens) > 2 and sum(token[0].isupper() for token in tokens) > 0.7 * len(tokens):
        return tuple(names[:1])  # a title, where capitals say nothing
    german = bool(re.search(r"\b(?:der|die|das|ein|eine|einen|und|im)\b", text))
    for at, token in enumerate(tokens):
        bare = re.sub(r"['’]s$", "", token.strip(".,;:!?()'’"))
        if not re.fullmatch(r"[^\W\d_]{2,20}", bare) or not bare[0].isupper() or bare[1:] != bare[1:].lower():
            continue
        following = tokens[at + 1].lower().strip(",.") if at + 1 < len(tokens) else ""
        starts = at == 0 or tokens[at - 1][-1] in ".!?:"
        believable = following in AFTER_A_NAME or token != bare if starts else not german
        if believable and bare.lower() not in NOT_NAMES and bare not in names:
            names.append(bare)
    return tuple(name for name in names if name not in ("Mark", "Uncle"))[:3]


def _phrases(text: str, told: str) -> tuple[str, ...]:
    """English noun phrases after an article, cut where the next part of the sentence begins."""
    found: list[str] = []
    for match in re.finditer(r"(\b\w+ )?\b(an?|my|the) (?=((?:[a-z'-]+ ?){1,4}))", text, flags=re.IGNORECASE):
        before, phrase = (match.group(1) or "").strip().lower(), _noun(match.group(3))
        definite = match.group(2).lower() == "the"
        elsewhere = definite and before in PREPOSITIONS
        fitting = (
            phrase and len(phrase) < 40 and not elsewhere and phrase.split()[-1].lower() not in NO_HEROES
        )
        if fitting and phrase not in told and phrase not in found:
            found.append(phrase)
    return tuple(found[:4])


def _place(text: str) -> str:
    """ "on the moon", "in Paris", "under a bridge": as said in the prompt, with the definite article."""
    for match in re.finditer(
        r"\b(in|on|at|under|near|inside|beside|behind|aboard) (?:(?:an?|the|my|his|her) "
        r"((?:[a-z'-]+ ?){1,3})|([A-Z][a-z]+))",
        text,
    ):
        where = match.group(3) or f"the {_noun(match.group(2))}"
        last = where.rsplit(maxsplit=1)[-1].lower()
        if last in PLACES or (match.group(3) and last not in NOT_NAMES):
            return f"{match.group(1)} {where}"
    return ""


def _noun(words: str) -> str:
    """The words up to where a verb or the next part of the sentence seems to begin."""
    kept: list[str] = []
    for word in words.split():
        if word.lower() in STOP or (kept and len(word) > 4 and re.search(r"(?:[^s]s|ed|ing)$", word)):
            break
        kept.append(word)
    return " ".join(kept)


def _wish(text: str) -> str:
    match = re.search(
        r"\b(?:wants?|wanted|longs?|learns?|learned|tries|tried|hopes?|wishes|dreams? of how|has|needs?) to"
        r" ([a-z][^.,;:!?()]{2,60})",
        text,
    )
    words = match.group(1).split() if match else _deed(text)
    kept: list[str] = []
    for word in words[:8]:
        if kept and word in ("and", "but", "who", "when", "because", "while", "so", "that", "until"):
            break
        kept.append(word)
    while len(kept) > 1 and (kept[-1] in STOP or kept[-1] in ("very", "all")):
        kept.pop()
    return " ".join(kept)


def _deed(text: str) -> list[str]:
    """The first thing that somebody does in the prompt: "finds a red tractor" gives "find a red tractor"."""
    sentence = re.split(r"[.,;:!?()]", text, maxsplit=1)[0].split()
    for at, word in enumerate(sentence[1:], start=1):
        if word in DEEDS:
            return [_infinitive(word), *sentence[at + 1 :]]
    return []


def _infinitive(verb: str) -> str:
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    return verb[:-2] if verb.endswith(("ches", "shes", "sses", "goes")) else verb[:-1]


def _introduction(text: str, name: str) -> str:
    """ "a dragon called Ferdinand" or "Bruno the brave bear", if the prompt introduces its hero so."""
    called = re.search(
        rf"\b(an?|the|my) ((?:[a-z-]+ ){{1,3}})(?:named|called) {name}", text, flags=re.IGNORECASE
    )
    if called:
        article = "an" if called.group(2)[0] in "aeiou" else "a"
        return f"{article} {called.group(2)}called {name}"
    titled = re.search(rf"\b{name},? the ((?:[a-z-]+ ?){{1,3}})", text)
    kind = _noun(titled.group(1)) if titled else ""
    return f"{name} the {kind}" if kind else ""


def _gender(words: list[str]) -> str:
    for word in words:
        if word in SHE:
            return "f"
        if word in HE:
            return "m"
    return ""
