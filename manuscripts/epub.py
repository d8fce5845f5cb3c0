"""A manuscript as an EPUB 3 (https://www.w3.org/TR/epub-33/), which older readers of EPUB 2 can open too."""

from __future__ import annotations

import io
import uuid
import zipfile
from dataclasses import dataclass
from html import escape

from manuscripts.languages import RIGHT_TO_LEFT
from manuscripts.manuscript import Manuscript, labels_of
from manuscripts.markup import chapter_markup, note_markup, picture_markup, title_markup
from utils import iso

_FOLDER = "EPUB"
# Identifiers that are no UUIDs become one within this name space.
_BOOKS = uuid.uuid5(uuid.NAMESPACE_DNS, "books.storyfarm")
# ZIP knows no earlier moment; equal manuscripts give equal bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_CONTAINER = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="{_FOLDER}/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""
_STYLE = """\
body { margin: 5%; line-height: 1.5; }
h1, h2, h3, figure, .author, .missing, .note, .title-page, .cover { text-align: center; }
h1, h2, h3 { line-height: 1.25; page-break-after: avoid; }
h1, h2 { margin: 2em 0 1em; }
figure { margin: 1em 0; page-break-inside: avoid; }
img { max-width: 100%; max-height: 90vh; height: auto; width: auto; }
p { margin: 0 0 0.75em; orphans: 2; widows: 2; }
hr { width: 20%; margin: 1.5em auto; }
.cover { margin: 0; }
.author, .missing, .note { font-style: italic; }
.note { margin-top: 3em; font-size: 0.875em; }
"""


@dataclass(frozen=True)
class _File:
    """A file of the book: what the manifest says of it, and what is in it; `label` if one can go there."""

    name: str
    mime: str
    content: bytes
    properties: str = ""
    label: str = ""

    @property
    def id(self) -> str:
        return self.name.partition(".")[0]


