"""What is reserved, spent and freed, whoever else does so at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from access import quotas
from access.amounts import Amount
from access.months import month_of, months_before, resets_at
from access.quotas import Use
from access.settling import Settler
from database import Database, open_database
from errors import QuotaExceeded
from jobs import rows
from jobs.rows import Job
from jobs.states import JobState
from ledger import Ledger
from midjourney import commands
from midjourney.commands import CommandRecord, CommandState
from plans import Plan
from tables import spendings, usage
from utils import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
DECEMBER = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC).timestamp()
FREE = Plan(name="free", calls=10, tokens=1000, pictures=4, cost=2.0)
NOTHING = Amount()


class Office:
    """A database with one owner's jobs; the time is `now`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW

    def job(self, owner: str = "mia") -> Job:
        job = rows.new("story", {}, owner=owner)
        with self.database.write() as tx:
            rows.insert(tx, job)
        return job

    def reserve(self, amount: Amount, limits: Plan = FREE, *, owner: str = "mia") -> Job:
        """A new job with its hold."""
        job = rows.new("story", {}, owner=owner)
        with self.database.write() as tx:
            rows.insert(tx, job)
            quotas.reserve(tx, job, amount, limits, now=self.now)
        return job

    def extend(self, job: Job, amount: Amount, limits: Plan = FREE) -> None:
        with self.database.write() as tx:
            quotas.extend(tx, job, amount, limits, now=self.now)

    def spend(self, job_id: str, amount: Amount) -> None:
        with self.database.write() as tx:
            quotas.spend(tx, job_id, amount, now=self.now)

    def move(self, from_job: Job, to_job: Job, amount: Amount) -> None:
        with self.database.write() as tx:
            quotas.move(tx, from_job.id, to_job.id, amount)

    def settle(self) -> int:
        with self.database.write() as tx:
            return quotas.settle(tx)

    def end(self, job: Job) -> None:
        with self.database.write() as tx:
            assert rows.cancel(tx, job.id)

    def remove(self, job: Job) -> None:
        with self.database.write() as tx:
            rows.delete(tx, [job.id])

    def used(self, owner: str = "mia", month: str = "2026-11") -> Use:
        with self.database.read() as tx:
            return quotas.used(tx, owner, month)

    def spent_on(self, job: Job) -> dict[str, Any] | None:
        with self.database.read() as tx:
            row = tx.execute(select(spendings).where(spendings.c.job_id == job.id)).first()
        return dict(row._mapping) if row else None


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def refused(reserve: Callable[[], object]) -> QuotaExceeded:
    with pytest.raises(QuotaExceeded) as raised:
        reserve()
    return raised.value


# Months and amounts


def test_a_month_is_the_calendars_in_utc() -> None:
    assert month_of(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC).timestamp()) == "2026-11"
    assert month_of(DECEMBER) == "2026-12"
    assert resets_at("2026-11") == "2026-12-01T00:00:00.000Z"
    assert resets_at("2026-12") == "2027-01-01T00:00:00.000Z"
    assert months_before("2026-11", 24) == "2024-11"
    assert months_before("2026-01", 1) == "2025-12"


def test_sums_of_dollars_are_exact() -> None:
    total = NOTHING
    for _ in range(10):
        total += Amount(cost=0.1)

    assert total == Amount(cost=1.0)
    assert total - Amount(cost=1.0) == NOTHING
    assert not total - total
    assert Amount(cost=0.12345678).public()["cost"] == 0.123457


# Reserving


def test_what_is_reserved_counts_until_the_limit(office: Office) -> None:
    office.reserve(Amount(calls=6, tokens=600))
    office.reserve(Amount(calls=4, tokens=400))
    refused(lambda: office.reserve(Amount(calls=1)))

    assert office.used() == Use(spent=NOTHING, reserved=Amount(calls=10, tokens=1000))


def test_a_refusal_says_what_was_used_what_is_allowed_and_when_it_begins_anew(office: Office) -> None:
    job = office.reserve(Amount(calls=7))
    office.spend(job.id, Amount(calls=2))
    error = refused(lambda: office.reserve(Amount(calls=8, pictures=1)))

    assert error.status == 429
    assert error.members == {
        "resource": "calls",
        "used": 7,
        "limit": 10,
        "resets_at": "2026-12-01T00:00:00.000Z",
    }
    assert error.detail == (
        "Your plan free has 10 text calls a month; 7 are used or reserved and this needs 8. "
        "It resets on 1 December 2026."
    )


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Amount(tokens=2500), ("tokens", "1,000 tokens a month; 0 are", "needs 2,500")),
        (Amount(pictures=5), ("pictures", "4 pictures a month", "needs 5")),
        (Amount(cost=2.000001), ("cost", "2.00 US dollars a month; 0.00 are", "needs 2.000001")),
    ],
)
def test_each_resource_has_its_limit(office: Office, amount: Amount, words: tuple[str, ...]) -> None:
    error = refused(lambda: office.reserve(amount))

    assert error.members["resource"] == words[0]
    assert all(word in error.detail for word in words[1:])


