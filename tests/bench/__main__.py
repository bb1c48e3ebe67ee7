"""`python -m tests.bench [--quick] [--only ward,core,codecs,durable]`: measure, print, write down.

A whole run takes some six minutes and rewrites the tables of docs/explanation/benchmarks.md;
a quick or partial one only prints.
"""

import argparse
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from tests import measured
from tests.bench import codecs, core, durable, page, ward
from tests.bench.ward import Case, Figures

PARTS: Final = ("ward", "core", "codecs", "durable")
CALM_S: Final = 20.0

SIDE_BY_SIDE: Final = [
    Case("daemon", 1, 1, 200, 0),
    Case("daemon", 1, 25, 200, 0),
    Case("floor", 1, 1, 200, 0),
    Case("floor", 1, 25, 200, 0),
    Case("daemon", 1, 1, 0, CALM_S),
]
"""One bed can be alarming only once in two packets, and takes next to nothing meanwhile."""

ONE_BY_ONE: Final = [
    Case("floor", 20, 1, 300, 10),
    Case("daemon", 20, 1, 300, CALM_S),
    Case("floor", 100, 1, 300, 10),
    Case("daemon", 100, 1, 300, CALM_S),
    Case("floor", 100, 25, 200, 10),
    Case("daemon", 100, 25, 200, 10),
]

QUICK: Final = [Case("floor", 100, 1, 100, 3), Case("daemon", 100, 1, 100, 3)]


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one size, under a minute")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"--only takes {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts = [measured.machine()]
    print(parts[0], flush=True)
    for part in _parts(wanted, options.quick):
        print(f"\n{part}", flush=True)
        parts.append(part)
    if set(wanted) == set(PARTS) and not options.quick:
        measured.write(page.DOCUMENT, "bench", parts)


def _parts(wanted: list[str], quick: bool) -> Iterator[str]:
    if "durable" in wanted:
        count = 200 if quick else 1000
        yield page.durable(durable.commit_s(count), durable.measure(count))
    if "codecs" in wanted:
        yield page.codecs(codecs.measure(1 << (18 if quick else 21)))
    if "core" in wanted:
        yield page.core([core.measure(hours) for hours in core.HOURS[: 1 if quick else None]])
    if "ward" in wanted:
        yield page.ward(list(_wards(quick)))


def _wards(quick: bool) -> Iterator[Figures]:
    spawn = multiprocessing.get_context("spawn")
    if not quick:
        print(f"\n{len(SIDE_BY_SIDE)} wards of one bed, side by side …", flush=True)
        with ProcessPoolExecutor(len(SIDE_BY_SIDE), spawn) as pool:
            yield from pool.map(ward.measure, SIDE_BY_SIDE)
    for case in QUICK if quick else ONE_BY_ONE:
        print(f"{case.system}, {case.beds} beds, {page.WRITES[case.writes]} …", flush=True)
        figures = ward.measure(case)
        print(f"    p50 {figures.percentile_ms(50):.2f} ms", flush=True)
        yield figures


if __name__ == "__main__":
    main()
