"""From notify in one process to the woken waiter in another, over PostgreSQL.

python -m bench.jobs.waking URL is that other process: it writes down each time at which it woke.
"""

from __future__ import annotations

import os
import random
import sys
import time

from bench.jobs.engines import POSTGRESQL, database_url
from bench.processes import Broken, process
from bench.report import markdown, ms, share
from jobs.notifier import Notifier
from postgres_relay import PostgresRelay

TARGET = 0.020
HEAD = ("database", "wake-ups", "lost", "median ms", "p99 ms", "max ms", "target")
NOTE = f"""\
A process calls notifier.notify(topic) and another, which waits for that topic, notes when it woke; both
have a relay to PostgreSQL, and nothing else to do. The target is a median of {TARGET * 1000:g} ms."""
_TOPIC = "bench:wake"
_WAIT_SECONDS = 2.0
_PAUSE_SECONDS = 0.005, 0.025
_START_SECONDS = 20.0
# Waiters look by themselves now and then; here only what was told counts.
_NEVER = 3600.0


def measure(count: int) -> tuple[str, ...]:
    """A row of the table. Raises Broken."""
    with database_url(POSTGRESQL) as url:
        notifier = Notifier(tick=_NEVER)
        relay = PostgresRelay(url, notifier)
        relay.start()
        try:
            took, lost = _wake(notifier, url, count)
        finally:
            relay.stop()
    if not took:
        raise Broken("nobody woke")
    median = share(took, 0.5)
    met = "met" if median <= TARGET else "missed"
    return (
        *(POSTGRESQL, f"{count}", f"{lost}"),
        *(ms(median), ms(share(took, 0.99)), ms(max(took)), met),
    )


def _wake(notifier: Notifier, url: str, count: int) -> tuple[list[float], int]:
    command = [sys.executable, "-m", "bench.jobs.waking", url]
    took: list[float] = []
    lost = 0
    with process(command, dict(os.environ)) as other:

        def call() -> float | None:
            """Seconds until the other woke; None if it did not."""
            sent = time.time()
            notifier.notify(_TOPIC)
            while woke := float(other.stdout.readline() or 0):
                if woke >= sent:  # or it is late news of an earlier call
                    return woke - sent
            return None

        other.stdout.readline()
        until = time.monotonic() + _START_SECONDS
        while call() is None:  # its relay is not connected yet
            if time.monotonic() > until:
                raise Broken("the other process does not hear")
        for _ in range(count):
            time.sleep(random.uniform(*_PAUSE_SECONDS))
            seconds = call()
            if seconds is None:
                lost += 1
            else:
                took.append(seconds)
    return took, lost


def wait(url: str) -> None:
    """Print when it woke, again and again; 0 if it did not within two seconds of waiting."""
    notifier = Notifier(tick=_NEVER)
    PostgresRelay(url, notifier).start()
    with notifier.listen(_TOPIC) as waiter:
        print("waiting", flush=True)
        while True:
            woken = waiter.wait(time.monotonic() + _WAIT_SECONDS)
            print(time.time() if woken else 0, flush=True)


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows)


if __name__ == "__main__":
    wait(sys.argv[1])
