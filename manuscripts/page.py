"""A manuscript as one HTML file that needs no other."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from manuscripts.manuscript import Manuscript, Plate
from manuscripts.markup import chapter_markup, note_markup, picture_markup, title_markup

_STYLE = """\
:root { color-scheme: light dark; }
body { max-width: 36rem; margin: 0 auto; padding: 2rem 1.25rem; color: #222;
  font: 1.125rem/1.6 Georgia, "Noto Serif", serif;
  background: #fdfcf8; overflow-wrap: break-word; }
header, h2, h3, figure, .author, .missing, .note { text-align: center; }
h1, h2, h3 { line-height: 1.25; break-after: avoid; }
h2 { margin: 4rem 0 1.5rem; }
figure { margin: 2rem 0; break-inside: avoid; }
img { max-width: 100%; height: auto; }
p { margin: 0 0 1em; orphans: 2; widows: 2; }
hr { border: 0; margin: 2rem 0; text-align: center; }
hr::before { content: "* * *"; }
.author, .missing, .note { font-style: italic; }
.note { margin-top: 4rem; font-size: 0.875rem; }
@media (prefers-color-scheme: dark) { body { color: #e6e3dc; background: #1b1a18; } }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; color: #000; background: none; }
  section { break-before: page; }
  h2 { margin-top: 0; }
  img { max-height: 60vh; }
}
@page { margin: 2cm; }
"""


def as_html(manuscript: Manuscript) -> str:
    """The pictures are in it; prepared by with_prints."""
    sections = "\n".join(
        f"<section>\n{chapter_markup(chapter, _address(chapter.plate))}\n</section>"
        for chapter in manuscript.chapters
    )
    return f"""\
<!DOCTYPE html>
<html lang="{manuscript.language}" dir="auto">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="generator" content="Storyfarm"/>
<title>{escape(manuscript.title)}</title>
<style>
{_STYLE}</style>
</head>
<body>
<main>
<header>
{picture_markup(manuscript.cover, _address(manuscript.cover))}
{title_markup(manuscript.title, manuscript.author)}
</header>
{sections}
{note_markup(manuscript.is_sample)}
</main>
</body>
</html>
"""


def _address(plate: Plate | None) -> str:
    return f"data:{plate.mime};base64,{b64encode(plate.content).decode()}" if plate else ""
