"""A broker that limits the length of a packet gets no longer one, and hears of everything."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.mqtt import publisher
from tests.monitor.event_factories import EventFactory
from tests.monitor.mqtt.fakes import FakeWard
from tests.monitor.mqtt.test_publisher import alarm, listening, publishing, settings_for, until
from tests.monitor.mqtt.test_session_state import shown
from tests.servers import Mosquitto

LIMIT = 20_000


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "FIRST_RETRY_S", 0.02)


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that takes no long packets."""
    directory = tmp_path / "narrow"
    directory.mkdir()
    with Mosquitto(directory, options=[f"max_packet_size {LIMIT}"]) as broker:
        yield broker


async def test_an_event_that_is_too_long_goes_without_its_payload_and_says_so(
    narrow: Mosquitto, tmp_path: Path
) -> None:
    async with (
        listening(narrow, "+/event") as heard,
        publishing(settings_for(narrow), tmp_path) as bench,
    ):
        await until(lambda: bench.mqtt.connected_since is not None)
        since = bench.mqtt.connected_since
        event, other = bench.bed.event, EventFactory("bed-2")
        short, long, last = await bench.journal.append(
            [event(text="x"), event(text="ü" * LIMIT), other.event(text="y")]
        )
        await heard.until("bed-2/event")
        await until(lambda: bench.mqtt.queue_depth == 0)
        assert heard.under("bed-1/event") == [
            short.as_json() | {"boot": "boot-1"},
            long.as_json() | {"boot": "boot-1", "payload": None, "too_large": True},
        ]
        assert heard.under("bed-2/event") == [last.as_json() | {"boot": "boot-1"}]
        assert (bench.mqtt.connected_since, bench.mqtt.refusal) == (since, None)


async def test_an_event_goes_whole_as_long_as_it_fits(narrow: Mosquitto, tmp_path: Path) -> None:
    async with (
        listening(narrow, "bed-1/event") as heard,
        publishing(settings_for(narrow), tmp_path) as bench,
    ):
        for length in range(LIMIT - 330, LIMIT - 200, 5):
            await bench.journal.append([bench.bed.event(text="x" * length)])
        await heard.until("bed-1/event", lambda event: event["seq"] == bench.journal.last_seq)
    cut = ["too_large" in event for event in heard.under("bed-1/event")]
    assert cut == sorted(cut)
    assert set(cut) == {False, True}


async def test_a_session_of_whatever_length_cuts_nobody_off(
    narrow: Mosquitto, tmp_path: Path
) -> None:
    session: dict[str, Any] = shown()
    session["scores"] = session["scores"] * 1000
    ward = FakeWard(session_of={"bed-1": session}, alarms={"a-1": alarm("a-1")})
    async with (
        listening(narrow) as heard,
        publishing(settings_for(narrow), tmp_path, ward=ward) as bench,
    ):
        assert (await heard.until("bed-1/session"))["id"] == session["id"]
        await bench.append(("raised", "a-2"))
        await heard.until("bed-1/alarm/a-2")
        assert heard.under("status") == ["online"]
        assert bench.mqtt.refusal is None


async def test_a_state_that_is_too_long_is_named_and_the_others_go_on(
    narrow: Mosquitto, tmp_path: Path
) -> None:
    ward = FakeWard(alarms={"a-1": alarm("a-1") | {"text": "x" * LIMIT}, "a-2": alarm("a-2")})
    async with (
        listening(narrow) as heard,
        publishing(settings_for(narrow), tmp_path, ward=ward) as bench,
    ):
        await heard.until("bed-1/alarm/a-2")
        refusal = bench.mqtt.refusal or ""
        await bench.journal.append([bench.bed.event()])
        await heard.until("bed-1/event")
        assert "refuses postdose/clinic-1/bed-1/alarm/+" in refusal
        assert f"limit of {LIMIT} bytes" in refusal
        assert heard.under("status") == ["online"]
