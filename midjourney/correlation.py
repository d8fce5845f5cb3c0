"""Which open command an event belongs to: exactly one, or none, or ambiguous; it never guesses."""

from __future__ import annotations

import re
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass

from midjourney.messages import Event, Kind

# A picture that is older than its command cannot be its answer; clocks may differ a little.
_CLOCK_SKEW_SECONDS = 60.0
_URL = re.compile(r"<?https?://[^\s>]+>?", re.IGNORECASE)
_PARAMETERS = re.compile(r"\s-{2,}[a-z].*$", re.IGNORECASE | re.DOTALL)
_QUOTES = str.maketrans({"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "`": "'"})
# An echo shorter than this cannot have been cut (one report: at about 400 characters).
_SHORTEST_CUT = 200


@dataclass(frozen=True, kw_only=True)
class OpenCommand:
    """A command whose picture may still come. `text_key` is `text_key(prompt)`."""

    id: str
    seed: int
    text_key: str
    created_at: float


@dataclass(frozen=True)
class Match:
    command: OpenCommand
    by: str


@dataclass(frozen=True)
class Ambiguous:
    """Several commands fit: a person has to decide."""

    candidates: int


@dataclass(frozen=True)
class Closed:
    """The event belongs to a command that has its picture already, or was given up."""

    id: str


class OpenCommands:
    """The commands whose pictures may still come, by everything that an event can name.

    Commands that were closed are remembered too (the newest `memory` of them): else a second picture
    for a closed command would look like the first one for an open command with the same text.
    """

    def __init__(self, *, memory: int = 10_000) -> None:
        self._memory = memory
        self._open: dict[str, OpenCommand] = {}
        self._closed: OrderedDict[str, OpenCommand] = OrderedDict()
        self._by_seed: dict[int, str] = {}
        self._by_message: dict[int, str] = {}
        self._by_painting: dict[str, str] = {}
        self._by_text: dict[str, set[str]] = {}
        self._names: dict[str, list[int | str]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._open

    def knows(self, command_id: str) -> bool:
        """Whether it is open, or closed and remembered."""
        return command_id in self._names

    def add(self, command: OpenCommand) -> None:
        self._open[command.id] = command
        self._by_seed[command.seed] = command.id
        self._by_text.setdefault(command.text_key, set()).add(command.id)
        self._names[command.id] = []

    def name_message(self, command_id: str, message_id: int) -> None:
        """From now on `message_id` (our command, a preview, the grid) stands for this command."""
        if command_id in self._names and self._by_message.setdefault(message_id, command_id) == command_id:
            self._names[command_id].append(message_id)

    def name_painting(self, command_id: str, painting_id: str) -> None:
        """From now on MidJourney's job `painting_id` stands for this command."""
        if command_id in self._names and self._by_painting.setdefault(painting_id, command_id) == command_id:
            self._names[command_id].append(painting_id)

    def close(self, command_id: str) -> None:
        """The command takes no picture any more; it is remembered for a while."""
        command = self._open.pop(command_id, None)
        if command is None:
            return
        self._closed[command_id] = command
        while len(self._closed) > self._memory:
            self._forget(self._closed.popitem(last=False)[1])

    def _forget(self, command: OpenCommand) -> None:
        for name in self._names.pop(command.id):
            if isinstance(name, int):
                self._by_message.pop(name, None)
            else:
                self._by_painting.pop(name, None)
        if self._by_seed.get(command.seed) == command.id:
            del self._by_seed[command.seed]
        same_text = self._by_text[command.text_key]
        same_text.discard(command.id)
        if not same_text:
            del self._by_text[command.text_key]

    def by_message(self, message_id: int | None) -> str | None:
        return self._by_message.get(message_id) if message_id is not None else None

    def by_painting(self, painting_id: str | None) -> str | None:
        return self._by_painting.get(painting_id) if painting_id is not None else None

    def by_seed(self, seed: int | None) -> str | None:
        return self._by_seed.get(seed) if seed is not None else None

    def by_text(self, key: str) -> set[str]:
        """The commands with this text; if the echo may have been cut, all whose text starts with it too."""
        exact = self._by_text.get(key, set())
        start = key.removesuffix("...").rstrip()
        was_cut = key.endswith("...") or len(key) >= _SHORTEST_CUT
        if not was_cut or len(start) < _SHORTEST_CUT // 4:
            return exact
        return exact.union(*(ids for text, ids in self._by_text.items() if text.startswith(start)))

    def get(self, command_id: str) -> OpenCommand | None:
        return self._open.get(command_id)


def strip_parameters(prompt: str) -> str:
    """The prompt's text without the parameters at its end."""
    return _PARAMETERS.sub("", " " + prompt).strip()


def text_key(prompt: str) -> str:
    """The prompt's text in the form in which an echo can be compared with what was sent.

    MidJourney collapses spaces, turns long dashes into "--", rewrites URLs, adds, renames and reorders
    parameters, and may turn quotes curly: all of that is evened out.
    """
    text = unicodedata.normalize("NFKC", prompt).translate(_QUOTES).replace("—", "--").replace("…", "...")
    text = strip_parameters(_URL.sub("<url>", text))
    return " ".join(text.split()).casefold()


def correlate(event: Event, commands: OpenCommands) -> Match | Ambiguous | Closed | None:
    """The command that `event` belongs to, by the surest sign that it bears.

    In this order: the reply's target, the message's id, MidJourney's job UUID, the seed, and the text if
    exactly one command has it. An event that names a seed that is not ours is somebody else's
    picture, whatever its text.
    """
    signs = (
        ("reply", commands.by_message(event.reply_to)),
        ("message", commands.by_message(event.message_id)),
        ("painting", commands.by_painting(event.painting_id)),
        ("seed", commands.by_seed(event.seed)),
    )
    for by, command_id in signs:
        if command_id is not None:
            command = commands.get(command_id)
            return Match(command, by) if command else Closed(command_id)
    if event.by_person or event.seed is not None or event.kind is Kind.POSTED or not event.prompt:
        return None
    return _by_text(event, commands)


def is_certain(outcome: Match | Ambiguous | Closed | None) -> bool:
    """Whether commands that are not known here could not change this outcome."""
    return isinstance(outcome, Closed) or (isinstance(outcome, Match) and outcome.by != "text")


def _by_text(event: Event, commands: OpenCommands) -> Match | Ambiguous | Closed | None:
    ids = commands.by_text(text_key(event.prompt))
    found = [command for id in ids if (command := commands.get(id))]
    found = [command for command in found if command.created_at <= event.sent_at + _CLOCK_SKEW_SECONDS]
    if not found:
        return None
    return Match(found[0], "text") if len(ids) == 1 else Ambiguous(len(ids))
