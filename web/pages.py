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

    return blueprint
