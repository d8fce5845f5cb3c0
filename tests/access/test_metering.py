"""On whose account things are done, on whichever thread."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select

from access import metering, quotas
from access.amounts import Amount
from access.metering import Meter
from access.months import month_of
from access.quotas import Use
from context_pool import ContextPool
from database import Database
from errors import StoryfarmError
from jobs import rows
from jobs.notifier import Notifier
from jobs.rows import Job
from jobs.work import Runner, Task
from ledger import Ledger, Write
from tables import spendings

CALL = Amount(calls=1, tokens=10)


class Shop:
    """A meter, and jobs of some owners."""

    def __init__(self, database: Database, *, is_exact: bool) -> None:
        self.database = database
        self.ledger = Ledger(database)
        self.meter = Meter(self.ledger, is_exact=is_exact)

    def job(self, owner: str) -> Job:
        job = rows.new("story", {}, owner=owner)
        self.ledger.write(lambda tx: rows.insert(tx, job))
        return job

    def database_write(self, write: Write) -> None:
        with self.database.write() as tx:
            write(tx)

    def spent(self, owner: str) -> Amount:
        self.meter.flush()
        with self.database.read() as tx:
            row = rows.page(tx, owner, limit=1)[0]
            use = quotas.used(tx, owner, month_of(row.created_at))
        assert use == Use(use.spent, Amount())
        return use.spent


@pytest.fixture(params=[True, False], ids=["exact", "by and by"])
def shop(database: Database, request: pytest.FixtureRequest) -> Shop:
    return Shop(database, is_exact=request.param)


@pytest.fixture
def pool() -> Iterator[ContextPool]:
    with ContextPool(2) as made:
        yield made


def test_what_is_spent_is_the_jobs_that_is_worked_on(shop: Shop) -> None:
    mias, leos = shop.job("mia"), shop.job("leo")
    with shop.meter.on_account_of(mias):
        shop.meter.spent(CALL)
        with shop.meter.on_account_of(leos):
            shop.meter.spent(CALL)
        shop.meter.spent(CALL)
    shop.meter.spent(CALL)

    assert (shop.spent("mia"), shop.spent("leo")) == (CALL + CALL, CALL)


def test_an_account_is_closed_even_if_the_work_fails(shop: Shop) -> None:
    with pytest.raises(ValueError, match="bad"), shop.meter.on_account_of(shop.job("mia")):
        raise ValueError("bad")
    shop.meter.spent(CALL)

    assert shop.spent("mia") == Amount()


def test_a_job_that_is_unknown_is_no_error(shop: Shop) -> None:
    with shop.meter.on_account_of(rows.new("story", {})):
        shop.meter.spent(CALL)


def test_a_pool_carries_the_account_along(shop: Shop, pool: ContextPool) -> None:
    with shop.meter.on_account_of(shop.job("mia")):
        pool.submit(shop.meter.spent, CALL).result(10)
        list(pool.map(shop.meter.spent, [CALL, CALL]))
    pool.submit(shop.meter.spent, CALL).result(10)

    assert shop.spent("mia") == CALL + CALL + CALL


def test_a_plain_pool_does_not(shop: Shop) -> None:
    with ThreadPoolExecutor(1) as plain, shop.meter.on_account_of(shop.job("mia")):
        plain.submit(shop.meter.spent, CALL).result(10)

    assert shop.spent("mia") == Amount()


def test_the_runner_does_each_job_on_its_own_account(shop: Shop) -> None:
    notifier = Notifier()
    runner = Runner(shop.database, shop.ledger, notifier, ring=print, lease_seconds=30, most_queued=10)
    runner.around = shop.meter.on_account_of

    def work(task: Task) -> None:
        shop.meter.spent(CALL)
        task.complete()

    runner.works["story"] = work
    for owner in ("mia", "leo"):
        runner.carry_out(runner.begin(rows.new("story", {}, owner=owner)))
    shop.meter.spent(CALL)
    notifier.close()

    assert (shop.spent("mia"), shop.spent("leo")) == (CALL, CALL)


def test_what_is_written_once_more_after_a_failure_is_counted_once(shop: Shop) -> None:
    job = shop.job("mia")
    attempts: list[int] = []

    def write(tx: Connection) -> None:
        shop.meter.count(tx, job.id, Amount(pictures=1), key="picture")
        attempts.append(1)
        if len(attempts) == 1:
            raise StoryfarmError("Another entry of the same transaction failed.")

    with pytest.raises(StoryfarmError):
        shop.database_write(write)
    shop.database_write(write)

    assert shop.spent("mia") == Amount(pictures=1)


def test_a_job_has_what_was_spent_on_it_in_all(shop: Shop) -> None:
    job = shop.job("mia")
    with shop.meter.on_account_of(job):
        shop.meter.spent(CALL)
        shop.meter.flush()
        shop.meter.spent(CALL)
    shop.meter.stop()

    with shop.database.read() as tx:
        row = tx.execute(select(spendings)).one()
    assert (row.job_id, row.calls, row.tokens) == (job.id, 2, 20)


def test_a_meter_that_is_full_writes_without_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering, "_MOST_PENDING", 2)
    shop = Shop(database, is_exact=False)
    with shop.meter.on_account_of(shop.job("mia")):
        for _ in range(2):
            shop.meter.spent(CALL)

    with database.read() as tx:
        assert tx.execute(select(spendings)).one().calls == 2
