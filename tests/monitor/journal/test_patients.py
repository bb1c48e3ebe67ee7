"""What the journal can be asked about patients, forms and coverage, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import Instant
from drivers.readings import Measurement, Quality, Reading, Vital
from monitor.bed.input_codec import dump
from monitor.bed.inputs import DeviceInput
from monitor.journal import Journal
from monitor.session.coverage import GAP
from monitor.session.events import Event
from tests.monitor.event_factories import START, EventFactory


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/postdose.db"


@pytest.fixture(params=["sqlite", "postgresql"])
async def journal(request: pytest.FixtureRequest) -> AsyncIterator[Journal]:
    opened = Journal.open(request.getfixturevalue(f"{request.param}_url"))
    yield opened
    await opened.close()


def started(bed: EventFactory, session: str, patient: str) -> Event:
    event = bed.event("session.started", patient=patient, by="n")
    return replace(event, session=session)


def written(bed: EventFactory, session: str, type_: str) -> Event:
    return replace(bed.event(type_, by="n"), session=session)


ALIASES = ["P-017", "p-017", "P-0", "100%", "P_017", 'a"b', "a\\b", "Müller/ö", "P-017 "]


@pytest.mark.parametrize("alias", ALIASES)
async def test_a_patient_is_found_by_exactly_that_alias(journal: Journal, alias: str) -> None:
    bed = EventFactory()
    await journal.append([started(bed, f"s-{n}", other) for n, other in enumerate(ALIASES)])
    found = await journal.of_patient(alias, {"session.started"})
    assert [stored.event.session for stored in found] == [f"s-{ALIASES.index(alias)}"]


async def test_a_patient_named_elsewhere_in_an_event_is_not_found(journal: Journal) -> None:
    event = started(EventFactory(), "s-1", "P-1")
    told = {"patient": "P-1", "was": {"patient": "P-2"}}
    await journal.append([replace(event, payload=told)])
    assert await journal.of_patient("P-2", {"session.started"}) == []


async def test_events_of_some_sessions_and_types_come_in_order(journal: Journal) -> None:
    bed = EventFactory()
    types = ("dose.given", "note.added")
    for session in ("s-1", "s-2", "s-3"):
        await journal.append([written(bed, session, type_) for type_ in types])
    found = await journal.of_sessions(["s-1", "s-3"], {"dose.given"})
    assert [stored.event.session for stored in found] == ["s-1", "s-3"]


async def test_a_form_is_sent_when_that_was_said_last(journal: Journal) -> None:
    bed, desk = EventFactory(), EventFactory("records")
    sessions = ["never", "sent", "reopened", "again"]
    await journal.append([started(bed, session, "P") for session in sessions])
    for session, types in (
        ("sent", ["form.confirmed", "form.sent"]),
        ("reopened", ["form.sent", "form.reopened"]),
        ("again", ["form.sent", "form.reopened", "form.sent"]),
    ):
        await journal.append([written(desk, session, type_) for type_ in types])
    asked = {True: ["sent", "again"], False: ["never", "reopened"], None: sessions}
    for sent, expected in asked.items():
        assert [name for _, name in await journal.with_form(sent=sent)] == expected


async def test_sessions_with_forms_come_in_pages(journal: Journal) -> None:
    bed = EventFactory()
    await journal.append([started(bed, f"s-{n}", "P") for n in range(5)])
    first = await journal.with_form(limit=3)
    rest = await journal.with_form(after=first[-1][0], limit=3)
    assert [name for _, name in first + rest] == [f"s-{n}" for n in range(5)]


def reads(
    journal: Journal, second: float, value: float | None, *, device: str = "ox", **more: Any
) -> None:
    said(journal, second, device, Reading(Vital.SPO2, value, **more))


def said(journal: Journal, second: float, device: str, reading: Reading) -> None:
    at = Instant(START + timedelta(seconds=second), 5000.0 + second)
    journal.add_input("bed-1", "s-1", at, dump(DeviceInput(device, Measurement((reading,)))))


@pytest.fixture(autouse=True)
def _recording(journal: Journal) -> None:
    journal.open_recording("bed-1", Instant(START, 5000.0), {})


async def test_coverage_has_a_stretch_between_gaps(journal: Journal) -> None:
    for second, value in ((0, 97), (30, 94), (90, 95), (151, 96), (160, 93)):
        reads(journal, second, value)
    found = await journal.coverage("spo2", GAP, session="s-1")
    seconds = [
        ((s.start - START).total_seconds(), (s.end - START).total_seconds(), s.low, s.count)
        for s in found.spans
    ]
    assert seconds == [(0, 90, 94, 3), (151, 160, 93, 2)]
    assert found.devices == ("ox",)


async def test_coverage_is_of_usable_readings_of_that_vital(journal: Journal) -> None:
    reads(journal, 0, 97)
    reads(journal, 30, None)
    reads(journal, 40, 50, quality=Quality.REJECTED)
    said(journal, 50, "cuff", Reading(Vital.SYS, 120))
    found = await journal.coverage("spo2", GAP, session="s-1")
    assert [(s.low, s.count) for s in found.spans] == [(97, 1)]
    assert found.devices == ("ox",)


async def test_coverage_lies_within_what_was_asked_for(journal: Journal) -> None:
    for second in range(10):
        reads(journal, second, 90 + second)
    start, end = START + timedelta(seconds=3), START + timedelta(seconds=6)
    found = await journal.coverage("spo2", GAP, session="s-1", start=start, end=end)
    assert [(s.low, s.count) for s in found.spans] == [(93, 3)]


UNDER: dict[str, tuple[list[float], list[tuple[float, float]]]] = {
    "never": ([95, 94, 96], []),
    "once": ([95, 93, 92, 94, 96], [(10, 30)]),
    "twice": ([93, 94, 90, 95], [(0, 10), (20, 30)]),
    "to the end": ([95, 93, 92], [(10, 20)]),
    "always": ([93, 92, 91], [(0, 20)]),
}


@pytest.mark.parametrize("case", UNDER)
async def test_coverage_tells_what_was_under_a_limit(journal: Journal, case: str) -> None:
    values, expected = UNDER[case]
    for n, value in enumerate(values):
        reads(journal, 10 * n, value)
    found = await journal.coverage("spo2", GAP, session="s-1", least=94)
    seconds = [tuple((t - START).total_seconds() for t in stretch) for stretch in found.under]
    assert seconds == expected
    assert (await journal.coverage("spo2", GAP, session="s-1")).under == ()


async def test_without_readings_there_is_no_coverage(journal: Journal) -> None:
    found = await journal.coverage("spo2", GAP, session="s-1")
    assert (found.devices, found.spans) == ((), ())


async def test_two_devices_together_cover(journal: Journal) -> None:
    for second in range(0, 200, 100):
        reads(journal, second, 97, device="one")
        reads(journal, second + 50, 96, device="two")
    found = await journal.coverage("spo2", GAP, session="s-1")
    assert (found.devices, len(found.spans)) == (("one", "two"), 1)
