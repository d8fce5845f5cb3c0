"""The states of a job and the legal moves between them, as one table."""

from __future__ import annotations

from enum import StrEnum

from errors import Conflict


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.QUEUED, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}),
    JobState.COMPLETED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


def check_move(before: JobState, after: JobState) -> None:
    """Raises Conflict, naming both states, if a job may not go from `before` to `after`."""
    if after not in MOVES[before]:
        raise Conflict(f"A job that is {before} cannot become {after}.", code="illegal_move")
