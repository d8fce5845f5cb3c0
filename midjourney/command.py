"""The /imagine line: one line, parameters behind the text, the seed always last and always whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from utils import clip, one_line

# What a person may set, and the form of its value (docs.midjourney.com, parameter list). Everything else is
# left out: an unknown parameter ends the picture with a private error that we never see; --seed is
# ours; --repeat would run, and bill, the picture several times; --video is no picture.
_NUMBER = r"\d{1,4}(?:\.\d{1,2})?"
_PARAMETERS = {
    "ar": r"\d{1,3}:\d{1,3}",
    "v": r"\d(?:\.\d)?",
    "niji": r"\d?",
    "s": _NUMBER,
    "c": _NUMBER,
    "q": _NUMBER,
    "w": _NUMBER,
    "iw": _NUMBER,
    "exp": _NUMBER,
    "stop": r"\d{2,3}",
    "style": r"[a-z0-9]{1,20}",
    "raw": r"",
    "tile": r"",
    "draft": r"",
}
_LONG_NAMES = {
    "aspect": "ar",
    "version": "v",
    "stylize": "s",
    "chaos": "c",
    "quality": "q",
    "weird": "w",
}
# " --ar 16:9", " --tile": a name after two dashes at the start of a word, and the word behind it
_PARAMETER = re.compile(r"(?:^|(?<=\s))-{2,}(?P<name>[a-z]\w*)(?:[ =]+(?P<value>[^\s-]\S*))?", re.IGNORECASE)
# MidJourney takes an em dash for "--", so a dash in prose would start a parameter.
_LONG_DASHES = re.compile(r"\s*[\u2012-\u2015\u2e3a\u2e3b]+\s*")
# The space that a parameter leaves before a full stop.
_BEFORE_STOP = re.compile(r"\s+(?=[.,;](?:\s|$))")
_DOUBLE_HYPHEN = re.compile(r"-{2,}")


@dataclass(frozen=True)
class Command:
    """`text` is the prompt without parameters, `prompt` the whole of it."""

    text: str
    prompt: str

    @property
    def line(self) -> str:
        """What a person pastes into Discord."""
        return f"/imagine prompt: {self.prompt}"


def message_content(line: str) -> str:
    """The Discord message for a command: a code block, which one click copies and which pings nobody."""
    return f"```\n{line}\n```"


def build_command(
    prompt: str, *, seed: int, style: str = "", signature: str = "", limit: int = 350
) -> Command:
    """The command that asks MidJourney for `prompt`.

    `limit`: characters of the prompt with style, signature, parameters and seed; what is too much is cut
    from the end of the prompt's text, and of a very long style. Backticks and line breaks cannot leave the
    code block, and two dashes in prose cannot become a parameter.
    """
    text, parameters = _split_parameters(_safe(prompt))
    closing = _prose(_safe(signature))
    # A quarter of the room is the prompt's own; 22: " --seed 4294967295" and what joins the parts.
    room_for_style = limit - limit // 4 - len(closing) - 22
    parts = (clip(_prose(_safe(style)), room_for_style), closing)
    ending = "".join(f", {part}" for part in parts if part)
    flags = "".join(f" {parameter}" for parameter in parameters) + f" --seed {seed}"
    room = limit - len(ending) - len(flags)
    while room < limit // 4 and parameters:
        parameters.pop()
        flags = "".join(f" {parameter}" for parameter in parameters) + f" --seed {seed}"
        room = limit - len(ending) - len(flags)
    text = (_unstopped(clip(text, max(room, 0))) + ending).removeprefix(", ")
    return Command(text=text, prompt=text + flags)


def _unstopped(text: str) -> str:
    """`text` without its full stop, behind which a comma would look odd; dots are left."""
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _safe(text: str) -> str:
    return one_line(text).replace("`", "'")


def _split_parameters(text: str) -> tuple[str, list[str]]:
    """The prose, and the parameters that may stay, each once: `["--ar 16:9", "--tile"]`."""
    kept: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        name = match["name"].lower()
        said = match["value"] or ""
        name, value = _LONG_NAMES.get(name, name), said.rstrip(".,;")
        stop = said[len(value) :]  # "--ar 16:9. At night" in a longer text
        if name not in _PARAMETERS:
            # "--seed 7", "--repeat 4": gone with their number; "--sunny day": prose, without its dashes
            return stop if value.isdigit() else f"{match['name']} {said}"
        form = _PARAMETERS[name]
        takes_value = bool(form)
        if takes_value and re.fullmatch(form, value, re.ASCII):
            kept[name] = f"--{name} {value}".strip()
            return stop
        if not takes_value or not value:
            if not takes_value:
                kept[name] = f"--{name}"
            return said
        return stop

    prose = _PARAMETER.sub(take, text)
    if prose != text:
        prose = _BEFORE_STOP.sub("", prose)
    return _prose(prose), list(kept.values())


def _prose(text: str) -> str:
    return one_line(_DOUBLE_HYPHEN.sub("-", _LONG_DASHES.sub(" - ", text)))
