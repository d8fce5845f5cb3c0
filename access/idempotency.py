"""Idempotency-Key: the same key and the same request give the same job, so nothing is paid for twice."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from errors import Conflict, InvalidRequest
from tables import idempotency_keys

KEPT_SECONDS = 24 * 3600.0
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SELECT = select(idempotency_keys).where(
    idempotency_keys.c.owner == bindparam("whose"), idempotency_keys.c.key == bindparam("given")
)
_INSERT = idempotency_keys.insert()


@dataclass(frozen=True)
class Key:
    """A key as the caller gave it, and what it was given for."""

    owner: str
    key: str
    fingerprint: str


def read_key(header: str | None, owner: str, request: Any) -> Key | None:
    """The key of a request, None without one. `request`: all that makes it this request, as JSON.

    Raises InvalidRequest for what cannot be a key.
    """
    if header is None:
        return None
    if not _KEY.fullmatch(header):
        raise InvalidRequest(
            "Idempotency-Key must have 1 to 255 visible ASCII characters.",
            code="invalid_field",
            field="Idempotency-Key",
            limit=255,
        )
    canonical = json.dumps(request, sort_keys=True, ensure_ascii=True).encode()
    return Key(owner, header, hashlib.sha256(canonical).hexdigest())


def find_job(tx: Connection, key: Key) -> str | None:
    """The id of the job that this key stands for. Raises Conflict if it was another request."""
    row = tx.execute(_SELECT, {"whose": key.owner, "given": key.key}).first()
    if row is None or row.created_at < time.time() - KEPT_SECONDS:
        return None
    if row.fingerprint != key.fingerprint:
        raise reused()
    return str(row.job_id)


def reused() -> Conflict:
    """The key stands for something else."""
    return Conflict(
        "This Idempotency-Key was used for another request. Use a new key for each story.",
        code="idempotency_key_reused",
        field="Idempotency-Key",
    )


def insert(tx: Connection, key: Key, job_id: str) -> None:
    """From now on the key stands for this job. Raises IntegrityError if another request was faster."""
    forget(tx, key)
    tx.execute(_INSERT, {**vars(key), "job_id": job_id, "created_at": time.time()})


def forget(tx: Connection, key: Key) -> None:
    """Drop the key if it is too old."""
    old = time.time() - KEPT_SECONDS
    tx.execute(
        idempotency_keys.delete().where(
            idempotency_keys.c.owner == key.owner,
            idempotency_keys.c.key == key.key,
            idempotency_keys.c.created_at < old,
        )
    )


def forget_old(tx: Connection) -> None:
    """Drop all keys that are too old."""
    old = time.time() - KEPT_SECONDS
    tx.execute(idempotency_keys.delete().where(idempotency_keys.c.created_at < old))
