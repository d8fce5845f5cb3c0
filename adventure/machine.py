"""The state of an adventure as a pure machine: which states there are, and what may happen in each."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """As players are told. While a picture is still painted one may choose already."""

    WAITING = "waiting"  # nothing is told yet, or the turn failed
    NARRATING = "narrating"
    ILLUSTRATING = "illustrating"  # text and choices are there, the picture is to come
    CHOOSING = "choosing"  # all is there


class Happening(StrEnum):
    CHOSEN = "chosen"  # the player begins, chooses, or asks for the text again
    TOLD = "told"  # with a picture on its way
    TOLD_BARE = "told_bare"  # with no picture to come
    NOT_TOLD = "not_told"
    PAINTED = "painted"
    NOT_PAINTED = "not_painted"
    REPAINTING = "repainting"  # the player asks for the picture again
    MOVED = "moved"  # undo, branch or load: to a turn that is told
    MOVED_EARLY = "moved_early"  # the same, to a turn whose picture is still painted


MOVES: dict[State, dict[Happening, State]] = {
    State.WAITING: {
        Happening.CHOSEN: State.NARRATING,
        Happening.MOVED: State.CHOOSING,
        Happening.MOVED_EARLY: State.ILLUSTRATING,
    },
    State.NARRATING: {
        Happening.TOLD: State.ILLUSTRATING,
        Happening.TOLD_BARE: State.CHOOSING,
        Happening.NOT_TOLD: State.WAITING,
    },
    State.ILLUSTRATING: {
        Happening.CHOSEN: State.NARRATING,
        Happening.PAINTED: State.CHOOSING,
        Happening.NOT_PAINTED: State.CHOOSING,
        Happening.MOVED: State.CHOOSING,
        Happening.MOVED_EARLY: State.ILLUSTRATING,
    },
    State.CHOOSING: {
        Happening.CHOSEN: State.NARRATING,
        Happening.REPAINTING: State.ILLUSTRATING,
        Happening.MOVED: State.CHOOSING,
        Happening.MOVED_EARLY: State.ILLUSTRATING,
    },
}


def after(state: State, happening: Happening) -> State | None:
    """The state that follows; None if this cannot happen now."""
    return MOVES[state].get(happening)
