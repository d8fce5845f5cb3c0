"""Many players at once in one process: what gets lost or mixed up, and how long a turn takes."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import aiohttp
import psutil

from bench.adventures.player import Player, clients, is_end, narrations, transcript
from bench.adventures.theatre import Theatre
from bench.processes import Broken, cpu
from bench.report import markdown, ms, share

FEW, PLAYERS, TURNS, THREADS = 20, 200, 5, 256
HEAD = (
    *("players", "turns", "failed", "lost or doubled", "mixed up", "seconds in all"),
    *(
        "turn beyond: median ms",
        "p99 ms",
        "first text: median ms",
        "p99 ms",
        "busy service/sandbox and players",
    ),
)
NAMES = 0
_STORY_SECONDS = 2.0
_TURN_SECONDS = 45.0
NOTE = f"""\
All play at the same time, each turn as soon as the last one is told and painted: nobody stops to read, so
many players keep the service's one core busy, and wait for each other. A text takes about
{_STORY_SECONDS:g} s. Beyond: from the choice to the turn's end at the player, less what the sandbox took from
the call for the text to its end. First text: from the choice to the first text at the player, less the
sandbox's time up to there. Lost or doubled: messages whose number is not the next one, and narrations that
are not those of the service. Mixed up: messages of another session.
{THREADS} jobs at once."""
_NAME = re.compile(r"Premise: player-(\d+)\b")
_KINDS = ("chat", "chat_first", "chat_answered")


class _Seat:
    """A player's adventure; monotonic times of each choice."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.asked_at: list[float] = []
        self.failure = ""
        self.is_same = False

    async def play(self) -> None:
        try:
            for number in range(1, TURNS + 1):
                self.asked_at.append(time.monotonic())
                await self.player.play(number, seconds=_TURN_SECONDS)
            self.is_same = transcript(self.player.messages) == narrations(await self.player.history())
        except (Broken, TimeoutError, OSError) as error:
            self.failure = f"{type(error).__name__}: {error}"


async def measure(theatre: Theatre) -> list[tuple[str, ...]]:
    """The table's rows. Raises Broken."""
    async with clients() as http:
        warm = Player(http, theatre.url)
        theatre.behave(story_seconds=0.1)
        await warm.join()
        await warm.play(1)
        await warm.leave()
        return [await _measure(theatre, http, players) for players in (FEW, PLAYERS)]


async def _measure(theatre: Theatre, http: aiohttp.ClientSession, players: int) -> tuple[str, ...]:
    theatre.behave(story_seconds=_STORY_SECONDS, chunk_characters=32)
    seats = [_Seat(Player(http, theatre.url, name=f"player-{at}")) for at in range(players)]
    for seat in seats:
        await seat.player.join()
        await seat.player.hear()
    own = psutil.Process()
    began, before = time.monotonic(), (cpu(theatre.service), sum(own.cpu_times()[:2]))
    await asyncio.gather(*(seat.play() for seat in seats))
    seconds = time.monotonic() - began
    after = (cpu(theatre.service), sum(own.cpu_times()[:2]))
    for seat in seats:
        await seat.player.leave()
    busy = [(late - early) / seconds for early, late in zip(before, after, strict=True)]
    return _row(seats, seconds, busy, list(theatre.control.received))


def _row(
    seats: Sequence[_Seat], seconds: float, busy: Sequence[float], calls: list[dict[str, Any]]
) -> tuple[str, ...]:
    beyond, first = _times(seats, _by_player(calls))
    failures = Counter(seat.failure for seat in seats if seat.failure)
    for failure, count in failures.items():
        print(f"{count} x {failure}")
    return (
        *(f"{len(seats)}", f"{len(seats) * TURNS:,}", f"{failures.total()}"),
        *(f"{sum(map(_gaps, seats))}", f"{sum(map(_foreign, seats))}", f"{seconds:.1f}"),
        *(ms(share(beyond, 0.5)), ms(share(beyond, 0.99))),
        *(ms(share(first, 0.5)), ms(share(first, 0.99))),
        "/".join(f"{part:.0%}" for part in busy),
    )


def _by_player(calls: list[dict[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """The monotonic times of the sandbox's records about each player's texts, in their order."""
    to_monotonic = time.monotonic() - time.time()
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {kind: [] for kind in _KINDS})
    for call in calls:
        if call["target"] in _KINDS:
            said = call["body"]["messages"][-1]["content"]
            if name := _NAME.search(said):
                at = call["at"] + (0.0 if call["target"] == "chat_first" else to_monotonic)
                found[f"player-{name[1]}"][call["target"]].append(at)
    return found


def _times(
    seats: Sequence[_Seat], calls: dict[str, dict[str, list[float]]]
) -> tuple[list[float], list[float]]:
    """Seconds of each turn, and to its first text, beyond the sandbox's own."""
    beyond, first = [], []
    for seat in seats:
        player, told = seat.player, calls[seat.player.name]
        pairs = list(zip(player.messages, player.told_at, strict=True))
        per_turn = zip(seat.asked_at, *(told[kind] for kind in _KINDS), strict=False)
        for number, (asked, begun, begins, ends) in enumerate(per_turn, 1):
            end = next((at for message, at in pairs if is_end(message, number)), None)
            text = next((at for message, at in pairs if _tells(message, number)), None)
            if end and text:
                beyond.append(end - asked - (ends - begun))
                first.append(text - asked - (begins - begun))
    return beyond, first


def _tells(message: dict[str, Any], number: int) -> bool:
    return (message["type"], message["turn"]) == ("narration", number)


def _gaps(seat: _Seat) -> int:
    numbers = [message["seq"] for message in seat.player.messages if message["type"] != "history"]
    missing = sum(1 for at, number in enumerate(numbers, 1) if number != at)
    return missing + int(not seat.is_same)


def _foreign(seat: _Seat) -> int:
    return sum(1 for message in seat.player.messages if message["session"] != seat.player.session)


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows, names=NAMES)
