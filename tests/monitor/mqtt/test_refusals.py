"""What a broker refuses counts as not delivered, holds nothing else back, and comes again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.clock import Clock
from monitor.mqtt import event_publisher, publisher, state_publisher
from monitor.mqtt.event_publisher import BED_CURSOR, LOG_CURSOR
from tests.monitor.event_factories import EventFactory
from tests.monitor.mqtt.fakes import FakeWard
from tests.monitor.mqtt.test_publisher import alarm, listening, publishing, settings_for, until
from tests.servers import ALL_BUT_EVENTS, EVERYTHING, Mosquitto

EVENTS_OF_BED_2 = "topic write postdose/clinic-1/bed-2/event"


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "FIRST_RETRY_S", 0.02)
    monkeypatch.setattr(event_publisher, "RETRY_REFUSED_S", 0.2)
    monkeypatch.setattr(state_publisher, "REFRESH_S", 0.2)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that takes everything but events."""
    directory = tmp_path / "strict"
    directory.mkdir()
    with Mosquitto(directory, access=ALL_BUT_EVENTS) as broker:
        yield broker


async def test_refused_events_are_not_delivered_and_come_in_order_once_they_are_taken(
    strict: Mosquitto, tmp_path: Path
) -> None:
    async with publishing(settings_for(strict), tmp_path) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        since = bench.mqtt.connected_since
        await bench.journal.append([bench.bed.event() for _ in range(100)])
        await until(lambda: bench.mqtt.refusal is not None)
        await Clock().sleep(0.5)
        assert (bench.mqtt.queue_depth, bench.journal.cursor(LOG_CURSOR)) == (100, 0)
        assert "postdose/clinic-1/bed-1/event" in (bench.mqtt.refusal or "")
        assert "Not authorized" in (bench.mqtt.refusal or "")
        assert strict.url in (bench.mqtt.refusal or "")
        async with listening(strict, "+/event") as heard:
            strict.allow(EVERYTHING)
            await heard.until("bed-1/event", lambda event: event["seq"] == 100)
            await until(lambda: bench.mqtt.queue_depth == 0)
        assert [e["seq"] for e in heard.under("bed-1/event")] == list(range(1, 101))
        assert bench.journal.cursor(LOG_CURSOR) == 100
        assert (bench.mqtt.refusal, bench.mqtt.connected_since) == (None, since)


async def test_alarms_go_on_over_the_same_connection_while_events_are_refused(
    strict: Mosquitto, tmp_path: Path
) -> None:
    async with (
        listening(strict, "+/alarm/+") as heard,
        publishing(settings_for(strict), tmp_path) as bench,
    ):
        await until(lambda: bench.mqtt.connected_since is not None)
        since = bench.mqtt.connected_since
        for n in range(20):
            await bench.append(("raised", f"a-{n}"))
            await heard.until(f"bed-1/alarm/a-{n}")
        assert bench.mqtt.connected_since == since
        assert bench.mqtt.queue_depth == 20


async def test_what_is_refused_of_one_bed_holds_no_other_bed_back(
    strict: Mosquitto, tmp_path: Path
) -> None:
    strict.allow(*ALL_BUT_EVENTS, EVENTS_OF_BED_2)
    other = EventFactory("bed-2")
    async with (
        listening(strict, "+/event") as heard,
        publishing(settings_for(strict), tmp_path) as bench,
    ):
        for _ in range(30):
            await bench.journal.append([bench.bed.event(), other.event()])
        await heard.until("bed-2/event", lambda event: event["seq"] == 60)
        await until(lambda: bench.journal.cursor(f"{BED_CURSOR}bed-2") == 60)
        assert bench.journal.cursor(LOG_CURSOR) == 0
    async with (
        listening(strict, "+/event") as later,
        publishing(settings_for(strict), tmp_path) as bench,
    ):
        await until(lambda: bench.mqtt.refusal is not None)
        await Clock().sleep(0.5)
        strict.allow(EVERYTHING)
        await later.until("bed-1/event", lambda event: event["seq"] == 59)
        await until(lambda: bench.mqtt.queue_depth == 0)
    assert [e["seq"] for e in heard.under("bed-2/event")] == list(range(2, 61, 2))
    assert heard.under("bed-1/event") == []
    assert [e["seq"] for e in later.under("bed-1/event")] == list(range(1, 60, 2))
    assert later.under("bed-2/event") == []


async def test_a_refused_state_comes_again_as_it_was_last(
    strict: Mosquitto, tmp_path: Path
) -> None:
    strict.allow("topic read #", "topic write postdose/clinic-1/status")
    ward = FakeWard(
        session_of={"bed-1": {"id": "s-1"}}, alarms={"a-1": alarm("a-1"), "a-2": alarm("a-2")}
    )
    async with publishing(settings_for(strict), tmp_path, ward=ward) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        await bench.append(("raised", "a-1"), ("raised", "a-2"), ("ended", "a-2"))
        del ward.alarms["a-2"]
        await until(lambda: "bed-1/alarm/+" in (bench.mqtt.refusal or ""))
        async with listening(strict) as heard:
            strict.allow(EVERYTHING)
            await heard.until("bed-1/alarm/a-2", lambda state: state["state"] == "ended")
            await until(lambda: bench.mqtt.refusal is None)
            await heard.until("bed-1/session")
        assert {state["state"] for state in heard.under("bed-1/alarm/a-1")} == {"active"}


async def test_a_broker_that_refuses_even_the_status_is_no_lost_connection(
    strict: Mosquitto, tmp_path: Path
) -> None:
    async with publishing(settings_for(strict), tmp_path) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        since = bench.mqtt.connected_since
        strict.allow("topic read #")
        await until(lambda: "clinic-1/status" in (bench.mqtt.refusal or ""))
        assert (bench.mqtt.connected_since, bench.mqtt.failure) == (since, None)
