"""Manuscripts as files: what all formats share, and Markdown, text and HTML."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from errors import InvalidRequest, TooLarge
from manuscripts.export import MIMES, export
from manuscripts.manuscript import Chapter, Manuscript
from manuscripts.preparing import MAX_CHARACTERS, MAX_LINES, MAX_PLATES, prepared, with_prints
from pdf_writer import write_pdf
from tests.manuscripts.books import BOOKS, BROKEN, book, plate


def exported(manuscript: Manuscript, format: str) -> str:
    return export(manuscript, format, lambda _: b"").content.decode()


class Tags(HTMLParser):
    """The tags of a page, and its text in one piece."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.mark.parametrize("format", MIMES)
@pytest.mark.parametrize("name", BOOKS)
def test_the_same_manuscript_gives_the_same_bytes(format: str, name: str) -> None:
    first = export(BOOKS[name], format, write_pdf)

    assert first == export(BOOKS[name], format, write_pdf)
    assert first.content
    assert first.mime == MIMES[format]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Lost Kite", "the-lost-kite.txt"),
        ("Żółw & Bär", "zow-bar.txt"),
        ("../x", "x.txt"),
        ("👾", "story.txt"),
        ("Ёжик", "story.txt"),
        ('a"\r\nSet-Cookie: b', "a-set-cookie-b.txt"),
        ("", "a-story.txt"),
        ("a" * 59 + " b", "a" * 59 + ".txt"),
    ],
)
def test_a_file_is_named_after_the_title(title: str, name: str) -> None:
    assert export(book(title=title), "txt", write_pdf).file_name == name


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=100))
def test_every_title_gives_a_safe_name(title: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}\.md", export(book(title=title), "md", write_pdf).file_name)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="md, txt, html, pdf, epub") as refused:
        export(book(), "docx", write_pdf)
    assert refused.value.members == {"field": "format"}


@pytest.mark.parametrize(
    ("manuscript", "field"),
    [
        (book(Chapter("", ("a" * MAX_CHARACTERS,))), "story"),
        (book(Chapter("", ("a\n" * (MAX_LINES + 1),))), "story"),
        (book(*[Chapter("", (), plate())] * MAX_PLATES, cover=plate()), "scenes"),
    ],
)
def test_too_much_is_refused(manuscript: Manuscript, field: str) -> None:
    with pytest.raises(TooLarge) as refused:
        export(manuscript, "txt", write_pdf)
    assert refused.value.members["field"] == field


def test_as_much_as_is_allowed_is_taken() -> None:
    chapters = [Chapter("", ("a",), plate())] * MAX_PLATES

    assert exported(book(*chapters, title="", author=""), "txt").count("[A kite]") == MAX_PLATES


def test_what_no_file_may_hold_is_taken_out() -> None:
    hostile = prepared(BOOKS["hostile"])

    assert hostile.title == "👾 <&>"
    assert hostile.chapters[0].title == "</section> ]]>"
    assert hostile.chapters[0].paragraphs == ("A   <script>&nbsp; 👨‍👩‍👧 漢字",)
    assert hostile.language == "und"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_pictures_become_jpegs_that_fit_a_page(form: str) -> None:
    cover = with_prints(book(cover=plate(form, size=(3200, 100)))).cover

    assert cover
    assert (cover.mime, cover.width, cover.height) == ("image/jpeg", 1600, 50)
    with Image.open(io.BytesIO(cover.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1600, 50))


def test_a_picture_that_cannot_be_read_keeps_its_description() -> None:
    manuscript = book(Chapter("One", ("Text.",), BROKEN))

    assert exported(manuscript, "txt").endswith("One\n\n[A <torn> kite]\n\nText.\n")
    assert r"\[A \<torn\> kite\]" in exported(manuscript, "md")
    page = Tags(exported(manuscript, "html"))
    assert "[A <torn> kite]" in page.text
    assert not page.all("img")


def test_text_is_plain_paragraphs() -> None:
    assert exported(BOOKS["latin with pictures"], "txt") == (
        'The Lost Kite\n\nAnn O\'Nym\n\n[The "cover"]\n\n\n'
        "Wind & weather\n\n[A kite]\n\nThe office waffles were fine & <hot>.\n\n"
        "“Ça va?” asked Żółć, naïvely.\nNobody knew.\n\n\n"
        "[A kite]\n\nA <heading>\n\nText.\n\n* * *\n\nMore.\n\n\n"
        "Three\n\n[A <torn> kite]\n\nEnd.\n\n\nA sample from Storyfarm's sandbox.\n"
    )


def test_markdown_shows_pictures_that_have_an_address() -> None:
    manuscript = book(
        Chapter(
            "*One*", ("1. no list\n    no code", "***", "# Two"), plate(alt="a]b", url="/images/a (1).png")
        ),
        is_sample=True,
    )

    assert exported(manuscript, "md") == (
        "# The Lost Kite\n\n*Ann O'Nym*\n\n## \\*One\\*\n\n![a\\]b](/images/a%20%281%29.png)\n\n"
        "1\\. no list  \nno code\n\n* * *\n\n### Two\n\n* * *\n\n*A sample from Storyfarm's sandbox.*\n"
    )


def test_a_page_needs_no_other_file() -> None:
    page = Tags(exported(BOOKS["latin with pictures"], "html"))

    assert page.all("html") == [{"lang": "en", "dir": "auto"}]
    assert page.text.count("The Lost Kite") == 2
    assert "“Ça va?” asked Żółć, naïvely.\nNobody knew." in page.text
    assert "A sample from Storyfarm's sandbox." in page.text
    pictures = page.all("img")
    assert [picture["alt"] for picture in pictures] == ['The "cover"', "A kite", "A kite"]
    for picture in pictures:
        with Image.open(io.BytesIO(_embedded(picture))) as image:
            assert image.size == (int(picture["width"] or 0), int(picture["height"] or 0))
    assert not page.all("link")
    assert not page.all("script")


def _embedded(picture: dict[str, Any]) -> bytes:
    start, _, encoded = picture["src"].partition(",")
    assert start == "data:image/jpeg;base64"
    return base64.b64decode(encoded)


def test_a_page_shows_marks_as_they_are() -> None:
    page = Tags(exported(BOOKS["hostile"], "html"))

    assert not page.all("script")
    assert page.all("html")[0]["lang"] == "und"
    assert "<script>&nbsp; 👨‍👩‍👧 漢字" in page.text


def test_no_title_or_description_ends_its_tag() -> None:
    marks = '</title></h1><script>alert("1")</script>'
    page = Tags(exported(book(Chapter(marks, (), plate(alt=marks)), title=marks, author=marks), "html"))

    assert not page.all("script")
    assert [picture["alt"] for picture in page.all("img")] == [marks]
    assert page.text.count(marks) == 4


def test_only_a_sample_says_that_it_is_one() -> None:
    sample = BOOKS["latin with pictures"]

    for format in ("txt", "md", "html"):
        assert "sandbox" in exported(sample, format)
        assert "sandbox" not in exported(replace(sample, is_sample=False), format)
