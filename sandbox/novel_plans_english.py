"""The English setups, premises and outlines of the writer's stand-in."""

from sandbox.novel_tongue import Plans

PLANS = Plans(
    names=("Mira", "Jonas", "Ada", "Tobias", "Lena", "Emil", "Clara", "Samuel"),
    looks=(
        "a slight figure in a grey coat, with ink on the fingers and a careful way of looking",
        "tall and thin, with a red scarf, short dark hair and a laugh that comes late",
        "sturdy, freckled, in a patched blue jacket, and never without a notebook",
        "grey-haired and upright, in an old green waistcoat with a brass watch chain",
        "quick and small, with bright eyes, a straw hat and one boot laced with string",
    ),
    settings=(
        "{Place}, where the evenings are long and everyone knows a little too much",
        "{Place}, in a year when nothing seems to keep to its season",
        "{Place}, at the edge of what the maps still show",
    ),
    plots=(
        "It starts with this: {topic}. {Hero} has to find out who gains by it, before {friend} pays for it.",
        "At its heart: {topic}. An old promise, a hidden message, and a choice that cannot be taken back.",
    ),
    ideas=(
        (
            "The Other Side of {hero}",
            "The story is told by the one who has the most to lose: {topic}. {Hero} believes {friend} until "
            "a small lie {place} brings down a large one.",
        ),
        (
            "Seven Days and {thing}",
            "Everything happens within one week {place}: {topic}. Each day takes something away from {hero}, "
            "and on the last one only {thing} is left.",
        ),
        (
            "What {friend} Kept Quiet",
            "Years afterwards {friend} comes back {place} with the half of the story that nobody was told: "
            "{topic}. {Hero} must decide whether to listen.",
        ),
    ),
    premises=(
        "{Hero} has one thing to settle, and it will not wait: {topic}. What it costs, and who has to pay "
        "for it, nobody can say yet.",
        "It begins with a simple matter: {topic}. But when {friend} disappears with the only proof, {hero} "
        "must choose between safety and the truth.",
        "Nobody believed {hero} at first, and yet it happened: {topic}. Now {hero} and {friend} have until "
        "morning to put it right, or to lose everything.",
    ),
    book_titles=(
        "{Hero} and {thing}",
        "The Silence of {hero}",
        "What {hero} Found",
        "A Lantern for {hero}",
        "The Last Night of {hero}",
    ),
    titles=(
        ("An Ordinary Morning", "The Letter Under the Door", "{Hero} Asks a Question", "The First Crack"),
        (
            "The Long Way Down",
            "Half of a Map",
            "{Friend} Keeps Silent",
            "The Locked Room",
            "A Debt Falls Due",
            "Voices in the Wall",
            "The Wrong Key",
        ),
        ("The Hour Before Light", "{Hero} Turns Back", "The Price", "What Was Left"),
    ),
    deeds=(
        (
            "{Hero} goes about the day {place} until something small is out of its place.",
            "A message reaches {hero}, and it is about one thing only: {topic}.",
            "{Hero} tells {friend} what has happened, and is not believed.",
            "An old rule is broken, and {hero} is the only one who saw it.",
        ),
        (
            "{Hero} follows the trail alone and finds that somebody was there first.",
            "Two clues fit together, and {thing} turns out to be the third.",
            "{Friend} hides something, and {hero} would rather not know what.",
            "A way out is blocked, and the next one costs more than {hero} has.",
            "They quarrel {place}, and each of them is right about the other.",
            "At the worst moment {hero} finds help where nobody looked for it.",
            "A plan fails, and its failure shows what was wrong from the start.",
        ),
        (
            "{Hero} understands what it was about all along: {topic}.",
            "{Hero} goes back to the beginning and does the hard thing this time.",
            "The truth comes out {place}, and {friend} has to answer for it.",
            "What is lost is counted, what is left is shared, and {hero} goes home.",
        ),
    ),
    events=(
        ("{Hero} finds a sign.", "{Friend} does not believe it.", "The calm is over."),
        (
            "{Hero} loses the trail and finds another.",
            "{Friend} tells half of the truth.",
            "{Thing} changes hands.",
            "There is no way back.",
        ),
        ("{Hero} decides.", "The secret is out.", "{Friend} and {hero} part or stay."),
    ),
    narrations=(
        "Listen closely now, for this is where {hero} hears it for the first time.",
        "Quietly, as if nobody were to know, {hero} takes the next step.",
        "And {friend}, who had an answer for everything, said nothing at all.",
        "The wind drops, the lamp burns low, and {hero} waits.",
        "There are moments that weigh more than years, and this was one of them.",
        "So it came about, and not even {friend} could have stopped it.",
        "Remember {thing}, for it will be needed before the end.",
        "Slowly the door opened, and nothing was as it had been.",
    ),
    touched=(
        "This time it follows the wish: {instruction}.",
        "The change shows here as well: {instruction}.",
        "Rewritten with this in mind: {instruction}.",
    ),
    told="“{title}”: {event}",
    digest=("It begins so: {sentence}", "By now it has come to this: {sentence}"),
    act="Act",
    replies={
        "generate_premise": "With pleasure, I will put the idea into a premise of a sentence or two.",
        "generate_outline": "Good, I will lay out the scenes from the first to the last.",
        "start_writing": "Wonderful, let us begin with the first page.",
        "continue_writing": "Gladly, I will go on where the story stopped.",
        "refine_outline": "Of course, I will change the outline just as you say.",
        "export": "Your book is as good as bound; choose a form and I will hand it over.",
        "none": "I am listening: tell me whether to plan, write, change or export something.",
    },
)
