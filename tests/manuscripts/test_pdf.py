"""PDFs, read again."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pypdf import PdfReader

import pdf_writer
from errors import Busy
from manuscripts.export import export
from manuscripts.manuscript import Chapter, Manuscript
from pdf_writer import write_pdf
from tests.manuscripts.books import BOOKS, BROKEN, CYRILLIC, LATIN, book, plate

GREEK = ("Μια φορά κι έναν καιρό ήταν ένας ήλιος.",)


def opened(manuscript: Manuscript) -> PdfReader:
    return PdfReader(io.BytesIO(export(manuscript, "pdf", write_pdf).content))


def texts(manuscript: Manuscript) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in opened(manuscript).pages]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "paragraphs", [LATIN, CYRILLIC, GREEK, ("Příliš žluťoučký kůň. Đặng Thị. Őrült ığdır. ßæœøåþ", "ﬁ and ﬂ")]
)
def test_words_can_be_read_again(paragraphs: tuple[str, ...]) -> None:
    _, page = texts(book(Chapter("", paragraphs)))

    told = words(" ".join(paragraphs))
    assert words(page) in (f"{told} 2", f"{told.replace('ﬁ', 'fi').replace('ﬂ', 'fl')} 2")


def test_a_long_text_is_told_in_order_over_many_pages() -> None:
    paragraphs = tuple(" ".join(f"слово{place}-{number}" for number in range(90)) for place in range(30))

    pages = texts(book(Chapter("", paragraphs)))[1:]

    assert len(pages) > 10
    read = [words(page).removesuffix(f" {number}") for number, page in enumerate(pages, 2)]
    assert " ".join(read) == " ".join(paragraphs)


def test_chapters_begin_on_new_pages_with_titles_and_pictures() -> None:
    reader = opened(BOOKS["latin with pictures"])
    pages = [page.extract_text() for page in reader.pages]

    assert words(pages[0]) == "The Lost Kite Ann O'Nym"
    assert words(pages[1]).startswith("Wind & weather The office waffles")
    assert words(pages[2]) == "A <heading> Text. * * * More. 3"
    assert words(pages[3]) == "Three [A <torn> kite] End. A sample from Storyfarm's sandbox. 4"
    assert [len(page.images) for page in reader.pages] == [1, 1, 1, 0]


def test_there_are_bookmarks_to_the_title_and_every_chapter() -> None:
    reader = opened(BOOKS["latin with pictures"])

    entries = [
        (entry.title, reader.get_destination_page_number(entry))
        for entry in reader.outline
        if not isinstance(entry, list)
    ]
    assert entries == [("The Lost Kite", 0), ("Wind & weather", 1), ("2", 2), ("Three", 3)]


def test_a_pdf_says_what_it_is() -> None:
    reader = opened(book(title="Ёжик", author="Автор", language="Русский"))

    assert reader.metadata
    assert (reader.metadata.title, reader.metadata.author) == ("Ёжик", "Автор")
    assert str(reader.root_object["/Lang"]) == "ru"


def test_every_letter_is_embedded() -> None:
    resources: list[Any] = [page["/Resources"] for page in opened(BOOKS["cyrillic"]).pages]
    fonts = [font.get_object() for resource in resources for font in resource["/Font"].values()]
    used = [font for font in fonts if "NotoSerif" in font["/BaseFont"]]

    assert used
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("A 👾 here", "A \ufffd here"),
        ("漢字", "\ufffd\ufffd"),
        ("שלום", "\ufffd\ufffd\ufffd\ufffd"),
        ("hy\u00adphen zero\u200bwidth", "hyphen zerowidth"),
        ("\uff21\uff22", "AB"),
        ("e\u0301", "é"),
        ("❤\ufe0f", "\ufffd"),
        ("no\u3000break", "no break"),
        ("a & b <i>c</i> &lt;", "a & b <i>c</i> &lt;"),
    ],
)
def test_what_the_font_lacks_is_shown_as_a_sign(told: str, shown: str) -> None:
    assert words(texts(book(Chapter("", (told,))))[1]) == f"{shown} 2"


def test_no_line_is_wider_than_the_page() -> None:
    pages = texts(book(Chapter("W" * 200, ("W" * 500, "漢" * 500, "W " * 500))))[1:]

    lines = [line for page in pages for line in page.splitlines()]
    assert max(map(len, lines)) < 70
    assert "".join("".join(pages).split()).count("W") == 1200


@pytest.mark.parametrize("size", [(1, 1600), (1600, 1), (1, 1), (3000, 2000)])
def test_pictures_of_all_shapes_stay_on_the_page(size: tuple[int, int]) -> None:
    reader = opened(book(Chapter("One", ("Text.",), plate(size=size)), cover=plate(size=size)))

    assert [len(page.images) for page in reader.pages] == [1, 1]
    assert "Text." in reader.pages[1].extract_text()


def test_a_picture_that_does_not_fit_any_more_goes_on_the_next_page() -> None:
    reader = opened(book(Chapter("title " * 60, (), plate(size=(300, 400)))))

    assert [len(page.images) for page in reader.pages] == [0, 0, 1]


def test_a_heading_stays_with_its_text() -> None:
    for lines in range(15, 35):
        pages = texts(book(Chapter("", (*["Line."] * lines, "# Heading", "Text."))))
        [page] = [page for page in pages if "Heading" in page]
        assert "Text." in page


def test_pictures_that_cannot_be_read_keep_their_descriptions() -> None:
    assert "[A <torn> kite]" in texts(book(cover=BROKEN))[0]


def test_several_can_be_written_at_the_same_time() -> None:
    names = ["latin with pictures", "cyrillic"] * 4
    alone = {name: export(BOOKS[name], "pdf", write_pdf).content for name in BOOKS}

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda name: export(BOOKS[name], "pdf", write_pdf).content, names))

    assert written == [alone[name] for name in names]


def test_who_waits_too_long_for_others_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = threading.Lock()
    taken.acquire()
    monkeypatch.setattr(pdf_writer, "_writing", taken)
    monkeypatch.setattr(pdf_writer, "_WRITE_SECONDS", 0.01)

    with pytest.raises(Busy):
        write_pdf(BOOKS["cyrillic"])
