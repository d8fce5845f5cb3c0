"""EPUBs by the rules of https://www.w3.org/TR/epub-33/, and by epubcheck where it is installed."""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from manuscripts.export import export
from manuscripts.manuscript import Chapter, Manuscript
from pdf_writer import write_pdf
from tests.manuscripts.books import BOOKS, BROKEN, ID, book, plate

OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
XHTML = "{http://www.w3.org/1999/xhtml}"
NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
OPS = "{http://www.idpf.org/2007/ops}"
CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"


class Opened:
    """An EPUB's files, found as a reader finds them: container, package, manifest, spine."""

    def __init__(self, manuscript: Manuscript) -> None:
        self.content = export(manuscript, "epub", write_pdf).content
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            assert archive.testzip() is None
            self.entries = archive.infolist()
            self.files = {name: archive.read(name) for name in archive.namelist()}
        rootfile = ET.fromstring(self.files["META-INF/container.xml"]).find(f".//{CONTAINER}rootfile")
        assert rootfile is not None
        self.package_name = rootfile.attrib["full-path"]
        self.package = ET.fromstring(self.files[self.package_name])
        self.items = {item.attrib["id"]: item.attrib for item in self.package.iter(f"{OPF}item")}
        self.spine = [item.attrib["idref"] for item in self.package.iter(f"{OPF}itemref")]

    def file(self, href: str) -> bytes:
        return self.files[posixpath.join(posixpath.dirname(self.package_name), href)]

    def page(self, id: str) -> ET.Element:
        return ET.fromstring(self.file(self.items[id]["href"]))

    def pages(self) -> list[ET.Element]:
        return [self.page(id) for id in self.spine]

    def text(self) -> str:
        return " ".join("".join(page.itertext()) for page in self.pages())

    def metadata(self, name: str) -> list[str]:
        dublin = [element.text or "" for element in self.package.iter(DC + name)]
        metas = self.package.iter(f"{OPF}meta")
        return dublin + [meta.text or "" for meta in metas if meta.get("property") == name]

    def with_property(self, name: str) -> list[str]:
        return [id for id, item in self.items.items() if item.get("properties") == name]


@pytest.fixture(params=BOOKS)
def opened(request: pytest.FixtureRequest) -> Opened:
    return Opened(BOOKS[request.param])


def test_the_type_comes_first_and_is_not_compressed(opened: Opened) -> None:
    first = opened.entries[0]

    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert opened.content[30:58] == b"mimetypeapplication/epub+zip"


def test_the_manifest_lists_each_file_once(opened: Opened) -> None:
    folder = posixpath.dirname(opened.package_name)
    listed = [posixpath.join(folder, item["href"]) for item in opened.items.values()]

    assert len(set(listed)) == len(listed)
    assert set(listed) == opened.files.keys() - {"mimetype", "META-INF/container.xml", opened.package_name}
    assert len({entry.filename for entry in opened.entries}) == len(opened.entries)


