"""The states of a job as a table."""

from __future__ import annotations

import itertools

import pytest

from errors import Conflict
from jobs.states import MOVES, JobState, check_move

LEGAL = {
    ("queued", "running"),
    ("queued", "failed"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("running", "completed"),
    ("running", "failed"),
    ("running", "cancelled"),
}


@pytest.mark.parametrize(("before", "after"), sorted(LEGAL))
def test_a_legal_move_is_let_through(before: str, after: str) -> None:
    check_move(JobState(before), JobState(after))


@pytest.mark.parametrize(
    ("before", "after"), sorted({*itertools.product([*map(str, JobState)], repeat=2)} - LEGAL)
)
def test_an_illegal_move_names_both_states(before: str, after: str) -> None:
    with pytest.raises(Conflict, match=f"{before} .* {after}") as caught:
        check_move(JobState(before), JobState(after))

    assert caught.value.code == "illegal_move"


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(JobState)
