"""What a broker retained before a power cut is not told for ever after it."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiomqtt import Client

from drivers.clock import Clock
from monitor.journal import Journal
from monitor.mqtt import state_publisher
from tests.monitor.event_factories import EventFactory
from tests.monitor.mqtt.fakes import FakeWard
from tests.monitor.mqtt.test_publisher import (
    SITE,
    alarm,
    listening,
    publishing,
    settings_for,
    until,
)
from tests.patience import HOPELESS_S
from tests.servers import Mosquitto

WORDS = {"status", "bed-1/alarm/a-1", "bed-1/session", "bed-1/vitals"}


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that keeps on disk what it retains."""
    directory = tmp_path / "lasting"
    directory.mkdir()
    options = [
        "persistence true",
        f"persistence_location {directory}/",
        "autosave_on_changes true",
        "autosave_interval 1",
    ]
    with Mosquitto(directory, options=options) as broker:
        yield broker


async def retained(broker: Mosquitto) -> set[str]:
    """The topics, below the site's, under which the broker retains something."""
    found = set()
    async with Client("127.0.0.1", broker.port) as client, asyncio.timeout(HOPELESS_S):
        await client.subscribe(f"{SITE}/#", qos=1)
        await client.publish(f"{SITE}/marker", qos=1)
        async for message in client.messages:
            name = message.topic.value.removeprefix(f"{SITE}/")
            if name == "marker":
                break
            found.add(name)
    return found


def are_on_disk(topics: set[str], directory: Path) -> bool:
    """Whether a broker that keeps its messages in `directory` has stored those topics."""
    file = directory / "mosquitto.db"
    stored = file.read_bytes() if file.exists() else b""
    return all(f"{SITE}/{topic}".encode() in stored for topic in topics)


async def test_after_a_power_cut_nothing_is_said_of_a_daemon_that_is_gone(
    lasting: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_publisher, "STATE_VALID", timedelta(seconds=8))
    monkeypatch.setattr(state_publisher, "VITALS_VALID_S", 8.0)
    monkeypatch.setattr(state_publisher, "LEAST_RETAINED_S", 8.0)
    ward = FakeWard(
        vitals_of={"bed-1": {"spo2": {"value": 97}}},
        session_of={"bed-1": {"id": "s-1"}},
        alarms={"a-1": alarm("a-1")},
    )
    async with publishing(settings_for(lasting), tmp_path, ward=ward) as bench:
        await until(lambda: are_on_disk(WORDS, tmp_path / "lasting"))
        lasting.kill()
        await until(lambda: bench.mqtt.connected_since is None)
    lasting.start()
    assert await retained(lasting) == WORDS
    async with asyncio.timeout(HOPELESS_S):
        while await retained(lasting):
            await Clock().sleep(0.5)


async def test_a_daemon_that_goes_in_good_order_is_offline_for_good(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_publisher, "STATE_VALID", timedelta(seconds=1))
    monkeypatch.setattr(state_publisher, "LEAST_RETAINED_S", 1.0)
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        await until(lambda: bench.mqtt.published >= 1)
    await Clock().sleep(2.5)
    assert await retained(mosquitto) == {"status"}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_an_alarm_that_a_former_run_told_and_never_stored_is_cleared(
    mosquitto: Mosquitto, tmp_path: Path, protocol: str
) -> None:
    undurable = json.dumps(alarm("a-lost") | {"durable": False})
    others = "postdose/clinic-2/bed-1/alarm/a-1"
    async with Client("127.0.0.1", mosquitto.port) as former:
        for topic in (f"{SITE}/bed-1/alarm/a-lost", f"{SITE}/bed-9/alarm/a-lost", others):
            await former.publish(topic, undurable, qos=1, retain=True)
        for known in ("a-open", "a-ended", "a-old", "a-restoring"):
            text = json.dumps(alarm(known))
            await former.publish(f"{SITE}/bed-1/alarm/{known}", text, qos=1, retain=True)
    ward = FakeWard(alarms={"a-open": alarm("a-open")})
    journal = Journal.open(f"sqlite:///{tmp_path}/postdose.db")
    bed = EventFactory()
    stored = [bed.alarm("raised", name) for name in ("a-open", "a-ended", "a-old", "a-restoring")]
    ended = bed.alarm("ended", "a-ended", at=Clock().now().wall)
    last = await journal.append([*stored, ended, bed.alarm("ended", "a-old")])
    for cursor in ("mqtt", "mqtt.cleared"):
        journal.save_cursor(cursor, last[-1].seq)
    await journal.close()
    left = {"status", *(f"bed-1/alarm/{name}" for name in ("a-open", "a-ended", "a-restoring"))}
    async with (
        listening(mosquitto) as heard,
        publishing(settings_for(mosquitto, protocol=protocol), tmp_path, ward=ward),
    ):
        async with asyncio.timeout(HOPELESS_S):
            while await retained(mosquitto) != left:
                await Clock().sleep(0.1)
        await heard.until("bed-1/alarm/a-ended", lambda said: said["state"] == "ended")
    assert heard.under("bed-1/alarm/a-open")[-1]["state"] == "active"
    async with Client("127.0.0.1", mosquitto.port) as client, asyncio.timeout(HOPELESS_S):
        await client.subscribe(others)
        assert (await anext(client.messages)).retain