def test_a_refusal_leaves_no_job_and_no_hold(office: Office) -> None:
    refused(lambda: office.reserve(Amount(calls=1, pictures=5)))

    assert office.used() == Use(NOTHING, NOTHING)
    with office.database.read() as tx:
        assert rows.page(tx, "mia", limit=10) == []


def test_what_a_plan_does_not_name_is_unlimited(office: Office) -> None:
    office.reserve(Amount(calls=1, tokens=10**9, pictures=10**6, cost=10**6), Plan(name="few", calls=1))

    assert office.used().reserved.tokens == 10**9


def test_what_is_used_up_does_not_stop_a_job_that_does_not_need_it(office: Office) -> None:
    office.spend(office.job().id, Amount(pictures=100))
    office.reserve(Amount(calls=1))

    refused(lambda: office.reserve(Amount(pictures=1)))


def test_owners_and_months_are_counted_apart(office: Office) -> None:
    office.reserve(Amount(calls=10))
    office.reserve(Amount(calls=10), owner="leo")
    office.now = DECEMBER
    office.reserve(Amount(calls=10))

    refused(lambda: office.reserve(Amount(calls=1)))
    assert office.used(month="2026-11") == office.used(month="2026-12")


def test_a_look_beforehand_refuses_what_would_be_refused(office: Office) -> None:
    office.reserve(Amount(calls=9))
    with office.database.read() as tx:
        quotas.check(tx, "mia", Amount(calls=1), FREE, now=NOW)
        error = refused(lambda: quotas.check(tx, "mia", Amount(calls=2), FREE, now=NOW))

    assert error.members["used"] == 9


def test_of_forty_at_once_exactly_ten_fit(database: Database, database_url: str, tmp_path: Path) -> None:
    """On PostgreSQL from several pools of connections, as several processes have them."""
    with ExitStack() as stack:
        others = [database]
        if database.is_shared:
            others += [open_database(tmp_path, database_url) for _ in range(2)]
        for other in others[1:]:
            stack.callback(other.close)

        def reserve(number: int) -> int | None:
            """What was used already when it was refused."""
            try:
                Office(others[number % len(others)]).reserve(Amount(calls=1, cost=0.01))
            except QuotaExceeded as error:
                return int(error.members["used"])
            return None

        with ThreadPoolExecutor(40) as pool:
            done = list(pool.map(reserve, range(40)))

    assert sorted(done, key=str) == [10] * 30 + [None] * 10
    assert Office(database).used() == Use(NOTHING, Amount(calls=10, cost=0.1))


def test_spending_and_freeing_at_once_loses_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    offices = [Office(database), Office(database)]
    if database.is_shared:
        offices[1] = Office(open_database(tmp_path, database_url))
    wide = Plan(name="wide", calls=10_000)

    def live(number: int) -> None:
        office = offices[number % 2]
        job = office.reserve(Amount(calls=3), wide)
        office.spend(job.id, Amount(calls=1, tokens=7))
        office.end(job)
        office.settle()
        office.spend(job.id, Amount(pictures=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(40)))
    offices[0].settle()
    if database.is_shared:
        offices[1].database.close()

    assert offices[0].used() == Use(Amount(calls=40, tokens=280, pictures=40), NOTHING)


# Spending


def test_what_is_spent_comes_out_of_the_hold(office: Office) -> None:
    job = office.reserve(Amount(calls=2, tokens=500, pictures=1, cost=0.5))
    office.spend(job.id, Amount(calls=1, tokens=120, cost=0.000012))

    assert office.used() == Use(
        spent=Amount(calls=1, tokens=120, cost=0.000012),
        reserved=Amount(calls=1, tokens=380, pictures=1, cost=0.499988),
    )
    assert office.spent_on(job) == {"job_id": job.id, "calls": 1, "tokens": 120, "pictures": 0, "cost": 12}


def test_what_goes_beyond_the_hold_is_counted_as_well_even_beyond_the_limit(office: Office) -> None:
    job = office.reserve(Amount(calls=1, tokens=1000))
    office.spend(job.id, Amount(calls=2, tokens=900, pictures=9))

    assert office.used() == Use(Amount(calls=2, tokens=900, pictures=9), Amount(tokens=100))


def test_without_a_hold_it_is_counted_for_the_jobs_owner(office: Office) -> None:
    job = office.job("leo")
    office.spend(job.id, Amount(calls=1))
    office.spend(job.id, Amount(pictures=1))

    assert office.used("leo") == Use(Amount(calls=1, pictures=1), NOTHING)
    assert office.spent_on(job) == {"job_id": job.id, "calls": 1, "tokens": 0, "pictures": 1, "cost": 0}


def test_unknown_jobs_use_nothing(office: Office) -> None:
    office.spend(new_id(), Amount(calls=1))

    with office.database.read() as tx:
        assert tx.execute(select(usage)).all() == []


# More, and for others


