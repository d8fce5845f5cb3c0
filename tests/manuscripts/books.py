"""Manuscripts and pictures that the writer's tests use."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from manuscripts.manuscript import Chapter, Manuscript, Plate

ID = "6f7b2a52-3c0e-4f0e-8a2c-3d0a4d5b6c7d"
LATIN = ("The office waffles were fine & <hot>.", "“Ça va?” asked Żółć, naïvely.\nNobody knew.")
CYRILLIC = ("Жил-был на свете маленький ёжик.", "Ґанок та їжак.")


def plate(
    form: str = "PNG",
    *,
    mode: str = "RGB",
    size: tuple[int, int] = (40, 30),
    alt: str = "A kite",
    url: str = "",
) -> Plate:
    buffer = io.BytesIO()
    Image.new(mode, size, "orange" if mode == "RGB" else (255, 165, 0, 0)).save(buffer, form)
    return Plate(buffer.getvalue(), f"image/{form.lower()}", *size, alt, url)


BROKEN = Plate(plate().content[:60], "image/png", 40, 30, "A <torn> kite")


def book(*chapters: Chapter, **changes: Any) -> Manuscript:
    values: dict[str, Any] = {
        "title": "The Lost Kite",
        "author": "Ann O'Nym",
        "language": "en",
        "chapters": chapters,
        "cover": None,
        "identifier": ID,
        "is_sample": False,
        "modified_at": 1_794_205_529.25,
    }
    return Manuscript(**(values | changes))


BOOKS = {
    "latin with pictures": book(
        Chapter("Wind & weather", LATIN, plate("PNG", mode="RGBA")),
        Chapter("", ("# A <heading>", "Text.", "***", "More."), plate("JPEG", size=(300, 900))),
        Chapter("Three", ("End.",), BROKEN),
        cover=plate("WEBP", size=(2400, 600), alt='The "cover"'),
        is_sample=True,
    ),
    "cyrillic": book(
        Chapter("Глава 1", CYRILLIC),
        Chapter("Глава 2", CYRILLIC),
        title="Ёжик",
        author="",
        language="Русский",
    ),
    "hostile": book(
        Chapter("\x00 </section> ]]>", ("\x0bA\x01 \ud800 \ufffe\uffff <script>&nbsp; 👨‍👩‍👧 漢字",)),
        title="👾 <&> \x08",
        author="<b>",
        language='en"><script>',
        identifier="../x",
    ),
    "right to left": book(Chapter("", ("שלום עולם",)), language="עברית", identifier=""),
    "empty": book(title="", author="", language=""),
}
