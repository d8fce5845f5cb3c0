"""Events to many clients: how many a second arrive in all, and how long each takes from its record."""

from __future__ import annotations

from dataclasses import dataclass

from bench.jobs import chatty
from bench.jobs.engines import POSTGRESQL
from bench.jobs.services import Setup, running
from bench.jobs.watching import LATE_SECONDS, Watched, watch
from bench.report import markdown, ms, share

CLIENTS = 100
HEAD = (
    *("database", "processes", "jobs", "clients", "told by each job", "recorded/s", "arrived/s"),
    *("median ms", "p99 ms", "max ms", f"later than {LATE_SECONDS:g} s", "busy service/worker/clients"),
)
NAMES = 2
NOTE = f"""\
A job tells events as a story tells its text, but without the batching to 12 a second and without a text
model: through the task, the ledger and the notifier. {CLIENTS} clients read the jobs' streams. The time is
that from the event's created_at to its arrival at the client. "in turn": the next event as soon as the last
is recorded, which is as many as the service can bear. With a worker the service is `main.py serve` and the
events come from the worker's process."""


@dataclass(frozen=True)
class Case:
    """`rate` events a second from each job; 0: the next as soon as the last is recorded."""

    setup: Setup
    jobs: int
    rate: float


def cases(engine: str, rates: tuple[float, ...]) -> list[Case]:
    apart = [False, True] if engine == POSTGRESQL else [False]
    return [
        Case(Setup(engine=engine, is_apart=is_apart, is_chatty=True, threads=CLIENTS), jobs, rate)
        for is_apart in apart
        for jobs in (1, CLIENTS)
        for rate in rates
    ]


def measure(case: Case, seconds: float) -> tuple[str, ...]:
    """A row of the table. Raises Broken."""
    with running(case.setup) as service:
        jobs = [service.submit(chatty.prompt(case.rate)) for _ in range(case.jobs)]
        watched = watch(
            service, jobs, streams=CLIENTS, seconds=seconds, opened=lambda: chatty.begin(service.folder)
        )
    told = f"{case.rate:g}/s" if case.rate else "in turn"
    return (case.setup.engine, case.setup.processes, f"{case.jobs}", f"{CLIENTS}", told, *figures(watched))


def figures(watched: Watched) -> tuple[str, ...]:
    """From the column "recorded/s" on."""
    took = watched.took
    times = [ms(share(took, part)) for part in (0.5, 0.99)] if took else ["-", "-"]
    late = f"{watched.late:.1%}" + (f", {watched.broken} broke" if watched.broken else "")
    busy = "/".join(f"{part:.0%}" for part in watched.busy)
    return (
        *(f"{watched.recorded:,.0f}", f"{watched.arrived:,.0f}"),
        *(*times, ms(max(took, default=None)), late, busy),
    )


def table(rows: list[tuple[str, ...]]) -> str:
    return markdown(HEAD, rows, names=NAMES)
