"""Calls of image models in the database: written before they are made, with what became of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from tables import attempts
from utils import new_id

BEGUN, DONE, FAILED = "begun", "done", "failed"

_OF_REQUEST = (
    select(attempts).where(attempts.c.request_id == bindparam("request")).order_by(attempts.c.started_at)
)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call. `state` is begun, done or failed; one that stays begun was cut off with its process.

    `cost` is in US dollars, None where it is not known; `error` a problem document.
    """

    id: str
    request_id: str
    job_id: str
    provider: str
    model: str
    likeness: str
    state: str
    error: dict[str, Any] | None
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    started_at: float
    ended_at: float | None

    def public(self) -> dict[str, Any]:
        """The attempt as answers list it."""
        error = self.error and {"code": self.error.get("code"), "detail": self.error.get("detail")}
        return {"provider": self.provider, "model": self.model, "state": self.state, "error": error}


def new(request_id: str, job_id: str, *, provider: str, model: str, likeness: str) -> Attempt:
    """A call that is about to be made; it is not recorded yet."""
    return Attempt(
        id=new_id(),
        request_id=request_id,
        job_id=job_id,
        provider=provider,
        model=model,
        likeness=likeness,
        state=BEGUN,
        error=None,
        prompt_tokens=0,
        completion_tokens=0,
        cost=None,
        started_at=time.time(),
        ended_at=None,
    )


def insert(tx: Connection, attempt: Attempt) -> None:
    tx.execute(attempts.insert(), vars(attempt))


def end(tx: Connection, attempt_id: str, state: str, **changes: Any) -> bool:
    """Write down what became of the call; False if that was written already."""
    is_it = (attempts.c.id == attempt_id, attempts.c.state == BEGUN)
    update = attempts.update().where(*is_it).values(state=state, ended_at=time.time(), **changes)
    return bool(tx.execute(update).rowcount)


def note(tx: Connection, attempt_id: str, **changes: Any) -> bool:
    """Write down what is known meanwhile, such as what it costs; False if the call was given up."""
    is_it = attempts.c.id == attempt_id
    tx.execute(attempts.update().where(is_it).values(**changes))
    state = tx.execute(select(attempts.c.state).where(is_it)).scalar_one_or_none()
    return state == BEGUN


def of_request(tx: Connection, request_id: str) -> list[Attempt]:
    """All calls for one picture, in their order."""
    return [Attempt(**row._mapping) for row in tx.execute(_OF_REQUEST, {"request": request_id})]
