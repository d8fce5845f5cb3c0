"""Memory of players who have joined and do nothing: before their first turn, and after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.adventures.player import Player, clients
from bench.adventures.theatre import Theatre
from bench.processes import fair_memory, memory
from bench.report import markdown

TARGET = 150_000
PLAYERS = 200
HEAD = ("players", "who", "RSS MB", "PSS MB", "kB a player (RSS)", "kB a player (PSS)", "target")
NAMES = 2
NOTE = f"""\
RSS, and PSS, which counts pages that processes share only once, of all processes of the service; what one
of {PLAYERS} players adds. Before, other players have played and left, so that everything is loaded that is
loaded once. The target is {TARGET // 1000} kB (RSS)."""
_WARMING, _WARMING_TURNS = 8, 3
_AT_ONCE = 8
_SETTLE_SECONDS = 3.0


@dataclass(frozen=True)
class _Taken:
    """Bytes."""

    rss: int
    pss: int


async def measure(theatre: Theatre) -> list[tuple[str, ...]]:
    """The table's rows. Raises Broken."""
    theatre.behave(story_seconds=0.1, chunk_characters=64)
    async with clients() as http, AsyncExitStack() as stack:
        await _warm([Player(http, theatre.url) for _ in range(_WARMING)])
        nobody = await _taken(theatre)
        players = [Player(http, theatre.url) for _ in range(PLAYERS)]
        for player in players:
            await player.join()
            stack.push_async_callback(player.leave)
            await player.hear()
        joined = await _taken(theatre)
        await _in_turn(players, 1)
        played = await _taken(theatre)
    return [
        ("0", "nobody", *_megabytes(nobody), "", "", ""),
        (f"{PLAYERS}", "joined, played nothing", *_megabytes(joined), *_each(nobody, joined)),
        (f"{PLAYERS}", "joined, played a turn", *_megabytes(played), *_each(nobody, played)),
    ]


async def _warm(players: Sequence[Player]) -> None:
    for player in players:
        await player.join()
    for number in range(1, _WARMING_TURNS + 1):
        await _in_turn(players, number)
    for player in players:
        await player.leave()


async def _in_turn(players: Sequence[Player], number: int) -> None:
    """Each plays a turn; a few at the same time."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def play(player: Player) -> None:
        async with places:
            await player.play(number)

    await asyncio.gather(*map(play, players))


async def _taken(theatre: Theatre) -> _Taken:
    await asyncio.sleep(_SETTLE_SECONDS)
    return _Taken(memory(theatre.service), fair_memory(theatre.service) or 0)


def _megabytes(taken: _Taken) -> tuple[str, str]:
    return f"{taken.rss / 1e6:.1f}", f"{taken.pss / 1e6:.1f}"


def _each(before: _Taken, after: _Taken) -> tuple[str, str, str]:
    rss, pss = (after.rss - before.rss) / PLAYERS, (after.pss - before.pss) / PLAYERS
    return f"{rss / 1000:.0f}", f"{pss / 1000:.0f}", "met" if rss <= TARGET else "missed"


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows, names=NAMES)
