"""Dense samples come back as they were given, and are small."""

import json
import math
import subprocess
import sys
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from drivers.clock import Instant
from monitor.journal import Bucket, InputBlock, InputEntry, Journal, StartBlock, queries
from monitor.journal.chunk_codec import (
    EPOCH,
    INPUTS,
    MILLISECOND,
    Chunk,
    Inputs,
    Wave,
    Waves,
    chunk_of,
    instant,
    milliseconds,
    mono_milliseconds,
    part_in,
    waves_in,
)
from monitor.journal.downsample import trend
from monitor.journal.queries import Span
from tests.monitor.event_factories import START, EventFactory

VALUES = st.none() | st.floats(allow_nan=False)
INSTANTS_MS = st.integers(min_value=0, max_value=4_000_000_000_000)
NAMES = st.sampled_from(["spo2", "pulse", "perfusion"])
QUALITIES = st.sampled_from(["good", "poor", "rejected"])
ENTRIES = st.lists(st.tuples(INSTANTS_MS, st.integers(0, 2**40), st.text()), min_size=1)
PACKETS = st.lists(
    st.tuples(INSTANTS_MS, st.lists(st.integers(-(2**30), 2**30 - 1), min_size=1)), min_size=1
)
OFFSETS_MS = st.integers(0, 20) | st.integers(0, 3000)
INPUTS_CHUNKS = st.lists(
    st.lists(st.tuples(OFFSETS_MS, NAMES, VALUES, QUALITIES), min_size=1), max_size=4
)
WAVE_CHUNKS = st.lists(
    st.tuples(
        st.sampled_from([3.0, 60.0, 75.0, 128.0, 300.0]),
        st.lists(
            st.tuples(OFFSETS_MS, st.lists(st.integers(-(2**30), 2**30 - 1), max_size=30)),
            min_size=1,
            max_size=6,
        ),
    ),
    max_size=4,
)
POINTS = st.none() | st.integers(1, 40)
BOUNDS = st.none() | (
    st.integers(0, 20).map(lambda ms: ms * 1000) | st.integers(-500_000, 3_500_000)
).map(lambda after_us: START + timedelta(microseconds=after_us))


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal.open(f"sqlite:///{tmp_path}/postdose.db")
    yield opened
    await opened.close()


@dataclass(frozen=True)
class Sample:
    """One value of one vital or wave."""

    at: datetime
    name: str
    value: float | None
    quality: str = "good"

    @property
    def text(self) -> str:
        """A measurement of nothing else."""
        reading = {"vital": self.name, "value": self.value, "quality": self.quality}
        return json.dumps({"is": "Measurement", "device": "ox", "readings": [reading]})


def at(seconds: float) -> datetime:
    return START + timedelta(milliseconds=round(seconds * 1000))


def readings(*values: float, quality: str = "good") -> list[Sample]:
    return [Sample(at(place), "spo2", value, quality) for place, value in enumerate(values)]


@given(ENTRIES)
def test_any_inputs_survive_packing(given_entries: list[tuple[int, int, str]]) -> None:
    entries = Inputs("o-1", 7)
    for at_ms, mono_ms, text in given_entries:
        entries.add(at_ms, mono_ms, text)
    chunk = chunk_of("bed-1", None, "", INPUTS, entries)
    assert part_in(chunk) == InputBlock(
        "o-1",
        7,
        tuple(
            InputEntry(Instant(instant(at_ms), mono_ms / 1000), text)
            for at_ms, mono_ms, text in given_entries
        ),
    )
    assert chunk.start_ms == min(entry[0] for entry in given_entries)
    assert chunk.end_ms == max(entry[0] for entry in given_entries)


@given(st.datetimes(EPOCH.replace(tzinfo=None), timezones=st.just(UTC)), st.floats(0, 1e9))
def test_an_instant_comes_back_as_the_core_was_given_it(wall: datetime, mono: float) -> None:
    at = Instant(wall, mono)
    entries = Inputs("o-1", 0)
    entries.add(milliseconds(at.wall), mono_milliseconds(at), "")
    (entry,) = part_in(chunk_of("bed-1", None, "", INPUTS, entries)).entries
    assert entry.at == at.in_ms()


def test_a_minute_of_a_bed_takes_less_than_6_bytes_an_entry() -> None:
    entries = Inputs("0123456789ab", 0)
    for tenth in range(600):
        jitter_ms = (7 * tenth) % 10
        text = readings(97)[0].text if tenth % 5 else '{"is":"Tick"}'
        entries.add(1_700_000_000_000 + 100 * tenth + jitter_ms, 100 * tenth + jitter_ms, text)
    assert len(entries.pack()[1]) < 600 * 6


