"""From the model's first character of a narration to the player's first one, turn after turn."""

from __future__ import annotations

from bench.adventures.player import Message, Player, clients, narrations
from bench.adventures.theatre import Theatre
from bench.processes import Broken
from bench.report import markdown, ms, share

TARGET = 0.010
# Characters a chunk, and how many turns; None stands for whole words and a plain text.
CHUNKS = {None: 6, 1: 12, 8: 24, 64: 24}
HEAD = ("text", "characters a chunk", "turns", "median ms", "p99 ms", "max ms", "prefixes", "wrong", "target")
NAMES = 1
NOTE = f"""\
From the sandbox's writing the event with the narration's first character to the player's having read its
first message with text. The texts have quotes, backslashes, line breaks, emoji, Cyrillic and combining marks.
A prefix is what the player has read after each message; a wrong one is no beginning of the text that the
service has in the end. The target is a median of {TARGET * 1000:g} ms."""
_STORY_SECONDS = 0.5


async def measure(theatre: Theatre) -> list[tuple[str, ...]]:
    """The table's rows. Raises Broken."""
    every: list[float] = []
    rows = []
    async with clients() as http:
        warm = Player(http, theatre.url)
        await _play(theatre, warm, turns=3, characters=None)
        for characters, turns in CHUNKS.items():
            player = Player(http, theatre.url)
            took = await _play(theatre, player, turns=turns, characters=characters)
            every += took if characters else []
            text, chunk = ("hard", f"{characters}") if characters else ("plain", "a word")
            rows.append(_row(text, chunk, took, *await _prefixes(player)))
    rows.append(_row("hard, all", "", every, None, None))
    return rows


async def _play(theatre: Theatre, player: Player, *, turns: int, characters: int | None) -> list[float]:
    """Seconds to the first character of each turn."""
    theatre.behave(
        story_seconds=_STORY_SECONDS,
        tricky=characters is not None,
        chunk_characters=characters,
        story_seed=None,
    )
    await player.join()
    for number in range(1, turns + 1):
        await player.play(number)
    await player.leave()
    written = [call["at"] for call in theatre.control.received if call["target"] == "chat_first"]
    read: dict[int, float] = {}
    for message, at in zip(player.messages, player.told_at, strict=True):
        if message["type"] == "narration":
            read.setdefault(message["turn"], at)
    if len(written) != len(read):
        raise Broken(f"{len(written)} texts were written and {len(read)} read")
    return [late - early for early, late in zip(written, read.values(), strict=True)]


async def _prefixes(player: Player) -> tuple[int, int]:
    """How many beginnings were shown, and how many of them were none."""
    whole = narrations(await player.history())
    shown: dict[int, str] = {}
    wrong = 0
    messages: list[Message] = [each for each in player.messages if each["type"] == "narration"]
    for message in messages:
        number = message["turn"]
        shown[number] = shown.get(number, "") + message["text"]
        wrong += not whole[number].startswith(shown[number])
    return len(messages), wrong + sum(whole[number] != text for number, text in shown.items())


def _row(
    text: str, chunk: str, took: list[float], prefixes: int | None, wrong: int | None
) -> tuple[str, ...]:
    median = share(took, 0.5)
    return (
        *(text, chunk, f"{len(took)}", ms(median), ms(share(took, 0.99)), ms(max(took))),
        *("" if count is None else f"{count:,}" for count in (prefixes, wrong)),
        "met" if median <= TARGET else "missed",
    )


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows, names=NAMES)