def test_a_job_under_way_can_have_more_reserved_until_the_limit(office: Office) -> None:
    job = office.reserve(Amount(calls=5))
    office.extend(job, Amount(calls=5, pictures=1))
    refused(lambda: office.extend(job, Amount(calls=1)))
    office.spend(job.id, Amount(calls=10))

    assert office.used() == Use(Amount(calls=10), Amount(pictures=1))


def test_a_job_without_a_hold_can_get_one(office: Office) -> None:
    office.extend(office.job(), Amount(calls=5))

    assert office.used().reserved == Amount(calls=5)


def test_a_hold_that_is_extended_in_a_new_month_goes_there(office: Office) -> None:
    job = office.reserve(Amount(calls=8))
    office.spend(job.id, Amount(calls=2))
    office.now = DECEMBER
    office.extend(job, Amount(calls=4))
    refused(lambda: office.extend(job, Amount(calls=1)))

    assert office.used() == Use(Amount(calls=2), NOTHING)
    assert office.used(month="2026-12") == Use(NOTHING, Amount(calls=10))


def test_a_job_hands_on_what_it_holds_to_one_that_it_has_begun(office: Office) -> None:
    book, pictures = office.reserve(Amount(calls=2, pictures=3)), office.job()
    office.move(book, pictures, Amount(pictures=4))
    office.end(book)
    office.settle()

    assert office.used().reserved == Amount(pictures=3)
    office.spend(pictures.id, Amount(pictures=1))
    assert office.used() == Use(Amount(pictures=1), Amount(pictures=2))


def test_a_job_without_a_hold_hands_on_nothing(office: Office) -> None:
    office.move(office.job(), office.job(), Amount(pictures=4))

    assert office.used() == Use(NOTHING, NOTHING)


# The end


def test_the_end_of_a_job_frees_what_it_did_not_use(office: Office) -> None:
    ended, going_on = office.reserve(Amount(calls=5)), office.reserve(Amount(calls=2))
    office.spend(ended.id, Amount(calls=1))
    office.end(ended)

    assert office.settle() == 1
    assert office.settle() == 0
    assert office.used() == Use(Amount(calls=1), Amount(calls=2))
    office.reserve(Amount(calls=7))
    assert going_on.id


def test_a_job_that_goes_back_to_the_queue_keeps_its_hold(office: Office) -> None:
    job = office.reserve(Amount(calls=5))
    with office.database.write() as tx:
        claimed = rows.claim(tx, job.id, lease_seconds=10)
        assert claimed
        rows.give_back(tx, claimed)

    assert office.settle() == 0
    assert office.used().reserved == Amount(calls=5)


def test_removing_a_job_loses_no_usage_and_leaves_no_hold(office: Office) -> None:
    job = office.reserve(Amount(calls=5))
    office.spend(job.id, Amount(calls=2))
    office.remove(job)
    office.settle()

    assert office.used() == Use(Amount(calls=2), NOTHING)


def test_a_picture_that_may_still_be_painted_stays_reserved_until_that_is_decided(office: Office) -> None:
    job = office.reserve(Amount(calls=1, pictures=3))
    command = CommandRecord(
        id=new_id(),
        job_id=job.id,
        state=CommandState.WAITING,
        seed=7,
        prompt="a dog",
        line="/imagine prompt: a dog",
        created_at=time.time(),
    )
    with office.database.write() as tx:
        commands.insert(tx, command)
    office.end(job)

    assert office.settle() == 1
    assert office.settle() == 0
    assert office.used() == Use(NOTHING, Amount(pictures=1))

    with office.database.write() as tx:
        commands.move(tx, command.id, CommandState.EXPIRED)
    office.settle()
    assert office.used() == Use(NOTHING, NOTHING)


def test_the_settler_frees_more_than_one_batch(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "_LOCK_LEFT_OVER", quotas._LOCK_LEFT_OVER.limit(2))
    for _ in range(5):
        office.end(office.reserve(Amount(calls=1)))
    Settler(office.database, Ledger(office.database)).settle()

    assert office.used() == Use(NOTHING, NOTHING)


def test_what_was_counted_two_years_ago_is_forgotten(office: Office) -> None:
    for moment in (NOW, datetime(2024, 11, 1, tzinfo=UTC).timestamp(), NOW - 3 * 365 * 86_400):
        office.now = moment
        office.spend(office.job().id, Amount(calls=1))
    with office.database.write() as tx:
        quotas.forget_old(tx, now=NOW)

    with office.database.read() as tx:
        assert sorted(row.month for row in tx.execute(select(usage))) == ["2024-11", "2026-11"]


def test_states_that_end_a_job_are_all_settled(office: Office) -> None:
    for state in (JobState.COMPLETED, JobState.FAILED):
        job = office.reserve(Amount(calls=1))
        with office.database.write() as tx:
            claimed = rows.claim(tx, job.id, lease_seconds=10)
            assert claimed
            assert rows.end(tx, job.id, claimed.lease or "", state)

    assert office.settle() == 2
