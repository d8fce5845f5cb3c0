"""The English sentences of sample stories, and the shape in which every language keeps its own."""

from collections.abc import Mapping
from dataclasses import dataclass

Sentences = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One station of a story: one core sentence is told, the others follow in order as there is room."""

    cores: Sentences
    more: Sentences


@dataclass(frozen=True)
class Material:
    """All that one language needs; the braces name what the prompt gives (hero, place, goal ...)."""

    titles: Sentences
    opening: Part
    farm_opening: Part
    topic_lines: Sentences
    want: Part
    obstacle: Part
    lone_link: str
    links: Sentences
    attempts: tuple[Sentences, ...]
    turn: Part
    ending: Part
    farm_ending: Part
    asides: Sentences
    sample: str
    quotes: tuple[str, str]
    dog_names: Sentences
    dog: Mapping[str, str]
    called: str
    uncle: str
    pronouns: Mapping[str, Mapping[str, str]]
    places: Sentences
    friends: Sentences
    things: Sentences
    goal_for_thing: str
    goal_for_topic: str
    nouns: Mapping[str, tuple[str, str, str]]
    scenes: Mapping[str, str]


ENGLISH_ATTEMPTS: tuple[Sentences, ...] = (
    (
        "{hero} asked the oldest tree of all.",
        "It had stood there for three hundred years and was in no hurry to answer.",
        "{He} sat down between the roots and waited until the shadows had moved a whole yard.",
        "“What you are looking for has no roots,” the leaves whispered at last, “so you will have to walk.”",
        "It was the kind of advice that sounds wise and helps nobody before lunch.",
        "All the same, {he} thanked the tree, because trees remember rudeness for a long time.",
        "An acorn fell on {his} head, which may have been a joke.",
    ),
    (
        "{hero} drew a map.",
        "It showed everything that {he} knew, and so it was very small.",
        "Around the edges {he} left plenty of white for the things that were still to come.",
        "A puff of wind took it, turned it twice and laid it in a puddle.",
        "When the ink had finished running, the map showed a lake that nobody had ever seen.",
        "{He} decided to keep it, since a wrong map is still a good reason to set out.",
        "For an hour {he} followed a road that turned out to be a snail's.",
    ),
    (
        "{hero} climbed the highest hill.",
        "From up there the world looked like a quilt that somebody had forgotten to fold.",
        "There was smoke over the chimneys, there was a silver thread of river, and "
        "there was a great deal of sky.",
        "Only the one thing that mattered was nowhere to be seen.",
        "“Too far away,” {he} said to the wind, and the wind agreed with everything, as it always does.",
        "Going down took twice as long, because there were ripe blackberries on that side.",
        "With a purple mouth and no new idea, {he} came home.",
    ),
    (
        "{hero} tried it with patience.",
        "{He} sat quite still from breakfast until noon.",
        "A beetle walked past, came back and walked past again.",
        "At noon {his} left foot fell asleep, and shortly afterwards so did the rest.",
        "In the dream everything was easy and there were pancakes.",
        "On waking, {he} found that nothing had changed except the weather.",
        "Patience, it seemed, was a fine tool, but it did not work by itself.",
    ),
    (
        "{hero} built a machine.",
        "It had two wheels, a funnel, a bell and a handle that came off.",
        "When it was started it hummed, then it hopped, and then it rolled backwards into the nettles.",
        "“The bell works,” said {friend} kindly.",
        "They pulled it out together and kept the bell, for good things should not be left in nettles.",
        "From that hour on {he} rang it whenever {he} had an idea, and it rang quite often.",
        "Not one of those ideas would have survived the rain.",
    ),
    (
        "{hero} followed a trail of small footprints.",
        "They crossed the soft earth, went twice around the well and came to a wooden gate.",
        "Behind the gate they went on, neat and round, as if somebody had stamped a letter to the grass.",
        "At the end of them sat a hedgehog, who was rather surprised to have company.",
        "“I am only going home,” it explained, “but you may come along as far as the hedge.”",
        "So they walked, and talked about slugs, and it was less boring than it sounds.",
        "The hedge was reached, the hedgehog said good night, and {he} was as wise as before.",
    ),
    (
        "{hero} wrote a letter.",
        "“Dear whoever knows,” it began, and for a long time that was all.",
        "In the end it told everything, with two mistakes and a drawing in the corner.",
        "A swallow promised to carry it south and to ask along the way.",
        "Three days later it came back with a foreign stamp and a single line: “Look nearer.”",
        "{He} looked under the bed, behind the door and inside both boots.",
        "There was a button in the left one, but it answered no questions.",
    ),
    (
        "{hero} went down to the brook.",
        "The water hurried past as though it were late for the sea.",
        "“Have you seen it?” {he} called, and the brook said yes, yes, yes, as brooks say to everything.",
        "A leaf came by like a small boat, with an ant standing proudly at the front.",
        "{He} lifted it over the stones, one after the other, until it reached calm water.",
        "The ant waved, or perhaps it only scratched its ear.",
        "That was no help with the great task, yet it was the best moment of the day.",
    ),
    (
        "{hero} called everybody together.",
        "They came with good advice, which is what everybody brings when it costs nothing.",
        "One said to turn left, one said to turn right, and a goose said to turn into a goose.",
        "By the time the soup was ready there were eleven plans and no agreement.",
        "Still, it was good to hear so many voices in one place.",
        "When the last of them had gone, somebody had washed up without being asked.",
        "{He} never learned who it was, and the question had to wait.",
    ),
    (
        "{hero} went out at night.",
        "In the dark the paths were longer and the sounds were closer.",
        "An owl asked who was there, and it turned out to be a difficult question.",
        "Over the roofs a star fell, and {he} wished so quickly that the words got tangled.",
        "Perhaps that was why a warm wind came up instead of a miracle.",
        "It smelled of hay and of faraway kitchens, and it was company on the way back.",
        "There was dew on {his} nose when the door fell shut.",
    ),
    (
        "{hero} borrowed a ladder.",
        "It was one rung too short, as ladders in stories generally are.",
        "{He} put it on a table, and the table on a cart, and the cart began to roll.",
        "It rolled past the pond, past the washing line and past {friend}, who lifted a hat.",
        "With three shirts and a pillowcase for a sail, it came to rest in a heap of leaves.",
        "Nothing was broken but the plan.",
        "The shirts had to be washed again, and {he} did it without grumbling.",
    ),
    (
        "{hero} met a fox who sold secrets.",
        "“Two for a biscuit,” said the fox, “and the third one is free.”",
        "The first secret was that cats only pretend not to listen.",
        "The second one was that the moon is always whole, even when you see a slice.",
        "For the third the fox leaned close and said that it had no idea either.",
        "It was honest, at least, and honest foxes are worth a biscuit.",
        "They parted as friends and counted their crumbs.",
    ),
    (
        "{hero} learned a song by heart.",
        "It was said to open locked doors, stubborn jars and sometimes people.",
        "{He} sang it to the door, and the door stayed shut.",
        "{He} sang it to the jar, and it turned out to be empty.",
        "Only a robin came closer, tilted its head and sang the last line a little better.",
        "After that they practised together until the sun stood low.",
        "If it did not open anything, it had at least closed an afternoon very nicely.",
    ),
    (
        "{hero} took the long way round.",
        "It led past the mill, across the bridge and through a field of barley as high as a wall.",
        "Halfway through, {he} could see nothing but gold on every side.",
        "Somewhere in the middle a mouse was giving a speech to nobody in particular.",
        "It was about courage, and it was short, and it was rather good.",
        "{He} clapped, the mouse blushed, and each of them walked on a little taller.",
        "The long way ended exactly where it had begun, but it did not feel like the same place.",
    ),
    (
        "{hero} packed a bag and waited for the storm to pass.",
        "It had rolled in over the hills, black as a kettle and twice as loud.",
        "The shutters rattled, and the rain wrote long lines on the glass.",
        "{friend} lit a lamp, and together they counted the seconds between the flash and the thunder.",
        "At nine they were brave, at four they were quiet, and at two they held hands and paws.",
        "Then it was over, and the whole world dripped and shone.",
        "The road had turned to soup, so the bag was unpacked again.",
    ),
)

ENGLISH = Material(
    titles=(
        "{Hero} and {thing}",
        "The Long Day of {hero}",
        "What {hero} Found",
        "{Hero} Sets Out",
        "A Small Light for {hero}",
    ),
    opening=Part(
        cores=(
            "{place} lived {someone}.",
            "There once was {someone}, {place}.",
            "Long ago, {place}, there was {someone}.",
        ),
        more=(
            "The days there were round and quiet, like pebbles in a pocket.",
            "In the mornings the light came in low and made long shadows out of small things.",
            "Everybody knew everybody, and whoever did not know somebody simply said hello.",
            "There was always something that smelled of bread, or of rain, or of both.",
            "{Hero} knew each stone by its shape and each bird by its bad habits.",
            "{He} was not the bravest, and certainly not the tidiest, but {he} was the most curious by far.",
            "“Curious is only another word for awake,” {friend} used to say.",
            "Whatever was lost was brought to {him}, and more often than not {he} found it.",
            "In the evenings the windows shone one after the other, and the dark came as a guest.",
            "It could have gone on like that for ever, and for a while it did.",
            "But stories do not begin on the days when everything goes on as usual.",
        ),
    ),
    farm_opening=Part(
        cores=(
            "On Uncle Mark's Yorkie Farm lived {someone}.",
            "Of all who lived on Uncle Mark's Yorkie Farm, {hero} was the smallest.",
            "The day began on Uncle Mark's Yorkie Farm with {someone}.",
        ),
        more=(
            "The barn was red, the gate was white, and the kitchen door stood open from April to October.",
            "Seven Yorkies slept in the straw by the stove, and each of them believed that "
            "the farm was theirs alone.",
            "Uncle Mark got up before the rooster and never once held it against him.",
            "He had a hat for rain, a hat for sun, and a pocket in which there was always a biscuit.",
            "{Hero} had silky hair, upright ears and a bow that was never quite straight.",
            "{He} was not much bigger than a loaf of bread, but {he} barked like a whole bakery.",
            "“Small dogs have short ways to the heart,” Uncle Mark used to say.",
            "There were hens to be counted, sheep to be greeted and puddles to be measured "
            "with all four paws.",
            "Whatever was lost on the farm was brought home by {him} before supper, slightly chewed.",
            "In the evenings they all sat on the steps together and watched the swallows write on the sky.",
            "It could have gone on like that for ever, and for a while it did.",
            "But no story begins on a day when everything goes on as usual.",
        ),
    ),
    topic_lines=(
        "One morning a slip of paper lay on the doorstep, and on it stood in blue ink: {topic}.",
        "Then one day somebody chalked a few words on the gate, and they were these: {topic}.",
        "One evening the wind blew in a note that said nothing but this: {topic}.",
    ),
    want=Part(
        cores=(
            "More than anything, {hero} wanted to {goal}.",
            "{Hero} had one great wish: to {goal}.",
            "From that day on {hero} longed to {goal}.",
        ),
        more=(
            "It was not a wish that you could tell everybody, so {he} told only {friend}.",
            "“That is a big one,” said {friend}, “and big wishes need good shoes.”",
            "{He} took the wish to bed at night, and in the morning it was still there, warm and wide awake.",
            "Even {thing} seemed to wait for it, as things do when they have a part in a story.",
            "Some wishes grow smaller when you look at them closely, but this one grew.",
            "It sat with {him} at breakfast and pulled at {his} sleeve all through supper.",
            "“Who, if not you?” asked the kettle, or perhaps it only whistled.",
            "So {he} made up {his} mind, which took a whole afternoon and half an apple.",
            "There was a little bread in the bag, a ball of string, and room for surprises.",
        ),
    ),
    obstacle=Part(
        cores=(
            "But nobody knew how.",
            "Only it was harder than it looked.",
            "There was just one trouble: the way was shut.",
        ),
        more=(
            "The path that should have led there ended at a wall of brambles, and behind the "
            "brambles began the unknown.",
            "Those who had tried before shook their heads and spoke of wet feet.",
            "“It has never been done,” said the clever ones, and they said it very slowly.",
            "“It has never been done yet,” said {friend}.",
            "That little word, yet, was no longer than a crumb, but {he} kept it safe.",
            "Besides, the days were getting shorter, and there was not much time to lose.",
            "At night a small doubt came and sat on the end of the bed.",
            "It did not say much, that doubt, but it was heavy for its size.",
            "“Move over,” said {hero}, and slept with {his} back to it.",
        ),
    ),
    lone_link="So",
    links=(
        "First,",
        "Then",
        "After that,",
        "The next morning",
        "On the third day",
        "Later that week",
        "Before long",
        "One Sunday",
        "When that had failed,",
        "Not long afterwards",
        "A little wiser,",
        "Once the sun was out again,",
        "As soon as there was time,",
        "With new courage",
        "Last of all",
    ),
    attempts=ENGLISH_ATTEMPTS,
    turn=Part(
        cores=(
            "Then {hero} stopped searching and listened.",
            "Then {friend} said quietly, “Look behind you.”",
            "And just then {hero} understood.",
        ),
        more=(
            "It was so still that you could hear the grass grow.",
            "In the middle of the stillness there was a sound, no louder than a spoon in a cup.",
            "It came from {thing}, which had been there the whole time.",
            "Nobody had asked it anything, because nobody had thought that it was part of the answer.",
            "{Hero} went closer, one step and then another, and {his} heart beat like a small drum.",
            "All the failed attempts were suddenly good for something, even the most foolish ones.",
            "Each of them was a piece, and the pieces fitted.",
            "“I believe that I have been walking around it in circles,” {he} said.",
            "“Most of us do,” said {friend}, “and some never notice.”",
            "The clouds opened as if somebody had drawn back a curtain.",
            "Light fell upon the place where the brambles had been thickest, and there was a "
            "gap just wide enough.",
            "{He} took a deep breath and went through.",
        ),
    ),
    ending=Part(
        cores=(
            "So {hero} managed to {goal} after all.",
            "And so it came true.",
            "And that is how {hero} came to {goal}.",
            "That very evening {hero} was able to {goal}, and it was wonderful.",
        ),
        more=(
            "It was different from what {he} had imagined: smaller in some places, and in "
            "others far brighter.",
            "Nobody cheered at first, for everyone was busy being happy.",
            "Then all of them talked at once, and the clever ones said that they had known "
            "it from the start.",
            "{friend} said nothing at all, but made room on the bench.",
            "They sat side by side and watched the evening put on its lights.",
            "There was soup, and there was cake, and nobody asked in which order.",
            "The slip of paper hangs over the stove now, a little yellow at the edges.",
            "Whoever reads it gets to hear the whole story, whether there is time for it or not.",
            "And sometimes, when it is quiet, {hero} looks out over the land and feels a new wish coming.",
            "It is still very small, but it has good shoes on.",
        ),
    ),
    farm_ending=Part(
        cores=(
            "So {hero} managed to {goal} after all.",
            "And so it came true.",
            "And that is how {hero} came to {goal}.",
            "That was the day on which {hero} was able to {goal}.",
        ),
        more=(
            "It was different from what {he} had imagined: smaller in some places, and in "
            "others far brighter.",
            "Seven Yorkies barked for joy, and even the rooster forgot to be important.",
            "Uncle Mark took off his hat, which he otherwise did only for the first snow.",
            "“Well, look at that,” he said, and his voice was a little rough.",
            "Then he reached into his pocket, and of course there was one biscuit left.",
            "They sat on the steps side by side and watched the evening put on its lights.",
            "The note hangs over the kitchen stove now, a little yellow at the edges.",
            "Whoever comes to visit gets to hear the whole story, whether there is time for it or not.",
            "That night {he} slept in the straw between the others, with the bow over one ear.",
            "In the dream {his} paws went on running, and nobody on the farm would have "
            "woken {him} for the world.",
        ),
    ),
    asides=(
        "Nobody laughed.",
        "The wind held its breath.",
        "That was a start.",
        "It was worth a try.",
        "A bird began to sing.",
        "The world felt wide.",
        "Somewhere a door creaked.",
    ),
    sample="(A sample story, told by Storyfarm's sandbox.)",
    quotes=("“", "”"),
    dog_names=("Pepper", "Biscuit", "Clover", "Button", "Maple", "Pippin", "Hazel", "Teddy"),
    dog={"m": "a little Yorkie", "f": "a little Yorkie"},
    called="called",
    uncle="Uncle Mark",
    pronouns={
        "m": {"he": "he", "him": "him", "his": "his"},
        "f": {"he": "she", "him": "her", "his": "her"},
    },
    places=(
        "in a village between two hills",
        "in a small house at the end of a lane",
        "in a town with crooked chimneys",
        "in a valley full of apple trees",
    ),
    friends=("the old tortoise", "the grey owl", "the one-eyed gull", "the wise old badger"),
    things=("the little brass key", "the blue teapot", "the old lantern", "the silver whistle"),
    goal_for_thing="learn the secret of {thing}",
    goal_for_topic="find out what {topic} meant",
    nouns={
        "dragon": ("a dragon", "the dragon", ""),
        "cat": ("a cat", "the cat", ""),
        "horse": ("a horse", "the horse", ""),
        "bear": ("a bear", "the bear", ""),
        "fox": ("a fox", "the fox", ""),
        "rabbit": ("a rabbit", "the rabbit", ""),
        "mouse": ("a mouse", "the mouse", ""),
        "owl": ("an owl", "the owl", ""),
        "whale": ("a whale", "the whale", ""),
        "lion": ("a lion", "the lion", ""),
        "elephant": ("an elephant", "the elephant", ""),
        "robot": ("a robot", "the robot", ""),
        "unicorn": ("a unicorn", "the unicorn", ""),
        "chicken": ("a chicken", "the chicken", ""),
        "sheep": ("a sheep", "the sheep", ""),
        "cow": ("a cow", "the cow", ""),
        "pig": ("a pig", "the pig", ""),
        "duck": ("a duck", "the duck", ""),
        "bird": ("a bird", "the bird", ""),
        "wolf": ("a wolf", "the wolf", ""),
        "penguin": ("a penguin", "the penguin", ""),
        "tractor": ("a tractor", "the tractor", ""),
        "balloon": ("a balloon", "the balloon", ""),
        "boat": ("a boat", "the boat", ""),
        "ball": ("a ball", "the ball", ""),
        "pumpkin": ("a pumpkin", "the pumpkin", ""),
        "rainbow": ("a rainbow", "the rainbow", ""),
        "moon": ("a moon", "the moon", ""),
        "star": ("a star", "the star", ""),
        "rocket": ("a rocket", "the rocket", ""),
        "book": ("a book", "the book", ""),
        "key": ("a key", "the key", ""),
        "clock": ("a clock", "the clock", ""),
        "flower": ("a flower", "the flower", ""),
        "treasure": ("a treasure", "the treasure", ""),
    },
    scenes={
        "sea": "by the sea",
        "forest": "in the deep forest",
        "mountains": "high up in the mountains",
        "castle": "in an old castle",
        "city": "in a big city",
        "space": "among the stars",
        "island": "on a small island",
        "desert": "at the edge of the desert",
        "school": "in a school with a green door",
        "winter": "in a land deep in snow",
        "garden": "in a walled garden",
        "river": "beside a wide river",
    },
)