def test_the_package_says_what_every_package_must_say(opened: Opened) -> None:
    [identifier] = opened.package.findall(f".//{DC}identifier")

    assert opened.package.attrib["version"] == "3.0"
    assert opened.package.attrib["unique-identifier"] == identifier.attrib["id"]
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identifier.text or "")
    assert all(len(opened.metadata(name)) == 1 for name in ("title", "language", "dcterms:modified"))
    assert all(opened.metadata("title"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", opened.metadata("dcterms:modified")[0])
    assert len(opened.with_property("nav")) == 1
    assert opened.spine


def test_the_package_says_how_accessible_it_is(opened: Opened) -> None:
    assert "textual" in opened.metadata("schema:accessMode")
    assert opened.metadata("schema:accessModeSufficient") == ["textual"]
    assert opened.metadata("schema:accessibilityHazard") == ["none"]
    assert {"tableOfContents", "readingOrder"} <= set(opened.metadata("schema:accessibilityFeature"))


def test_the_contents_lead_to_every_page_in_order(opened: Opened) -> None:
    hrefs = [opened.items[id]["href"] for id in opened.spine]
    toc, landmarks = opened.page(opened.with_property("nav")[0]).iter(f"{XHTML}nav")
    links = list(toc.iter(f"{XHTML}a"))
    ncx = ET.fromstring(opened.file("toc.ncx"))

    assert toc.attrib[f"{OPS}type"] == "toc"
    assert [link.attrib["href"] for link in links] == hrefs
    assert all((link.text or "").strip() for link in links)
    assert all(link.attrib["href"] in hrefs for link in landmarks.iter(f"{XHTML}a"))
    assert [content.attrib["src"] for content in ncx.iter(f"{NCX}content")] == hrefs
    [uid] = [meta.get("content") for meta in ncx.iter(f"{NCX}meta") if meta.get("name") == "dtb:uid"]
    assert [uid] == opened.metadata("identifier")


def test_every_page_finds_its_pictures_and_describes_them(opened: Opened) -> None:
    manifest = {item["href"]: item["media-type"] for item in opened.items.values()}

    for page in opened.pages():
        assert (page.findtext(f"{XHTML}head/{XHTML}title") or "").strip()
        for link in page.iter(f"{XHTML}link"):
            assert manifest[link.attrib["href"]] == "text/css"
        for image in page.iter(f"{XHTML}img"):
            assert manifest[image.attrib["src"]] == "image/jpeg"
            assert "alt" in image.attrib
            with Image.open(io.BytesIO(opened.file(image.attrib["src"]))) as picture:
                assert picture.format == "JPEG"


def test_the_cover_is_marked_for_new_and_old_readers() -> None:
    opened = Opened(BOOKS["latin with pictures"])
    [cover] = opened.with_property("cover-image")

    assert opened.items[cover]["media-type"] == "image/jpeg"
    assert [
        meta.get("content") for meta in opened.package.iter(f"{OPF}meta") if meta.get("name") == "cover"
    ] == [cover]
    assert [image.get("src") for image in opened.pages()[0].iter(f"{XHTML}img")] == [
        opened.items[cover]["href"]
    ]


def test_a_book_says_whose_it_is_and_when_it_was_changed() -> None:
    opened = Opened(BOOKS["latin with pictures"])

    assert opened.metadata("identifier") == [f"urn:uuid:{ID}"]
    assert opened.metadata("title") == ["The Lost Kite"]
    assert opened.metadata("creator") == ["Ann O'Nym"]
    assert opened.metadata("language") == ["en"]
    assert opened.metadata("dcterms:modified") == ["2026-11-09T06:25:29Z"]


def test_a_chapter_is_a_file_with_its_picture_and_its_text() -> None:
    opened = Opened(BOOKS["latin with pictures"])
    chapter = opened.page("chapter-1")

    assert chapter.findtext(f".//{XHTML}h2") == "Wind & weather"
    assert [image.get("alt") for image in chapter.iter(f"{XHTML}img")] == ["A kite"]
    assert "The office waffles were fine & <hot>." in "".join(chapter.itertext())
    assert opened.page("chapter-2").find(f".//{XHTML}hr") is not None
    assert opened.spine == ["cover", "title", "chapter-1", "chapter-2", "chapter-3"]


def test_every_word_is_in_it() -> None:
    assert "Жил-был на свете маленький ёжик." in Opened(BOOKS["cyrillic"]).text()
    assert "A   <script>&nbsp; 👨‍👩‍👧 漢字" in Opened(BOOKS["hostile"]).text()


def test_pictures_that_cannot_be_read_keep_their_descriptions() -> None:
    opened = Opened(book(Chapter("One", (), BROKEN), cover=BROKEN))

    assert opened.text().count("[A <torn> kite]") == 2
    assert not opened.with_property("cover-image")
    assert "visual" not in opened.metadata("schema:accessMode")


def test_pictures_without_a_description_are_not_said_to_have_one() -> None:
    def features(alt: str) -> list[str]:
        return Opened(book(Chapter("", (), plate(alt=alt)))).metadata("schema:accessibilityFeature")

    assert "alternativeText" in features("A kite")
    assert "alternativeText" not in features("")


def test_only_a_sample_says_that_it_is_one() -> None:
    assert "A sample from Storyfarm's sandbox." in Opened(BOOKS["latin with pictures"]).text()
    assert "sandbox" not in Opened(BOOKS["cyrillic"]).text()


def test_pages_of_a_hebrew_book_are_turned_from_left_to_right() -> None:
    spine = Opened(BOOKS["right to left"]).package.find(f"{OPF}spine")

    assert spine is not None
    assert spine.attrib["page-progression-direction"] == "rtl"


@pytest.mark.skipif(not shutil.which("epubcheck"), reason="epubcheck is not installed")
def test_epubcheck_finds_nothing_to_say(tmp_path: Path) -> None:
    # One book of all that there is, since each call takes seconds.
    chapters = tuple(chapter for one in BOOKS.values() for chapter in one.chapters)
    everything = replace(BOOKS["latin with pictures"], chapters=chapters, title=BOOKS["hostile"].title)
    file = tmp_path / "book.epub"
    file.write_bytes(export(everything, "epub", write_pdf).content)

    checked = subprocess.run(
        [*_epubcheck(), "--failonwarnings", file], capture_output=True, text=True, check=False, timeout=60
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def _epubcheck() -> list[str]:
    """The command; Debian's is a JAR that only some machines run by itself."""
    found = Path(shutil.which("epubcheck") or "").resolve()
    return ["java", "-XX:TieredStopAtLevel=1", "-jar", str(found)] if found.suffix == ".jar" else [str(found)]