@given(PACKETS)
def test_any_wave_survives_packing(packets: list[tuple[int, list[int]]]) -> None:
    entries = Waves(75.0)
    for ms, samples in packets:
        entries.add(ms, samples)
    unpacked = waves_in(chunk_of("bed-1", None, "ox", "pleth", entries))
    assert [(milliseconds(w.at), list(w.samples), w.rate_hz) for w in unpacked] == [
        (ms, samples, 75.0) for ms, samples in packets
    ]


def test_a_pleth_of_75_hz_takes_less_than_a_byte_and_a_half_a_sample() -> None:
    entries = Waves(75.0)
    for packet in range(30):
        start = packet * 25
        wave = [round(128 + 90 * math.sin((start + i) / 9.5)) for i in range(25)]
        entries.add(packet * 333, wave)
    assert len(entries.pack()[1]) < 750 * 1.5


# Envelopes


def envelope(
    samples: Iterable[Sample],
    points: int,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[Bucket]:
    return trend([inputs_chunk(samples)], "spo2", points, start, end)


def inputs_chunk(samples: Iterable[Sample]) -> Chunk:
    entries = Inputs("o-1", 0)
    for sample in samples:
        entries.add(milliseconds(sample.at), 5_000_000, sample.text)
    return chunk_of("bed-1", None, "", INPUTS, entries)


def wave_chunk(rate_hz: float, packets: Iterable[tuple[int, list[int]]]) -> Chunk:
    entries = Waves(rate_hz)
    for offset_ms, samples in packets:
        entries.add(milliseconds(START) + offset_ms, samples)
    return chunk_of("bed-1", None, "ox", "pleth", entries)


def wave_samples(wave: Wave) -> list[Sample]:
    """Each sample of `wave` with its own instant, the slow way."""
    step_ms, last = 1000 / wave.rate_hz, len(wave.samples) - 1
    return [
        Sample(
            wave.at - round((last - place) * step_ms) * MILLISECOND,
            wave.name,
            float(value),
        )
        for place, value in enumerate(wave.samples)
    ]


def model_course(
    samples: Iterable[Sample], points: int | None, start: datetime | None, end: datetime | None
) -> list[Bucket]:
    """What `course` must say, an object a reading."""
    span = Span(bed="bed-1", start=start, end=end)
    usable = sorted(
        (
            s
            for s in samples
            if s.value is not None and s.quality != "rejected" and span.covers(s.at)
        ),
        key=lambda s: s.at,
    )
    if points is None or len(usable) <= points:
        return [model_bucket([sample]) for sample in usable]
    times = [sample.at for sample in usable]
    first, last = start or times[0], end or times[-1]
    width = max((last - first) / points, MILLISECOND)
    cuts = [bisect_left(times, first + width * place) for place in range(1, points)]
    bounds = zip([0, *cuts], [*cuts, len(usable)], strict=True)
    return [model_bucket(usable[low:high]) for low, high in bounds if high > low]


def model_bucket(samples: Sequence[Sample]) -> Bucket:
    values = [sample.value for sample in samples if sample.value is not None]
    return Bucket(
        samples[0].at,
        min(values),
        max(values),
        values[-1],
        len(values),
        any(sample.quality == "poor" for sample in samples),
    )


@given(INPUTS_CHUNKS, POINTS, BOUNDS, BOUNDS)
def test_a_course_of_inputs_is_that_of_its_readings_one_by_one(
    chunks_given: list[list[tuple[int, str, float | None, str]]],
    points: int | None,
    start: datetime | None,
    end: datetime | None,
) -> None:
    samples = [
        [Sample(START + ms * MILLISECOND, name, value, q) for ms, name, value, q in entries]
        for entries in chunks_given
    ]
    chunks = [inputs_chunk(each) for each in samples]
    spo2 = [sample for each in samples for sample in each if sample.name == "spo2"]
    assert trend(chunks, "spo2", points, start, end) == model_course(spo2, points, start, end)


@given(WAVE_CHUNKS, POINTS, BOUNDS, BOUNDS)
def test_a_course_of_a_wave_is_that_of_its_samples_one_by_one(
    chunks_given: list[tuple[float, list[tuple[int, list[int]]]]],
    points: int | None,
    start: datetime | None,
    end: datetime | None,
) -> None:
    chunks = [wave_chunk(rate_hz, packets) for rate_hz, packets in chunks_given]
    samples = [s for chunk in chunks for w in waves_in(chunk) for s in wave_samples(w)]
    assert trend(chunks, "pleth", points, start, end) == model_course(samples, points, start, end)


def test_no_more_readings_than_points_come_one_by_one() -> None:
    assert envelope(readings(97, 96), 10) == [
        Bucket(at(0), 97, 97, 97, 1, poor=False),
        Bucket(at(1), 96, 96, 96, 1, poor=False),
    ]


def test_as_many_readings_as_points_come_one_by_one_however_close_they_are() -> None:
    samples = [Sample(at(second), "spo2", 97) for second in (0, 0.001, 9)]
    assert [b.count for b in envelope(samples, 3)] == [1, 1, 1]


def test_a_bucket_may_be_as_narrow_as_a_millisecond() -> None:
    samples = [Sample(at(ms / 1000), "spo2", 97) for ms in (0, 0, 1, 1, 2, 2)]
    assert [b.count for b in envelope(samples, 4)] == [2, 2, 2]


def test_more_readings_than_points_keep_every_extreme() -> None:
    found = envelope(readings(97, 85, 99, 96, 95, 94), 2)
    assert [(b.low, b.high, b.last, b.count) for b in found] == [(85, 99, 99, 3), (94, 96, 94, 3)]


@given(st.lists(st.floats(0, 300), min_size=1, max_size=200), st.integers(1, 50))
def test_an_envelope_counts_every_reading_once(values: list[float], points: int) -> None:
    found = envelope(readings(*values), points)
    assert len(found) <= points or len(values) <= points
    assert sum(bucket.count for bucket in found) == len(values)
    assert min(b.low for b in found) == min(values)
    assert max(b.high for b in found) == max(values)
    assert [b.at for b in found] == sorted(b.at for b in found)


def test_rejected_and_missing_values_are_no_part_of_an_envelope() -> None:
    missing = Sample(at(3), "spo2", None)
    assert envelope([*readings(12, quality="rejected"), missing], 10) == []


def test_an_envelope_says_when_a_value_in_it_was_poor() -> None:
    (bucket,) = envelope([*readings(97), *readings(80, quality="poor")], 1)
    assert bucket.poor


def test_buckets_are_of_the_time_asked_for_not_of_the_time_that_has_readings() -> None:
    found = envelope(readings(1, 2, 3, 4), 2, start=at(0), end=at(100))
    assert [(b.low, b.high) for b in found] == [(1, 4)]


def test_a_daemon_carries_no_numpy_until_a_course_is_asked_for() -> None:
    code = "import sys, monitor.daemon; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Through the journal


def add(
    journal: Journal, second: float, value: float, session: str | None = "s-1", bed: str = "bed-1"
) -> None:
    sample = Sample(at(second), "spo2", value)
    journal.add_input(bed, session, Instant(sample.at, 5000.0 + second), sample.text)


async def test_readings_are_there_before_they_are_stored_and_after(journal: Journal) -> None:
    for second in range(65):
        add(journal, second, 90 + second % 7)
    before = await journal.readings("spo2", session="s-1")
    journal.flush_samples()
    await journal.append([EventFactory().event()])
    assert len(before) == 65
    assert await journal.readings("spo2", session="s-1") == before


async def test_readings_survive_closing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/p.db"
    first = Journal.open(url)
    add(first, 0, 97)
    await first.close()
    second = Journal.open(url)
    assert [b.last for b in await second.readings("spo2", session="s-1")] == [97]
    await second.close()


async def test_a_recording_survives_on_a_server(postgresql_url: str) -> None:
    journal = Journal.open(postgresql_url)
    journal.open_recording("bed-1", Instant(START, 5000.0), {"last_n": 0})
    for second in range(30):
        add(journal, second, 97.25)
    journal.flush_samples()
    await journal.append([])
    assert journal.samples_dropped == 0
    assert len(await journal.inputs(session="s-1")) == 30
    start, *parts = journal.recording("bed-1", before_n=1)
    assert isinstance(start, StartBlock)
    assert [part.first for part in parts if isinstance(part, InputBlock)] == [0, 11, 22]
    await journal.close()


async def test_a_recording_keeps_everything_in_the_order_it_came(journal: Journal) -> None:
    texts = [f'{{"is":"{n}"}}' for n in range(40)]
    instants = [Instant(at(-n), 5000.0 + n / 3).in_ms() for n in range(40)]
    for n, text in enumerate(texts):
        journal.add_input("bed-1", "s-1" if 10 <= n < 30 else None, instants[n], text)
    kept = [entry for part in parts_of(journal) for entry in part.entries]
    assert kept == [InputEntry(at, text) for at, text in zip(instants, texts, strict=True)]


def parts_of(journal: Journal) -> list[InputBlock]:
    """What is gathered, as it will be stored."""
    journal.flush_samples()
    return [
        part_in(chunk) for chunk in journal._commit_queue.unstored_chunks if chunk.kind == INPUTS
    ]


async def test_each_part_says_where_it_belongs(journal: Journal) -> None:
    add(journal, 0, 1)
    journal.open_recording("bed-1", Instant(at(1), 5001.0), {})
    for second in range(2, 15):
        add(journal, second, 2, session=None if second < 4 else "s-1")
    journal.end_recording("bed-1")
    add(journal, 15, 3)
    journal.open_recording("bed-1", Instant(at(16), 5016.0), {})
    add(journal, 17, 4)
    before, idle, session, after, again = parts_of(journal)
    assert [part.first for part in (before, idle, session, after, again)] == [0, 0, 2, 0, 0]
    assert before.opening == after.opening == ""
    assert idle.opening == session.opening != again.opening


async def test_a_recording_begins_at_the_last_opening_before_the_event(journal: Journal) -> None:
    for second, last_n in enumerate((0, 4, 9)):
        journal.open_recording("bed-1", Instant(at(second), 5000.0), {"last_n": last_n})
        add(journal, second + 0.5, last_n)
    journal.open_recording("bed-2", Instant(at(7), 5000.0), {"last_n": 5})
    journal.flush_samples()
    await journal.append([EventFactory().event()])

    def begins(n: int) -> list[int]:
        found = journal.recording("bed-1", before_n=n)
        return [each.data["last_n"] for each in found if isinstance(each, StartBlock)]

    assert [begins(n) for n in (1, 4, 5, 9, 10)] == [[0, 4, 9], [0, 4, 9], [4, 9], [4, 9], [9]]
    assert begins(0) == []


async def test_readings_are_of_one_session_or_one_bed_and_one_time(journal: Journal) -> None:
    add(journal, 0, 1, session=None)
    add(journal, 1, 2)
    add(journal, 2, 3)
    add(journal, 3, 4, session="s-2", bed="bed-2")

    async def found(**span: object) -> list[float]:
        return [b.last for b in await journal.readings("spo2", **span)]  # type: ignore[arg-type]

    assert await found(session="s-1") == [2, 3]
    assert await found(bed="bed-1") == [1, 2, 3]
    assert await found(bed="bed-1", start=at(1), end=at(2)) == [2]
    with pytest.raises(ValueError, match="of a session or of a bed"):
        await found()


async def test_a_wave_comes_back_whole_and_as_an_envelope(journal: Journal) -> None:
    packets = [tuple(range(place * 25, place * 25 + 25)) for place in range(60)]
    for place, packet in enumerate(packets):
        journal.add_wave("bed-1", "s-1", "ox", "pleth", at(place / 3), 75.0, packet)
    assert [w.samples for w in await journal.waves("pleth", session="s-1")] == packets
    found = await journal.readings("pleth", session="s-1", points=10)
    assert len(found) == 10
    assert (found[0].low, found[-1].high) == (0, 1499)


async def test_a_wave_whose_rate_changes_keeps_both_rates(journal: Journal) -> None:
    journal.add_wave("bed-1", None, "ox", "pleth", at(0), 75.0, (1, 2))
    journal.add_wave("bed-1", None, "ox", "pleth", at(1), 60.0, (3, 4))
    assert [w.rate_hz for w in await journal.waves("pleth", bed="bed-1")] == [75.0, 60.0]


async def test_what_a_silent_device_said_last_is_swept_up(journal: Journal, tmp_path: Path) -> None:
    add(journal, 0, 97)
    journal.flush_idle(at(5))
    assert journal._commit_queue.unstored_chunks == []
    journal.flush_idle(at(20))
    assert [chunk.count for chunk in journal._commit_queue.unstored_chunks] == [1]


async def test_the_latest_of_a_session_is_found_without_the_rest_of_its_bed(
    journal: Journal,
) -> None:
    def plan(connection: sa.Connection) -> str:
        asked: list[tuple[str, Any]] = []

        def note(_connection: Any, _cursor: Any, *statement: Any) -> None:
            asked.append(statement[:2])

        sa.event.listen(connection, "before_cursor_execute", note)
        queries.latest_inputs(connection, "s-1", 400)
        sa.event.remove(connection, "before_cursor_execute", note)
        ((statement, parameters),) = asked
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "; ".join(step.detail for step in steps)

    assert "sample_chunk_session (session=? AND kind=?)" in journal.query_sync(plan)
