"""A player whose line breaks again and again, beside a calm one in the same adventure."""

from __future__ import annotations

import asyncio
import random

from bench.adventures.player import Message, Player, clients, is_end, narrations, transcript
from bench.adventures.theatre import Theatre
from bench.report import markdown

TURNS, DROPS = 20, 100
HEAD = ("turns", "drops", "in the middle of a turn", "transcripts", "messages", "calls paid", "target")
NAMES = 0
NOTE = """\
One player's line is cut at random moments, while a calm one plays; it comes back with the number of the last
message that it has read. In the end both must have read the same messages, each once, the same narrations as
the service has, and each turn must have been paid once."""
_STORY_SECONDS = 1.0
_SEED = 20


async def measure(theatre: Theatre) -> list[tuple[str, ...]]:
    """The table's row. Raises Broken."""
    theatre.behave(story_seconds=_STORY_SECONDS, chunk_characters=8, tricky=True, story_seed=None)
    async with clients() as http:
        calm = Player(http, theatre.url)
        shaky = Player(http, theatre.url, session=calm.session)
        await calm.join()
        await shaky.join()
        chance = random.Random(_SEED)
        in_turn = 0
        for number in range(1, TURNS + 1):
            playing = asyncio.create_task(calm.play(number))
            in_turn += await _break(shaky, DROPS // TURNS, number, chance)
            await playing
        whole = narrations(await calm.history())
        await calm.leave()
        await shaky.drop()
    is_same = transcript(calm.messages) == transcript(shaky.messages) == whole and len(whole) == TURNS
    is_each_once = _by_number(calm) == _by_number(shaky) and _grows(calm) and _grows(shaky)
    paid = theatre.control.calls["chat_answered"]
    is_met = is_same and is_each_once and paid == TURNS
    return [
        (
            *(f"{TURNS}", f"{DROPS}", f"{in_turn}"),
            *("equal" if is_same else "DIFFERENT", "each once" if is_each_once else "LOST OR DOUBLED"),
            *(f"{paid}", "met" if is_met else "missed"),
        )
    ]


async def _break(player: Player, times: int, number: int, chance: random.Random) -> int:
    """Cut the line so often while the turn is told; how many cuts were before its end."""
    cut = 0
    for _ in range(times):
        try:
            pause = chance.uniform(0, 1.2 * _STORY_SECONDS / times)
            await player.hear_until(lambda message: is_end(message, number), seconds=pause)
        except TimeoutError:
            cut += 1
        after = player.messages[-1]["seq"] if player.messages else None
        await player.drop()
        await player.join(after=after)
    if not any(is_end(message, number) for message in player.messages):
        await player.await_turn(number)
    return cut


def _by_number(player: Player) -> dict[int, Message]:
    """The messages about turns, which are the same for all."""
    return {message["seq"]: message for message in player.messages if message["type"] != "history"}


def _grows(player: Player) -> bool:
    numbers = [message["seq"] for message in player.messages if message["type"] != "history"]
    return numbers == list(range(1, len(numbers) + 1))


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows, names=NAMES)
