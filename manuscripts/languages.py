"""What a book says about its language: a tag, from whatever a writer calls it."""

from __future__ import annotations

import re

UNKNOWN = "und"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})
# https://www.rfc-editor.org/info/bcp47, its usual forms: "de", "pt-BR", "zh-Hant-TW"
_TAG = re.compile(r"[a-z]{2,3}(-[a-z]{4})?(-(?:[a-z]{2}|\d{3}))?", re.IGNORECASE)
_NAMES = {
    "arabic": "ar", "العربية": "ar",
    "bulgarian": "bg", "български": "bg",
    "catalan": "ca", "català": "ca",
    "chinese": "zh", "中文": "zh",
    "croatian": "hr", "hrvatski": "hr",
    "czech": "cs", "čeština": "cs",
    "danish": "da", "dansk": "da",
    "dutch": "nl", "nederlands": "nl",
    "english": "en",
    "estonian": "et", "eesti": "et",
    "finnish": "fi", "suomi": "fi",
    "french": "fr", "français": "fr",
    "german": "de", "deutsch": "de",
    "greek": "el", "ελληνικά": "el",
    "hebrew": "he", "עברית": "he",
    "hindi": "hi", "हिन्दी": "hi",
    "hungarian": "hu", "magyar": "hu",
    "indonesian": "id", "bahasa indonesia": "id",
    "irish": "ga", "gaeilge": "ga",
    "italian": "it", "italiano": "it",
    "japanese": "ja", "日本語": "ja",
    "korean": "ko", "한국어": "ko",
    "latvian": "lv", "latviešu": "lv",
    "lithuanian": "lt", "lietuvių": "lt",
    "norwegian": "no", "norsk": "no",
    "persian": "fa", "فارسی": "fa",
    "polish": "pl", "polski": "pl",
    "portuguese": "pt", "português": "pt",
    "romanian": "ro", "română": "ro",
    "russian": "ru", "русский": "ru",
    "serbian": "sr", "српски": "sr",
    "slovak": "sk", "slovenčina": "sk",
    "slovene": "sl", "slovenian": "sl", "slovenščina": "sl",
    "spanish": "es", "español": "es",
    "swedish": "sv", "svenska": "sv",
    "turkish": "tr", "türkçe": "tr",
    "ukrainian": "uk", "українська": "uk",
    "vietnamese": "vi", "tiếng việt": "vi",
}  # fmt: skip


def language_tag(language: str) -> str:
    """ "German", "Deutsch" and "de" give "de"; what nobody knows gives UNKNOWN."""
    known = _NAMES.get(language.strip().lower())
    if known:
        return known
    tag = language.strip().replace("_", "-")
    return tag if _TAG.fullmatch(tag) else UNKNOWN
