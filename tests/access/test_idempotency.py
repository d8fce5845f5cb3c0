"""Idempotency keys: which request a key stands for, and for how long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from access import idempotency
from access.idempotency import Key, read_key
from database import Database
from errors import Conflict, InvalidRequest
from tables import idempotency_keys
from tests.support import start_job

WISH = {"path": "/api/generate-story", "prompt_text": "a dog"}


def key(wish: object = WISH, *, given: str = "k1", owner: str = "local") -> Key:
    made = read_key(given, owner, wish)
    assert made is not None
    return made


def test_without_the_header_there_is_no_key() -> None:
    assert read_key(None, "local", WISH) is None


@pytest.mark.parametrize("header", ["", " ", "a b", "ключ", "k\n", "k" * 256])
def test_what_cannot_be_a_key_is_refused_with_its_limit(header: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_key(header, "local", WISH)

    assert caught.value.members == {"field": "Idempotency-Key", "limit": 255}


@given(st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.floats(allow_nan=False)))
def test_the_order_of_the_members_makes_no_difference(wish: dict[str, object]) -> None:
    assert key(wish) == key(dict(reversed(wish.items())))


def test_a_key_stands_for_its_job(database: Database) -> None:
    with database.write() as tx:
        job = start_job(tx)
        idempotency.insert(tx, key(), job.id)

    with database.read() as tx:
        assert idempotency.find_job(tx, key()) == job.id
        assert idempotency.find_job(tx, key(given="k2")) is None


def test_another_request_with_the_same_key_is_a_conflict(database: Database) -> None:
    with database.write() as tx:
        idempotency.insert(tx, key(), start_job(tx).id)

    with database.read() as tx, pytest.raises(Conflict) as caught:
        idempotency.find_job(tx, key({**WISH, "prompt_text": "a cat"}))

    assert caught.value.code == "idempotency_key_reused"


def test_the_same_key_of_another_owner_is_another_key(database: Database) -> None:
    with database.write() as tx:
        idempotency.insert(tx, key(), start_job(tx).id)

    with database.read() as tx:
        assert idempotency.find_job(tx, key(owner="somebody else")) is None


def test_a_key_can_be_taken_once(database: Database) -> None:
    with database.write() as tx:
        idempotency.insert(tx, key(), start_job(tx).id)

    with pytest.raises(IntegrityError), database.write() as tx:
        idempotency.insert(tx, key(), start_job(tx).id)


def test_after_24_hours_a_key_is_free_again(database: Database) -> None:
    with database.write() as tx:
        idempotency.insert(tx, key(), start_job(tx).id)
        tx.execute(update(idempotency_keys).values(created_at=time.time() - 24 * 3600 - 1))

    with database.read() as tx:
        assert idempotency.find_job(tx, key()) is None
    with database.write() as tx:
        job = start_job(tx)
        idempotency.insert(tx, key({"path": "/another"}), job.id)
    with database.read() as tx:
        assert idempotency.find_job(tx, key({"path": "/another"})) == job.id


def test_old_keys_are_dropped_and_young_ones_stay(database: Database) -> None:
    with database.write() as tx:
        idempotency.insert(tx, key(given="old"), start_job(tx).id)
        tx.execute(update(idempotency_keys).values(created_at=time.time() - 24 * 3600 - 1))
        idempotency.insert(tx, key(given="young"), start_job(tx).id)

        idempotency.forget_old(tx)

    with database.read() as tx:
        assert [row.key for row in tx.execute(idempotency_keys.select())] == ["young"]
