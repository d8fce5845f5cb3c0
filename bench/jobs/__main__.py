"""python -m bench.jobs: how soon background jobs start, how soon others hear of them, and what that costs.

Everything runs on this machine: the service as `python main.py serve` and, on PostgreSQL, also with
`python main.py worker` beside it, the sandbox, and the clients, each a process of its own and started afresh
for each line. PostgreSQL is that at TEST_DATABASE_URL, or else the local one with trust, with databases of
this run's own; where there is none it is left out.

python -m bench.jobs                                     all of it, about 7 minutes
python -m bench.jobs --quick                             fewer and shorter, about 4 minutes
python -m bench.jobs --engine sqlite --only streams

`busy` tells how much of one core each took; PostgreSQL's own processes are not in it. On a machine with fewer
cores than all of them need they slow each other down, and the times contain that.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.jobs import memory, queueing, streams, waking
from bench.jobs.engines import POSTGRESQL, SQLITE, why_not
from bench.machine import machine
from bench.processes import Broken, allow_many_files

Row = tuple[str, ...]
Part = Callable[["Size", Sequence[str]], None]


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    orders: int = 200
    wakings: int = 500
    seconds: float = 10.0
    idle_clients: int = 500


_QUICK = Size(orders=60, wakings=100, seconds=4.0, idle_clients=100)
_RATES = (10.0, 0.0)


def _queueing(size: Size, engines: Sequence[str]) -> None:
    lines = [
        (f"{setup.engine}, {setup.processes}", lambda setup=setup: queueing.measure(setup, size.orders))
        for engine in engines
        for setup in queueing.cases(engine)
    ]
    _show("Queue to start", queueing.NOTE, lines, queueing.table)


def _waking(size: Size, engines: Sequence[str]) -> None:
    lines = [(POSTGRESQL, lambda: waking.measure(size.wakings))] if POSTGRESQL in engines else []
    _show("Waking across processes", waking.NOTE, lines, waking.table)


def _streams(size: Size, engines: Sequence[str]) -> None:
    lines = [
        (
            f"{engine}, {case.setup.processes}, {case.jobs} jobs at {case.rate:g}",
            lambda case=case: streams.measure(case, size.seconds),
        )
        for engine in engines
        for case in streams.cases(engine, _RATES)
    ]
    _show(f"Events to {streams.CLIENTS} clients", streams.NOTE, lines, streams.table)


def _memory(size: Size, engines: Sequence[str]) -> None:
    lines = [
        (f"{setup.engine}, {setup.processes}", lambda setup=setup: memory.measure(setup, size.seconds))
        for engine in engines
        for setup in memory.cases(engine)
    ]
    _show("Memory", memory.NOTE, lines, memory.table)
    idle = [
        (f"{engine}, idle streams", lambda engine=engine: memory.measure_idle(engine, size.idle_clients))
        for engine in engines
    ]
    _show("Memory of an idle stream", "", idle, memory.idle_table)


_PARTS: dict[str, Part] = {
    "queueing": _queueing,
    "waking": _waking,
    "streams": _streams,
    "memory": _memory,
}


def _show(
    title: str,
    note: str,
    lines: Sequence[tuple[str, Callable[[], Row]]],
    table: Callable[[list[Row]], str],
) -> None:
    """Measure line by line, and print the table."""
    rows: list[Row] = []
    faults: list[str] = []
    for name, measure in lines:
        print(f"  {title.lower()}: {name} ...", file=sys.stderr, flush=True)
        try:
            rows.append(measure())
        except Broken as error:
            faults.append(f"{name} broke down: {error}")
    if not lines:
        return
    print("\n\n".join(part for part in (f"\n### {title}", note, table(rows), *faults) if part), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.jobs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter")
    parser.add_argument(
        "--engine", choices=(SQLITE, POSTGRESQL), action="append", help="this database; may be repeated"
    )
    parser.add_argument("--only", choices=list(_PARTS), action="append", help="this part; may be repeated")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Measure, print the tables, and return the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    allow_many_files()
    print(machine(), flush=True)
    engines = []
    for engine in options.engine or (SQLITE, POSTGRESQL):
        if fault := why_not(engine):
            print(f"\n{fault}", flush=True)
        else:
            engines.append(engine)
    for name in options.only or _PARTS:
        _PARTS[name](_QUICK if options.quick else Size(), engines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
