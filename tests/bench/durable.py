"""How many events a second are durable, and what the machine's own commit takes."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import pytest

from monitor.journal import Journal
from tests.bench.floor import commit, open_store
from tests.monitor.event_factories import EventFactory
from tests.servers import PostgreSQL

IN_FLIGHT: Final = 100


def commit_s(count: int) -> float:
    """The median time of one FULL commit of one row by SQLite alone."""
    with tempfile.TemporaryDirectory(prefix="postdose-bench-") as folder:
        store = open_store(f"{folder}/bare.db")
        times = []
        for number in range(count):
            began_s = perf_counter()
            commit(store, "bed-1", f"{number:<500}")
            times.append(perf_counter() - began_s)
        store.close()
    return median(times)


def measure(count: int) -> dict[str, tuple[float, float]]:
    """For each database, events a second awaited one at a time, and with many in flight."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="postdose-bench-") as folder:
        found["SQLite"] = asyncio.run(_rates(f"sqlite:///{folder}/bench.db", count))
    try:
        with _postgresql() as url:
            found["PostgreSQL"] = asyncio.run(_rates(url, count))
    except pytest.skip.Exception:
        pass
    return found


@contextmanager
def _postgresql() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="postdose-bench-") as folder:
        server = PostgreSQL(Path(folder))
        server.start()
        try:
            yield server.create_database("bench")
        finally:
            server.kill()


async def _rates(url: str, count: int) -> tuple[float, float]:
    journal = Journal.open(url)
    try:
        return await _alone(journal, count), await _together(journal, count * 10)
    finally:
        await journal.close()


async def _alone(journal: Journal, count: int) -> float:
    bed = EventFactory("bed-1")
    began_s = perf_counter()
    for _ in range(count):
        await journal.append([bed.alarm("raised", "a-1")])
    return count / (perf_counter() - began_s)


async def _together(journal: Journal, count: int) -> float:
    beds = [EventFactory(f"bed-{number + 2}") for number in range(IN_FLIGHT)]

    async def keep(bed: EventFactory) -> None:
        for _ in range(count // IN_FLIGHT):
            await journal.append([bed.alarm("raised", f"a-{bed.bed}")])

    began_s = perf_counter()
    await asyncio.gather(*map(keep, beds))
    return count // IN_FLIGHT * IN_FLIGHT / (perf_counter() - began_s)
