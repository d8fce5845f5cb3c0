"""Who calls: the owner of what a request makes, and the plan that limits it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """`owner` is what jobs, pictures and projects are recorded under; `plan` names one of PLANS, or ""."""

    owner: str
    plan: str = ""


# Without sign-in there is one local user.
LOCAL = Caller("local")
