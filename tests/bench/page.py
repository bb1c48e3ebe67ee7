"""The measured part of docs/explanation/benchmarks.md: what each part of a run found, as a table.

What they mean is written there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.bench.codecs import Rate
from tests.bench.core import Cost
from tests.bench.ward import Figures
from tests.measured import table

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "explanation" / "benchmarks.md"

WRITES: Final = {1: "packets", 25: "frames"}


def ward(figures: Sequence[Figures]) -> str:
    """Latency, processor time and memory, and each as a ratio to the floor's."""
    floors = {(f.case.beds, f.case.writes): f for f in figures if f.case.system == "floor"}
    head = (
        "program", "beds", "writes", "alarms", "p50 ms", "p95 ms", "p99 ms", "max ms",
        "p50 / floor", "p99 / floor", "core %", "with stream %", "‰ a bed", "peak MiB",
    )  # fmt: skip
    rows = []
    for f in sorted(figures, key=lambda f: (f.case.system, -f.case.writes, f.case.beds)):
        below = floors.get((f.case.beds, f.case.writes))
        rows.append(
            [
                f.case.system,
                str(f.case.beds),
                WRITES[f.case.writes],
                str(len(f.latencies_s)),
                *_latencies(f),
                *_ratios(f, below),
                _share(f.core, 100),
                _share(f.core_streaming, 100),
                _share(f.core, 1000 / f.case.beds),
                f"{f.peak_mib:.0f}",
            ]
        )
    return table(head, rows)


def _latencies(f: Figures) -> list[str]:
    if not f.latencies_s:
        return ["–"] * 4
    shown = [f.percentile_ms(percent) for percent in (50, 95, 99)]
    return [f"{value:.2f}" for value in [*shown, max(f.latencies_s) * 1000]]


def _ratios(f: Figures, below: Figures | None) -> list[str]:
    if below is None or not (f.latencies_s and below.latencies_s):
        return ["–", "–"]
    return [f"{f.percentile_ms(p) / below.percentile_ms(p):.1f}" for p in (50, 99)]


def _share(share: float | None, of: float) -> str:
    return "–" if share is None else f"{share * of:.1f}"


def codecs(rates: Mapping[str, Rate]) -> str:
    """Bytes a second, and how many lines at their full pace that would be."""
    rows = [[n, f"{r.taken / 1e6:.2f}", f"{r.taken / r.carried:,.0f}"] for n, r in rates.items()]
    return table(("codec", "MB/s", "times a full line"), rows)


def core(costs: Sequence[Cost]) -> str:
    """What hours of one bed cost its core, and each as a ratio to the first row's an hour."""
    head = (
        "hours of a bed",
        "reports",
        "readings ms",
        "ticks ms",
        "µs a report",
        "an hour",
        "floor",
    )
    an_hour_s = (costs[0].take_s + costs[0].tick_s) / costs[0].hours
    rows = [
        [
            str(cost.hours),
            f"{cost.reports:,}",
            f"{cost.take_s * 1000:.0f}",
            f"{cost.tick_s * 1000:.0f}",
            f"{cost.take_s / cost.reports * 1e6:.1f}",
            f"{(cost.take_s + cost.tick_s) / cost.hours / an_hour_s:.2f}",
            f"{(cost.take_s + cost.tick_s) / cost.floor_s:.0f} ×",
        ]
        for cost in costs
    ]
    return table(head, rows)


def durable(bare_s: float, rates: Mapping[str, tuple[float, float]]) -> str:
    """Durable events a second, and as shares of what bare commits would give."""
    rows = [["SQLite alone, no journal", f"{1 / bare_s:,.0f}", "1.00", "–", "–"]]
    rows += [
        [name, f"{alone:,.0f}", f"{alone * bare_s:.2f}", f"{many:,.0f}", f"{many * bare_s:.2f}"]
        for name, (alone, many) in rates.items()
    ]
    return table(("store", "one at a time /s", "ratio", "100 in flight /s", "ratio"), rows)
