"""The whole service, at work within a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_openapi3 import OpenAPI

from config import Settings
from main import create_app
from service import Service
from tests.support import wait_until


@contextmanager
def running(settings: Settings) -> Iterator[OpenAPI]:
    """A service with these settings, started; within the block it has read the channel."""
    app = create_app(settings)
    service: Service = app.extensions["storyfarm"]
    service.start()
    try:
        wait_until(service.captures.caught_up.is_set)
        yield app
    finally:
        service.stop()


def sweep(service: Service) -> None:
    """Look twice for what nobody has fetched, as the service does by itself within a minute.

    Where the database is shared, another process may be about to fetch what is seen for the first time.
    """
    for _ in range(2):
        service.captures.sweep()
