"""python -m bench: the main job against three other designs, as tables with ratios.

Everything runs on this machine: one server at a time, the sandbox that stands in for the text model and for
Discord with MidJourney, and the load, each a process of its own. A server is started afresh for each line.
Requests are held in a steady state: as soon as one is answered the next is sent, and arrivals are spread over
the time for which a request is held. "Added" is what a request took beyond the slower of story and picture.

python -m bench                                     all of it, about 20 minutes
python -m bench --quick                             1 and 50 held
python -m bench --held 200 --delays 1/2 --only storyfarm

`busy` tells how much of one core the server, the sandbox and the load took. On a machine with fewer cores
than these three need they slow each other down, and the added times contain that.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.machine import machine
from bench.processes import Broken, allow_many_files
from bench.report import table
from bench.servers import SERVERS, Delays, Measured, measure
from images.editing import cut_grid
from sandbox.painter import paint_grid

_OURS = "storyfarm"
_PEERS = tuple(name for name in SERVERS if name != _OURS)
_ROUNDS, _SHORTEST_WINDOW = 3, 12.0
_MANY, _ROUNDS_OF_MANY = 1000, 2


@dataclass(frozen=True)
class Case:
    """One table: these servers, each with these numbers of held requests."""

    delays: Delays
    lines: tuple[tuple[str, int], ...]


def _all_cases() -> list[Case]:
    counts = (1, 50, 200, 500)
    everyone = tuple((name, held) for held in counts for name in SERVERS)
    long = tuple((name, held) for held in counts for name in SERVERS if name == _OURS or held == 200)
    return [
        Case(Delays(1, 2), everyone),
        Case(Delays(5, 10), long),
        Case(Delays(10, 10), ((_OURS, 2000),)),
    ]


def _cases(options: argparse.Namespace) -> list[Case]:
    if not (options.quick or options.held or options.delays or options.only):
        return _all_cases()
    counts = options.held or ([1, 50] if options.quick else [1, 50, 200, 500])
    names = options.only or list(SERVERS)
    lines = tuple((name, held) for held in counts for name in names)
    return [Case(delays, lines) for delays in options.delays or [Delays(1, 2)]]


def _run(case: Case) -> None:
    done: list[Measured] = []
    notes: list[str] = []
    for name, held in case.lines:
        rounds = _ROUNDS_OF_MANY if held >= _MANY else _ROUNDS
        window = max(rounds * case.delays.hold, _SHORTEST_WINDOW)
        print(f"  measuring {name} with {held:,} held ...", file=sys.stderr, flush=True)
        try:
            done.append(measure(SERVERS[name], case.delays, held, window))
        except Broken as error:
            notes.append(f"{name} with {held:,} held broke down: {error}")
    print(f"\n### Story {case.delays.story:g} s, picture {case.delays.picture:g} s\n")
    print(table(done, _OURS))
    for note in notes:
        print(f"\n{note}")
    sys.stdout.flush()


def _picture_work() -> str:
    """What the bench's small plain pictures leave out: checking and cutting a grid of real size."""
    buffer = io.BytesIO()
    paint_grid("A tiny Yorkie guards the pumpkin patch", 1, 2048).save(buffer, "PNG", compress_level=3)
    content = buffer.getvalue()
    spent = []
    for _ in range(5):
        started = time.process_time()
        cut_grid(content)
        spent.append(time.process_time() - started)
    return (
        f"Checking a grid of 2048 x 2048 pixels ({len(content) / 1e6:.1f} MB) and cutting it in four takes "
        f"{min(spent) * 1000:.0f} ms of CPU; the tables' pictures are small."
    )


def _delays(text: str) -> Delays:
    story, _, picture = text.partition("/")
    return Delays(float(story), float(picture))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1 and 50 held only")
    parser.add_argument("--held", type=int, action="append", help="requests held at once; may be repeated")
    parser.add_argument("--delays", type=_delays, action="append", help="seconds, as STORY/PICTURE: 1/2")
    parser.add_argument("--only", choices=list(SERVERS), action="append", help="this server; may be repeated")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Measure, print the tables, and return the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    allow_many_files()
    print(machine())
    print(_picture_work(), flush=True)
    for case in _cases(options):
        _run(case)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
