"""The pages: HTML around the same API that every other client calls."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

# Suggestions only: any other text is taken as well.
STYLES = (
    ("", "As it comes"),
    ("soft watercolour, picture book illustration", "Watercolour"),
    ("warm oil painting, golden light", "Oil painting"),
    ("pencil drawing, fine lines", "Pencil"),
    ("paper cut-out, layered, bright colours", "Paper cut-out"),
    ("cinematic photograph, shallow depth of field", "Photograph"),
    ("cosy 3D animation film", "Animation film"),
)
LANGUAGES = (
    "English",
    "German",
    "Spanish",
    "French",
    "Italian",
    "Portuguese",
    "Dutch",
    "Polish",
    "Ukrainian",
)
TRAITS = ("brave", "curious", "shy", "funny", "kind", "dreamy")
INTERESTS = ("dinosaurs", "stars", "football", "painting", "animals", "music")
# Pages of a book.
MOST_PAGES = 12
USUAL_PAGES = 6
# Further characters of a set, and as many backgrounds: with the main one below the 30 that are taken.
MOST_FIGURES = 14
# How an adventure may be told, whom for, and what it may begin with.
TELLINGS = (
    "a bedtime story, gentle and cosy",
    "a funny farce",
    "a mystery with clues",
    "a fairy tale of old",
    "an adventure at sea",
    "friendly science fiction",
)
AUDIENCES = ("children of 4 to 6", "children of 7 to 10", "the whole family", "teenagers", "grown-ups")
PREMISES = (
    "You are a small Yorkie, and behind the hay bales you have found a door that was not there yesterday.",
    "You are the night watch of a lighthouse, and tonight the sea has begun to knock.",
    "You have inherited a bakery. In its cellar lives something that loves crumbs.",
    "You wake up in the library after closing time, and one of the books is whispering your name.",
)
# What one sketches with.
INKS = (
    ("#2b211c", "Black"),
    ("#c2392e", "Red"),
    ("#e0962e", "Orange"),
    ("#4f8a3a", "Green"),
    ("#2f6fb0", "Blue"),
    ("#8a5a9e", "Purple"),
)


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What the pages say about the service.

    `sandbox`: what comes from the sandbox, as the start of a sentence; empty if nothing does. Times in
    seconds; `usual_*`: what is usual for one piece.
    """

    sandbox: str
    timeout: int
    max_prompt: int
    usual_story: float
    usual_image: float


def create_blueprint(facts: PageFacts) -> Blueprint:
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    def index() -> str:
        return render_template(
            "index.html",
            sandbox=facts.sandbox,
            styles=STYLES,
            languages=LANGUAGES,
            timeout=facts.timeout,
            max_prompt=facts.max_prompt,
            usual={"story": facts.usual_story, "image": facts.usual_image},
        )

    @blueprint.get("/book")
    def book() -> str:
        return render_template(
            "book.html",
            sandbox=facts.sandbox,
            styles=STYLES,
            languages=LANGUAGES,
            traits=TRAITS,
            interests=INTERESTS,
            most_pages=MOST_PAGES,
            usual_pages=USUAL_PAGES,
        )

    @blueprint.get("/characters")
    def characters() -> str:
        return render_template(
            "characters.html",
            sandbox=facts.sandbox,
            styles=STYLES,
            inks=INKS,
            most_figures=MOST_FIGURES,
        )

    @blueprint.get("/write")
    def write() -> str:
        return render_template("write.html", sandbox=facts.sandbox, languages=LANGUAGES)

    @blueprint.get("/play")
    def play() -> str:
        return render_template(
            "play.html",
            sandbox=facts.sandbox,
            tellings=TELLINGS,
            languages=LANGUAGES,
            audiences=AUDIENCES,
            premises=PREMISES,
        )

    return blueprint
