"""python -m bench.adventures: how soon a player reads, how many can play, what they cost, and what gets lost.

The service is a process as it is run, started afresh for each table; the sandbox and the players are this
process. Everything is on loopback, and each table takes less than 90 seconds.

python -m bench.adventures                          all of it, about 4 minutes
python -m bench.adventures --only first --only drops
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench.adventures import crowd, drops, first, idle
from bench.adventures.theatre import Theatre, open_theatre
from bench.machine import machine
from bench.processes import Broken, allow_many_files

_PART_SECONDS = 90.0
Rows = list[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A table, and the service that it needs: `threads` is how many jobs it does at once."""

    title: str
    note: str
    measure: Callable[[Theatre], Awaitable[Rows]]
    table: Callable[[Rows], str]
    sockets: int = 50
    threads: int = 16


_PARTS = {
    "first": _Part(title="First character", note=first.NOTE, measure=first.measure, table=first.table),
    "crowd": _Part(
        title="Many players at once",
        note=crowd.NOTE,
        measure=crowd.measure,
        table=crowd.table,
        sockets=crowd.PLAYERS + 10,
        threads=crowd.THREADS,
    ),
    "idle": _Part(
        title="Memory of idle players",
        note=idle.NOTE,
        measure=idle.measure,
        table=idle.table,
        sockets=idle.PLAYERS + 10,
    ),
    "drops": _Part(title="Broken lines", note=drops.NOTE, measure=drops.measure, table=drops.table),
}


def _show(part: _Part) -> bool:
    """Print the part's table; whether it could be measured."""
    print(f"  measuring: {part.title} ...", file=sys.stderr, flush=True)
    print(f"\n### {part.title}\n\n{part.note}\n")
    try:
        with open_theatre(sockets=part.sockets, threads=part.threads) as theatre:
            rows = asyncio.run(_in_time(part, theatre))
    except (Broken, TimeoutError) as error:
        print(f"Not measured: {type(error).__name__} {error}", flush=True)
        return False
    print(f"{part.table(rows)}\n\nLoad average {os.getloadavg()[0]:.1f}.", flush=True)
    return True


async def _in_time(part: _Part, theatre: Theatre) -> Rows:
    async with asyncio.timeout(_PART_SECONDS):
        return await part.measure(theatre)


def main(arguments: Sequence[str]) -> int:
    """Measure, print the tables, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.adventures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=list(_PARTS), action="append", help="this table; may be repeated")
    wanted = parser.parse_args(arguments).only or list(_PARTS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    allow_many_files()
    print(machine())
    done = [_show(_PARTS[name]) for name in wanted]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
