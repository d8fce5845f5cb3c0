"""Tables for people: what was measured, and how the others compare with ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.servers import Measured

_HEAD = (
    *("server", "held", "requests", "failed", "added median ms", "p99 ms", "max ms", "CPU ms/request"),
    *("kB/held", "x median", "x p99", "x CPU", "x memory", "busy server/sandbox/load"),
)


def table(measured: Sequence[Measured], ours: str) -> str:
    """A Markdown table; the columns with an x are divided by that of `ours`, as many held."""
    base = {line.held: line for line in measured if line.server == ours}
    rows = [_row(line, base.get(line.held)) for line in measured]
    return "\n".join([markdown(_HEAD, rows), *_failures(measured)])


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]], *, names: int = 1) -> str:
    """A Markdown table, its columns aligned to the right but for the first `names`."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * (width + 1) + ("-" if n < names else ":") for n, width in enumerate(widths)]
    texts = [
        "| " + " | ".join(_cell(line[n], width, n < names) for n, width in enumerate(widths)) + " |"
        for line in lines
    ]
    return "\n".join([texts[0], f"|{'|'.join(rule)}|", *texts[1:]])


def share(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0-1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _row(line: Measured, base: Measured | None) -> tuple[str, ...]:
    own = _figures(line)
    ratios = [_ratio(value, other) for value, other in zip(own, _figures(base), strict=True)] if base else []
    median, p99, cpu, memory = own
    return (
        *(
            line.server,
            f"{line.held:,}",
            f"{len(line.added) + len(line.failures):,}",
            f"{len(line.failures):,}",
        ),
        *(ms(median), ms(p99), ms(max(line.added, default=None)), f"{cpu * 1000:.1f}" if cpu else "-"),
        f"{memory / 1000:,.0f}" if memory is not None else "-",
        *(ratios if base and base is not line else [""] * len(own)),
        "/".join(f"{part:.0%}" for part in line.busy),
    )


def _figures(line: Measured | None) -> tuple[float | None, ...]:
    """Median and 99th percentile of the added time, CPU time and memory: None where there is nothing."""
    if line is None or not line.added:
        return (None, None, None, None)
    # A few requests say nothing about memory: what the server takes for itself outweighs them.
    memory = line.memory if line.held >= 20 else None
    return (share(line.added, 0.5), share(line.added, 0.99), line.cpu, memory)


def _ratio(value: float | None, other: float | None) -> str:
    return f"{value / other:.2g}" if value and other and value > 0 and other > 0 else "-"


def ms(seconds: float | None) -> str:
    """Seconds as milliseconds."""
    return "-" if seconds is None else f"{seconds * 1000:,.1f}"


def _cell(text: str, width: int, is_name: bool) -> str:
    return text.ljust(width) if is_name else text.rjust(width)


def _failures(measured: Sequence[Measured]) -> list[str]:
    return [
        f"\n{line.server} with {line.held:,} held failed: "
        + ", ".join(f"{count:,} x {why}" for why, count in Counter(line.failures).most_common())
        for line in measured
        if line.failures
    ]
