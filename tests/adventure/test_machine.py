"""The table of moves: what is legal when."""

from __future__ import annotations

import pytest

from adventure.machine import MOVES, Happening, State, after

LEGAL = {
    (State.WAITING, Happening.CHOSEN): State.NARRATING,
    (State.WAITING, Happening.MOVED): State.CHOOSING,
    (State.WAITING, Happening.MOVED_EARLY): State.ILLUSTRATING,
    (State.NARRATING, Happening.TOLD): State.ILLUSTRATING,
    (State.NARRATING, Happening.TOLD_BARE): State.CHOOSING,
    (State.NARRATING, Happening.NOT_TOLD): State.WAITING,
    (State.ILLUSTRATING, Happening.CHOSEN): State.NARRATING,
    (State.ILLUSTRATING, Happening.PAINTED): State.CHOOSING,
    (State.ILLUSTRATING, Happening.NOT_PAINTED): State.CHOOSING,
    (State.ILLUSTRATING, Happening.MOVED): State.CHOOSING,
    (State.ILLUSTRATING, Happening.MOVED_EARLY): State.ILLUSTRATING,
    (State.CHOOSING, Happening.CHOSEN): State.NARRATING,
    (State.CHOOSING, Happening.REPAINTING): State.ILLUSTRATING,
    (State.CHOOSING, Happening.MOVED): State.CHOOSING,
    (State.CHOOSING, Happening.MOVED_EARLY): State.ILLUSTRATING,
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("happening", Happening)
def test_only_legal_moves_change_the_state(state: State, happening: Happening) -> None:
    assert after(state, happening) == LEGAL.get((state, happening))


def test_a_turn_that_is_told_can_only_end() -> None:
    assert Happening.CHOSEN not in MOVES[State.NARRATING]
    assert Happening.MOVED not in MOVES[State.NARRATING]
