"""What owners use in a month, counted and reserved. Every function works inside the caller's transaction.

`usage` is what was spent plus what is reserved, so that one conditional UPDATE of that row decides,
whatever other processes do at the same time. `holds` says what of it is still only reserved, by job.
A job's hold is locked before its owner's usage, never the other way round.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, text

from access.amounts import MICROS, NOTHING, Amount, of_micros
from access.months import begin_of_next, month_of, months_before, resets_at
from errors import Busy, QuotaExceeded
from jobs.rows import Job
from jobs.states import MOVES
from plans import Plan
from tables import commands, holds, is_one_of, jobs, usage

KEPT_MONTHS = 24
_RESOURCES = ("calls", "tokens", "pictures", "cost")
_UNLIMITED = 2**62
_TRIES = 10
_AT_ONCE = 500

# Both databases speak this SQL; SQLAlchemy has a construct of its own for each.
_ADD = "DO UPDATE SET " + ", ".join(f"{name} = {{table}}.{name} + excluded.{name}" for name in _RESOURCES)
_GIVEN = ", ".join(f":{name}" for name in _RESOURCES)
_COLUMNS = ", ".join(_RESOURCES)
_ADD_USAGE = text(
    f"INSERT INTO usage (owner, month, {_COLUMNS}) VALUES (:owner, :month, {_GIVEN}) "  # noqa: S608
    f"ON CONFLICT (owner, month) {_ADD.format(table='usage')}"
)
_ADD_USAGE_OF_JOB = text(
    f"INSERT INTO usage (owner, month, {_COLUMNS}) "  # noqa: S608
    f"SELECT owner, CAST(:month AS TEXT), {_GIVEN} FROM jobs WHERE id = :job_id "
    f"ON CONFLICT (owner, month) {_ADD.format(table='usage')}"
)
_ADD_SPENDING = text(
    f"INSERT INTO spendings (job_id, {_COLUMNS}) SELECT id, {_GIVEN} FROM jobs WHERE id = :job_id "  # noqa: S608
    f"ON CONFLICT (job_id) {_ADD.format(table='spendings')}"
)
_BEGIN_USAGE = text(
    f"INSERT INTO usage (owner, month, {_COLUMNS}) VALUES (:owner, :month, 0, 0, 0, 0) "  # noqa: S608
    "ON CONFLICT (owner, month) DO NOTHING"
)
_IS_USAGE = (usage.c.owner == bindparam("whose"), usage.c.month == bindparam("when"))
_USAGE = select(usage).where(*_IS_USAGE)
_TAKE = (
    usage.update()
    .where(*_IS_USAGE)
    .where(*(usage.c[name] + bindparam(f"more_{name}") <= bindparam(f"most_{name}") for name in _RESOURCES))
    .values({name: usage.c[name] + bindparam(f"more_{name}") for name in _RESOURCES})
)
_LOCK = select(holds).where(holds.c.job_id == bindparam("job_id")).with_for_update()
_INSERT_HOLD = holds.insert()
_CHANGE_HOLD = (
    holds.update()
    .where(holds.c.job_id == bindparam("held_job"))
    .values({name: bindparam(f"new_{name}") for name in ("month", *_RESOURCES)})
)
_OWNERS = select(jobs.c.id, jobs.c.owner).where(jobs.c.id.in_(bindparam("job_ids", expanding=True)))
_RESERVED = select(*(func.sum(holds.c[name]).label(name) for name in _RESOURCES)).where(
    holds.c.owner == bindparam("whose"), holds.c.month == bindparam("when")
)
_AWAITED = (
    select(func.count())
    .select_from(commands)
    .where(commands.c.job_id == holds.c.job_id, commands.c.closed_at.is_(None))
    .correlate(holds)
    .scalar_subquery()
)
_LEFT_OVER = (
    select(holds, _AWAITED.label("awaited"))
    .outerjoin(jobs, jobs.c.id == holds.c.job_id)
    .where(or_(jobs.c.id.is_(None), is_one_of(jobs.c.state, [state for state in MOVES if not MOVES[state]])))
    .where(or_(holds.c.calls > 0, holds.c.tokens > 0, holds.c.cost > 0, _AWAITED == 0))
    .order_by(holds.c.job_id)
    .limit(_AT_ONCE)
)
# All of them are locked before any usage is; what another process has in hand is left to it.
_LOCK_LEFT_OVER = _LEFT_OVER.with_for_update(of=holds, skip_locked=True)
_DELETE_HOLD = holds.delete().where(holds.c.job_id == bindparam("held_job"))


@dataclass(frozen=True)
class Use:
    """What an owner has used in a month, and what is reserved beyond that for jobs under way."""

    spent: Amount
    reserved: Amount


def check(tx: Connection, owner: str, amount: Amount, limits: Plan, *, now: float | None = None) -> None:
    """Raises QuotaExceeded if `amount` cannot be reserved at the moment. It takes no lock: see `reserve`."""
    month = month_of(now or time.time())
    if refusal := _refusal(_counted(tx, owner, month), month, amount, limits):
        raise refusal


def reserve(tx: Connection, job: Job, amount: Amount, limits: Plan, *, now: float | None = None) -> None:
    """Set `amount` aside for a new job of this month. Raises QuotaExceeded, or Busy."""
    month = month_of(now or time.time())
    _take(tx, job.owner, month, amount, limits)
    _insert_hold(tx, job.id, job.owner, month, amount)


def extend(tx: Connection, job: Job, amount: Amount, limits: Plan, *, now: float | None = None) -> None:
    """Set more aside for a job that is under way: what it still has goes with it into a new month.

    Raises QuotaExceeded, or Busy.
    """
    hold = tx.execute(_LOCK, {"job_id": job.id}).first()
    if hold is None:
        reserve(tx, job, amount, limits, now=now)
        return
    month, left = month_of(now or time.time()), _amount(hold)
    is_same = month == hold.month
    _take(tx, job.owner, month, amount if is_same else amount + left, limits)
    if not is_same:
        _add(tx, hold.owner, hold.month, NOTHING - left)
    _change_hold(tx, hold, month, left + amount)


def top_up(tx: Connection, job: Job, amount: Amount, limits: Plan, *, now: float | None = None) -> None:
    """See that a job that is under way holds `amount`, and set aside what it lacks of it.

    Raises QuotaExceeded, or Busy.
    """
    hold = tx.execute(_LOCK, {"job_id": job.id}).first()
    left = _amount(hold) if hold else NOTHING
    if lacking := amount - amount.within(left):
        extend(tx, job, lacking, limits, now=now)


def spend(tx: Connection, job_id: str, amount: Amount, *, now: float | None = None) -> None:
    """Count what a job has used: out of its hold, and beyond that in addition. Unknown jobs use nothing."""
    counted = {"job_id": job_id, **_columns(amount)}
    hold = tx.execute(_LOCK, {"job_id": job_id}).first()
    if hold is None:
        tx.execute(_ADD_USAGE_OF_JOB, {**counted, "month": month_of(now or time.time())})
    else:
        left = _amount(hold)
        covered = amount.within(left)
        _change_hold(tx, hold, hold.month, left - covered)
        if beyond := amount - covered:
            _add(tx, hold.owner, hold.month, beyond)
    tx.execute(_ADD_SPENDING, counted)


def spend_all(tx: Connection, amounts: Mapping[str, Amount], *, now: float | None = None) -> None:
    """The same for many jobs, by their ids, that hold nothing."""
    month = month_of(now or time.time())
    ids = list(amounts)
    totals: dict[str, Amount] = {}
    for start in range(0, len(ids), _AT_ONCE):
        found = tx.execute(_OWNERS, {"job_ids": ids[start : start + _AT_ONCE]}).all()
        for row in found:
            totals[row.owner] = totals.get(row.owner, NOTHING) + amounts[row.id]
        if found:
            tx.execute(_ADD_SPENDING, [{"job_id": row.id, **_columns(amounts[row.id])} for row in found])
    for owner, amount in sorted(totals.items(), key=lambda item: item[0]):
        _add(tx, owner, month, amount)


def move(tx: Connection, from_job: str, to_job: str, amount: Amount) -> None:
    """Hand `amount`, or what there is of it, on to a new job that was begun by another one."""
    hold = tx.execute(_LOCK, {"job_id": from_job}).first()
    if hold is not None and (part := amount.within(_amount(hold))):
        _change_hold(tx, hold, hold.month, _amount(hold) - part)
        _insert_hold(tx, to_job, hold.owner, hold.month, part)


def is_left_over(tx: Connection) -> bool:
    """Whether a job that has ended, or is gone, still holds something."""
    return tx.execute(_LEFT_OVER).first() is not None


def settle(tx: Connection) -> int:
    """Free what jobs that have ended did not use; how many those were, at most 500 at once.

    A picture that stands as a command in MidJourney's channel may still be painted: it stays reserved
    until that is decided.
    """
    found = tx.execute(_LOCK_LEFT_OVER).all()
    freed: dict[tuple[str, str], Amount] = {}
    for hold in found:
        left = _amount(hold)
        if kept := left.within(Amount(pictures=hold.awaited)):
            _change_hold(tx, hold, hold.month, kept)
        else:
            tx.execute(_DELETE_HOLD, {"held_job": hold.job_id})
        account = (hold.owner, hold.month)
        freed[account] = freed.get(account, NOTHING) + left - kept
    for (owner, month), amount in sorted(freed.items(), key=lambda item: item[0]):
        _add(tx, owner, month, NOTHING - amount)
    return len(found)


def used(tx: Connection, owner: str, month: str) -> Use:
    """What the owner has used in a month such as "2026-11"."""
    held = _amount(tx.execute(_RESERVED, {"whose": owner, "when": month}).one())
    return Use(spent=(_counted(tx, owner, month) or NOTHING) - held, reserved=held)


def forget_old(tx: Connection, *, now: float | None = None) -> None:
    """Drop what was counted two years ago."""
    oldest = months_before(month_of(now or time.time()), KEPT_MONTHS)
    tx.execute(usage.delete().where(usage.c.month < oldest))


def _take(tx: Connection, owner: str, month: str, amount: Amount, limits: Plan) -> None:
    """Count `amount` if all of it fits. Raises QuotaExceeded."""
    values: dict[str, Any] = {"whose": owner, "when": month}
    for name, more in _columns(amount).items():
        values |= {f"more_{name}": more, f"most_{name}": _most(limits, name) if more else _UNLIMITED}
    for _ in range(_TRIES):
        if tx.execute(_TAKE, values).rowcount:
            return
        known = _counted(tx, owner, month)
        if refusal := _refusal(known, month, amount, limits):
            raise refusal
        if known is None:  # otherwise something was freed in this moment
            tx.execute(_BEGIN_USAGE, {"owner": owner, "month": month})
    raise Busy("The usage of this month changes all the time. Please try again in a moment.")


def _refusal(known: Amount | None, month: str, amount: Amount, limits: Plan) -> QuotaExceeded | None:
    """Why `amount` does not fit beside what is counted; None if it does."""
    counted, wanted = _columns(known or NOTHING), _columns(amount)
    for name in _RESOURCES:
        if wanted[name] and counted[name] + wanted[name] > _most(limits, name):
            limit = getattr(limits, name)
            there = getattr(known or NOTHING, name)
            needs = getattr(amount, name)
            day = begin_of_next(month)
            return QuotaExceeded(
                f"Your plan {limits.name} has {_in_words(name, limit)} a month; {_figure(name, there)} are "
                f"used or reserved and this needs {_figure(name, needs)}. "
                f"It resets on {day.day} {day:%B %Y}.",
                resource=name,
                used=there,
                limit=limit,
                resets_at=resets_at(month),
            )
    return None


_WORDS = {"calls": "text calls", "tokens": "tokens", "pictures": "pictures", "cost": "US dollars"}


def _in_words(name: str, amount: float) -> str:
    return f"{_figure(name, amount)} {_WORDS[name]}"


def _figure(name: str, amount: float) -> str:
    if name != "cost":
        return f"{amount:,}"
    whole, _, rest = f"{amount:,.6f}".partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def _most(limits: Plan, name: str) -> int:
    limit = getattr(limits, name)
    return _UNLIMITED if limit is None else round(limit * MICROS) if name == "cost" else int(limit)


def _counted(tx: Connection, owner: str, month: str) -> Amount | None:
    row = tx.execute(_USAGE, {"whose": owner, "when": month}).first()
    return _amount(row) if row else None


def _add(tx: Connection, owner: str, month: str, amount: Amount) -> None:
    tx.execute(_ADD_USAGE, {"owner": owner, "month": month, **_columns(amount)})


def _insert_hold(tx: Connection, job_id: str, owner: str, month: str, amount: Amount) -> None:
    tx.execute(_INSERT_HOLD, {"job_id": job_id, "owner": owner, "month": month, **_columns(amount)})


def _change_hold(tx: Connection, hold: Any, month: str, amount: Amount) -> None:
    values = {f"new_{name}": value for name, value in _columns(amount).items()}
    tx.execute(_CHANGE_HOLD, {"held_job": hold.job_id, "new_month": month, **values})


def _columns(amount: Amount) -> dict[str, int]:
    return dict(zip(_RESOURCES, amount.micros(), strict=True))


def _amount(row: Any) -> Amount:
    return of_micros(*(getattr(row, name) or 0 for name in _RESOURCES))