def as_epub(manuscript: Manuscript) -> bytes:
    """The book as a ZIP; equal manuscripts give equal bytes. Prepared by with_prints."""
    pages = [*_front(manuscript), *_chapters(manuscript)]
    files = [
        _page(manuscript, "nav", "Contents", _navigation(manuscript, pages), properties="nav"),
        _File("toc.ncx", "application/x-dtbncx+xml", _ncx(manuscript, pages).encode()),
        _File("style.css", "text/css", _STYLE.encode()),
        *pages,
        *_pictures(manuscript),
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
        _add(archive, "META-INF/container.xml", _CONTAINER.encode())
        _add(archive, f"{_FOLDER}/package.opf", _package(manuscript, files, pages).encode())
        for file in files:
            stored = zipfile.ZIP_STORED if file.mime == "image/jpeg" else zipfile.ZIP_DEFLATED
            _add(archive, f"{_FOLDER}/{file.name}", file.content, stored)
    return buffer.getvalue()


def _add(
    archive: zipfile.ZipFile, name: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = compression
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _front(manuscript: Manuscript) -> list[_File]:
    """The cover, if there is one, and the title page."""
    title = title_markup(manuscript.title, manuscript.author)
    cover = picture_markup(manuscript.cover, "cover-picture.jpg")
    if manuscript.cover and manuscript.cover.content:
        return [
            _page(manuscript, "cover", "Cover", _section("cover", "cover", cover)),
            _page(manuscript, "title", manuscript.title, _section("title-page", "titlepage", title)),
        ]
    return [_page(manuscript, "title", manuscript.title, _section("title-page", "titlepage", cover, title))]


def _chapters(manuscript: Manuscript) -> list[_File]:
    labels = labels_of(manuscript)
    return [
        _page(
            manuscript,
            f"chapter-{number}",
            label,
            _section(
                "chapter",
                "chapter",
                chapter_markup(chapter, f"picture-{number}.jpg"),
                note_markup(manuscript.is_sample and number == len(labels)),
            ),
        )
        for number, (chapter, label) in enumerate(zip(manuscript.chapters, labels, strict=True), 1)
    ]


def _pictures(manuscript: Manuscript) -> list[_File]:
    plates = [("cover-picture", manuscript.cover, "cover-image")]
    plates += [
        (f"picture-{number}", chapter.plate, "") for number, chapter in enumerate(manuscript.chapters, 1)
    ]
    return [
        _File(f"{stem}.jpg", "image/jpeg", plate.content, properties)
        for stem, plate, properties in plates
        if plate and plate.content
    ]


def _section(css: str, kind: str, *parts: str) -> str:
    lines = "\n".join(part for part in parts if part)
    return f'<section class="{css}" epub:type="{kind}">\n{lines}\n</section>'


def _page(manuscript: Manuscript, stem: str, label: str, body: str, properties: str = "") -> _File:
    language = manuscript.language
    markup = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" \
lang="{language}" xml:lang="{language}" dir="auto">
<head>
<meta charset="utf-8"/>
<title>{escape(label)}</title>
<link rel="stylesheet" type="text/css" href="style.css"/>
</head>
<body>
{body}
</body>
</html>
"""
    return _File(f"{stem}.xhtml", "application/xhtml+xml", markup.encode(), properties, label)


def _navigation(manuscript: Manuscript, pages: list[_File]) -> str:
    entries = "\n".join(f'<li><a href="{page.name}">{escape(page.label)}</a></li>' for page in pages)
    return f"""\
<nav epub:type="toc" id="toc" role="doc-toc">
<h1>{escape(manuscript.title)}</h1>
<ol>
{entries}
</ol>
</nav>
<nav epub:type="landmarks" hidden="hidden">
<ol>
<li><a epub:type="bodymatter" href="chapter-1.xhtml">Start</a></li>
</ol>
</nav>"""


def _ncx(manuscript: Manuscript, pages: list[_File]) -> str:
    points = "\n".join(
        f'<navPoint id="point-{place}" playOrder="{place}">'
        f'<navLabel><text>{escape(page.label)}</text></navLabel><content src="{page.name}"/></navPoint>'
        for place, page in enumerate(pages, 1)
    )
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">
<head>
<meta name="dtb:uid" content="{_identifier(manuscript)}"/>
<meta name="dtb:depth" content="1"/>
<meta name="dtb:totalPageCount" content="0"/>
<meta name="dtb:maxPageNumber" content="0"/>
</head>
<docTitle><text>{escape(manuscript.title)}</text></docTitle>
<navMap>
{points}
</navMap>
</ncx>
"""


def _package(manuscript: Manuscript, files: list[_File], pages: list[_File]) -> str:
    items = "\n".join(
        f'<item id="{file.id}" href="{file.name}" media-type="{file.mime}"'
        + (f' properties="{file.properties}"' if file.properties else "")
        + "/>"
        for file in files
    )
    spine = "\n".join(f'<itemref idref="{page.id}"/>' for page in pages)
    direction = "rtl" if manuscript.language.partition("-")[0] in RIGHT_TO_LEFT else "default"
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="book" \
xml:lang="{manuscript.language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
{_metadata(manuscript, files)}
</metadata>
<manifest>
{items}
</manifest>
<spine toc="toc" page-progression-direction="{direction}">
{spine}
</spine>
</package>
"""


def _metadata(manuscript: Manuscript, files: list[_File]) -> str:
    plates = [manuscript.cover, *(chapter.plate for chapter in manuscript.chapters)]
    shown = [plate for plate in plates if plate and plate.content]
    features = ["tableOfContents", "readingOrder", "structuralNavigation"]
    if shown and all(plate.alt for plate in shown):
        features.append("alternativeText")
    facts = [
        ("dcterms:modified", iso(manuscript.modified_at)[:19] + "Z"),
        *(("schema:accessMode", mode) for mode in ("textual", *["visual"] * bool(shown))),
        ("schema:accessModeSufficient", "textual"),
        *(("schema:accessibilityFeature", feature) for feature in features),
        ("schema:accessibilityHazard", "none"),
    ]
    lines = [
        f'<dc:identifier id="book">{_identifier(manuscript)}</dc:identifier>',
        f"<dc:title>{escape(manuscript.title)}</dc:title>",
        f"<dc:language>{manuscript.language}</dc:language>",
        f"<dc:creator>{escape(manuscript.author)}</dc:creator>" if manuscript.author else "",
        *(f'<meta property="{name}">{value}</meta>' for name, value in facts),
        *('<meta name="cover" content="cover-picture"/>' for file in files if file.id == "cover-picture"),
    ]
    return "\n".join(line for line in lines if line)


def _identifier(manuscript: Manuscript) -> str:
    try:
        return uuid.UUID(manuscript.identifier).urn
    except ValueError:
        return uuid.uuid5(_BOOKS, manuscript.identifier).urn
