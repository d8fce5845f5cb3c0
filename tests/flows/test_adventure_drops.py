"""Players whose line keeps breaking, and a service that is killed in the middle of a turn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.control import Habits
from sandbox.server import Sandbox
from tests.flows.playing import START, Player, transcript
from tests.server import ServerProcess
from tests.support import quick_settings

TURNS, DROPS = 4, 5


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    standing_in = Sandbox.bind(quick_settings(tmp_path))
    standing_in.control.habits = Habits(
        story_seconds=0.6,
        image_seconds=0.05,
        picture_pixels=64,
        plain=True,
        tricky=True,
        chunk_characters=16,
    )
    standing_in.start()
    yield standing_in
    standing_in.stop()


@pytest.fixture
def server(tmp_path: Path, sandbox: Sandbox) -> Iterator[ServerProcess]:
    started = ServerProcess(
        tmp_path,
        SANDBOX=sandbox.url,
        ADVENTURE_PIXELS="64",
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    started.start()
    try:
        started.await_listening()
        yield started
    finally:
        started.kill()


def is_end(message: dict[str, Any], number: int) -> bool:
    return (message["type"], message.get("state"), message["turn"]) == ("state", "choosing", number)


def has_ended(player: Player, number: int) -> bool:
    return any(is_end(message, number) for message in player.messages)


def history_of(server: ServerProcess, player: Player) -> dict[int, str]:
    found = requests.get(f"{server.url}/api/adventure/{player.session}", timeout=10).json()
    return {turn["turn"]: turn["narration"] for turn in found["turns"]}


def by_number(player: Player) -> dict[int, dict[str, Any]]:
    return {message["seq"]: message for message in player.messages if message["type"] != "history"}


def test_a_line_that_breaks_again_and_again_loses_and_doubles_nothing(
    server: ServerProcess, sandbox: Sandbox
) -> None:
    chance = random.Random(7)
    with Player(server.url) as calm:
        shaky = Player(server.url, session=calm.session).join()
        for number in range(1, TURNS + 1):
            calm.send({"choice": f"Open door {number}"} if number > 1 else START)
            for _ in range(DROPS):
                for _ in range(chance.randint(1, 4)):
                    if shaky.messages and is_end(shaky.messages[-1], number):
                        break
                    shaky.hear()
                shaky.leave()
                shaky.join(after=shaky.messages[-1]["seq"])
            for player in (calm, shaky):
                if not has_ended(player, number):
                    player.await_state("choosing")
        shaky.leave()
        assert by_number(shaky) == by_number(calm)
        seqs = [message["seq"] for message in shaky.messages if message["type"] != "history"]
        assert seqs == list(range(1, len(seqs) + 1))
        assert transcript(shaky.messages) == transcript(calm.messages) == history_of(server, calm)
    assert sandbox.control.calls["chat_answered"] == TURNS


def test_a_turn_in_which_the_service_was_killed_is_told_whole_and_no_turn_is_paid_twice(
    server: ServerProcess, sandbox: Sandbox
) -> None:
    player = Player(server.url).join()
    player.play()
    first = transcript(player.messages)[1]
    player.send({"choice": "Open the door"})
    player.hear_until(lambda message: message["type"] == "narration" and message["turn"] == 2)
    assert sandbox.control.calls["chat_answered"] == 1
    server.kill()
    while player.hear() is not None:
        pass
    player.leave()
    server.start()
    server.await_listening()
    player.join(after=player.messages[-1]["seq"])
    player.hear_until(lambda message: is_end(message, 2))
    player.leave()
    told = transcript(player.messages)
    assert told == history_of(server, player)
    assert told[1] == first
    assert told[2]
    assert sandbox.control.calls["chat"] == 3
    assert sandbox.control.calls["chat_answered"] == 2
