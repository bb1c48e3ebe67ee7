"""What a real broker is told, whatever happens to it."""

import asyncio
import gc
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from aiomqtt import Client, MqttError

from drivers.clock import Clock, parse_rfc3339
from monitor.journal import Journal
from monitor.journal.feed import EventFeed
from monitor.mqtt import MqttPublisher, MqttSettings, broker_fault, event_publisher, publisher
from tests.monitor.event_factories import BrokenJournal, EventFactory
from tests.monitor.mqtt.fakes import FakeWard
from tests.patience import HOPELESS_S
from tests.servers import Mosquitto, program

SITE = "postdose/clinic-1"


class Heard:
    """A subscriber on the real broker, and what it was told, topics below the site's."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.messages: list[tuple[str, Any, bool]] = []

    async def until(self, topic: str, said: Callable[[Any], bool] = bool) -> Any:
        """Listen until something that `said` accepts comes under `topic`; None is empty."""
        async with asyncio.timeout(HOPELESS_S):
            async for message in self._client.messages:
                text = bytes(message.payload).decode()
                payload = json.loads(text) if text.startswith("{") else text or None
                name = message.topic.value.removeprefix(f"{SITE}/")
                self.messages.append((name, payload, bool(message.retain)))
                if name == topic and said(payload):
                    return payload
        raise AssertionError

    def under(self, topic: str) -> list[Any]:
        return [payload for name, payload, _ in self.messages if name == topic]


@asynccontextmanager
async def listening(broker: Mosquitto, topic: str = "#") -> AsyncIterator[Heard]:
    async with Client("127.0.0.1", broker.port) as client:
        await client.subscribe(f"{SITE}/{topic}", qos=1)
        yield Heard(client)


@dataclass
class Bench:
    """A publisher at work on a journal of its own."""

    journal: Journal
    ward: FakeWard
    mqtt: MqttPublisher
    bed: EventFactory = field(default_factory=EventFactory)

    async def append(self, *changes: tuple[str, str]) -> None:
        """Store alarm events: (change, alarm id)."""
        await self.journal.append([self.bed.alarm(*change) for change in changes])


@asynccontextmanager
async def publishing(
    settings: MqttSettings,
    store: Path,
    *,
    ward: FakeWard | None = None,
    clock: Clock | None = None,
    handlers: Mapping[str, Callable[[str, bytes], None]] | None = None,
) -> AsyncIterator[Bench]:
    clock = clock or Clock()
    journal = Journal.open(f"sqlite:///{store}/postdose.db", clock=clock)
    ward = ward or FakeWard()
    mqtt = MqttPublisher(
        settings,
        journal=journal,
        feed=EventFeed(journal),
        ward=ward,
        clock=clock,
        boot="boot-1",
        handlers=handlers,
    )
    running = asyncio.create_task(mqtt.run())
    bench = Bench(journal, ward, mqtt)
    bench.bed.n = (await journal.load_stream("bed-1"))[1]
    try:
        yield bench
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await journal.close()


def settings_for(broker: Mosquitto, **options: Any) -> MqttSettings:
    return MqttSettings(broker.url, "clinic-1", **options)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HOPELESS_S):
        while not condition():
            await Clock().sleep(0.005)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "FIRST_RETRY_S", 0.02)
    monkeypatch.setattr(publisher, "LAST_RETRY_S", 0.2)


def alarm(alarm_id: str, state: str = "active") -> dict[str, Any]:
    return {"id": alarm_id, "bed": "bed-1", "rule": "spo2.very-low", "state": state}


# Status and last will


async def test_it_is_online_while_it_runs_and_offline_after(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with listening(mosquitto, "status") as heard:
        async with publishing(settings_for(mosquitto), tmp_path):
            assert await heard.until("status") == "online"
        assert await heard.until("status") == "offline"
    async with listening(mosquitto, "status") as later:
        assert await later.until("status") == "offline"
        assert later.messages[-1][2]


PUBLISHES_UNTIL_KILLED = """
import asyncio, pathlib, sys
from monitor.mqtt import MqttSettings
from tests.monitor.mqtt.test_publisher import publishing

async def main():
    async with publishing(MqttSettings(sys.argv[1], "clinic-1"), pathlib.Path(sys.argv[2])):
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_when_it_is_killed_the_broker_says_offline(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with listening(mosquitto, "status") as heard:
        child = subprocess.Popen(
            [sys.executable, "-c", PUBLISHES_UNTIL_KILLED, mosquitto.url, str(tmp_path)]
        )
        assert await heard.until("status") == "online"
        os.kill(child.pid, signal.SIGKILL)
        child.wait(HOPELESS_S)
        assert await heard.until("status") == "offline"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_it_speaks_both_protocols(
    mosquitto: Mosquitto, tmp_path: Path, protocol: str
) -> None:
    async with (
        listening(mosquitto, "bed-1/event") as heard,
        publishing(settings_for(mosquitto, protocol=protocol), tmp_path) as bench,
    ):
        await bench.append(("raised", "a-1"))
        assert (await heard.until("bed-1/event"))["type"] == "alarm.raised"


# Events


async def test_every_event_is_published_as_interfaces_show_it(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with (
        listening(mosquitto, "bed-1/event") as heard,
        publishing(settings_for(mosquitto), tmp_path) as bench,
    ):
        (stored,) = await bench.journal.append([bench.bed.event("note.added", text="ü")])
        assert await heard.until("bed-1/event") == stored.as_json() | {"boot": "boot-1"}
    assert heard.messages[-1][2] is False


async def test_what_happened_before_it_ran_is_published_in_order(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    journal = Journal.open(f"sqlite:///{tmp_path}/postdose.db")
    bed = EventFactory()
    await journal.append([bed.event() for _ in range(700)])
    await journal.close()
    async with (
        listening(mosquitto, "bed-1/event") as heard,
        publishing(settings_for(mosquitto), tmp_path),
    ):
        await heard.until("bed-1/event", lambda event: event["seq"] == 700)
    assert [e["seq"] for e in heard.under("bed-1/event")] == list(range(1, 701))


class Cable:
    """A way to the broker that can be cut, while the broker and its subscribers stay."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker_port = broker.port
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: list[asyncio.Task[None]] = []
        self._whole = True

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"mqtt://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self.cut()
        self._server.close()
        await asyncio.gather(*self._carrying)

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        self._whole = True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._carrying.append(asyncio.create_task(self._carry(reader, writer)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        self._ends |= {writer, broker_writer}
        if not self._whole:
            self.cut()

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while chunk := await source.read(4096):
                    sink.write(chunk)
            sink.close()

        await asyncio.gather(pump(reader, broker_writer), pump(broker_reader, writer))
        self._ends -= {writer, broker_writer}


async def test_no_event_is_lost_or_out_of_order_while_the_way_to_the_broker_comes_and_goes(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with (
        listening(mosquitto, "bed-1/event") as heard,
        Cable(mosquitto) as cable,
        publishing(MqttSettings(cable.url, "clinic-1"), tmp_path) as bench,
    ):
        for _ in range(4):
            for _ in range(20):
                await bench.journal.append([bench.bed.event() for _ in range(10)])
            cable.cut()
            await until(lambda: bench.mqtt.connected_since is None)
            cable.mend()
            await until(lambda: bench.mqtt.connected_since is not None)
        await heard.until("bed-1/event", lambda event: event["seq"] == 800)
        await until(lambda: bench.mqtt.queue_depth == 0)
    seen = [event["seq"] for event in heard.under("bed-1/event")]
    assert list(dict.fromkeys(seen)) == list(range(1, 801))


async def test_after_a_crash_of_the_broker_it_goes_on_where_acknowledgement_stopped(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        await bench.journal.append([bench.bed.event() for _ in range(500)])
        await until(lambda: bench.mqtt.queue_depth < 400)
        mosquitto.kill()
        await until(lambda: bench.mqtt.connected_since is None)
        acknowledged = 500 - bench.mqtt.queue_depth
    mosquitto.start()
    async with (
        listening(mosquitto, "bed-1/event") as heard,
        publishing(settings_for(mosquitto), tmp_path) as bench,
    ):
        await bench.journal.append([bench.bed.event()])
        await heard.until("bed-1/event", lambda event: event["seq"] == 501)
    seen = [event["seq"] for event in heard.under("bed-1/event")]
    assert seen == list(range(acknowledged + 1, 502))


async def test_what_the_broker_acknowledged_is_not_sent_again_by_the_next_run(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        await bench.journal.append([bench.bed.event() for _ in range(5)])
        await until(lambda: bench.mqtt.queue_depth == 0)
        assert bench.mqtt.published >= 5
    async with (
        listening(mosquitto, "bed-1/event") as heard,
        publishing(settings_for(mosquitto), tmp_path) as bench,
    ):
        await bench.journal.append([bench.bed.event()])
        await heard.until("bed-1/event")
    assert [event["seq"] for event in heard.under("bed-1/event")] == [6]


# Alarm states


async def test_an_alarm_is_retained_with_boot_seq_and_how_long_it_holds(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        await bench.append(("raised", "a-1"))
        await until(lambda: bench.mqtt.queue_depth == 0)
        async with listening(mosquitto) as heard:
            state = await heard.until("bed-1/alarm/a-1")
    assert heard.messages[-1][2]
    assert state["state"] == "active"
    assert state["values"] == {"spo2": 85.5}
    assert (state["boot"], state["seq"], state["durable"]) == ("boot-1", 1, True)
    left = parse_rfc3339(state["valid_until"]) - Clock().now().wall
    assert timedelta(seconds=60) < left <= timedelta(seconds=90)


async def test_an_alarm_that_waits_for_the_disk_is_published_and_again_when_stored(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with (
        listening(mosquitto) as heard,
        publishing(settings_for(mosquitto), tmp_path) as bench,
    ):
        await until(lambda: bench.mqtt.connected_since is not None)
        event = bench.bed.alarm("raised", "a-1")
        bench.mqtt.publish_unstored(event)
        first = await heard.until("bed-1/alarm/a-1")
        assert "bed-1/event" not in [name for name, _, _ in heard.messages]
        await bench.journal.append([event])
        second = await heard.until("bed-1/alarm/a-1")
    assert (first["durable"], second["durable"]) == (False, True)
    assert first["id"] == second["id"]


async def test_an_alarm_that_was_stored_during_an_outage_is_told_as_stored(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ward = FakeWard()
    async with publishing(settings_for(mosquitto), tmp_path, ward=ward) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        mosquitto.kill()
        await until(lambda: bench.mqtt.connected_since is None)
        ward.alarms = {"a-1": alarm("a-1")}
        event = bench.bed.alarm("raised", "a-1")
        bench.mqtt.publish_unstored(event)
        await bench.journal.append([event])
        async with _started(mosquitto), listening(mosquitto) as heard:
            assert (await heard.until("bed-1/alarm/a-1"))["durable"] is True


async def test_a_journal_that_cannot_be_read_keeps_no_alarm_back(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_publisher, "STORE_RETRY_S", 0.05)
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        mosquitto.kill()
        await until(lambda: bench.mqtt.connected_since is None)
        await bench.append(("raised", "a-1"))
        broken = BrokenJournal(f"sqlite:///{tmp_path}/postdose.db")
        broken.fail()
        mosquitto.start()
        await until(lambda: bench.mqtt.connected_since is not None)
        since = bench.mqtt.connected_since
        async with listening(mosquitto) as heard:
            bench.mqtt.publish_unstored(bench.bed.alarm("raised", "a-2"))
            assert (await heard.until("bed-1/alarm/a-2"))["durable"] is False
            assert heard.under("bed-1/event") == []
            broken.mend()
            assert (await heard.until("bed-1/event"))["seq"] == 1
        assert bench.mqtt.connected_since == since


async def test_after_an_outage_every_open_alarm_is_told_again(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ward = FakeWard()
    async with publishing(settings_for(mosquitto), tmp_path, ward=ward) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        ward.alarms = {"a-1": alarm("a-1"), "a-2": alarm("a-2", "latched")}
        await bench.append(("raised", "a-1"), ("raised", "a-2"))
        await until(lambda: bench.mqtt.queue_depth == 0)
        mosquitto.kill()
        await until(lambda: bench.mqtt.connected_since is None)
        mosquitto.start()
        async with listening(mosquitto) as heard:
            assert (await heard.until("bed-1/alarm/a-1"))["state"] == "active"
            assert (await heard.until("bed-1/alarm/a-2"))["state"] == "latched"


async def test_after_an_outage_an_alarm_that_ended_meanwhile_is_told_as_ended(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        mosquitto.kill()
        await until(lambda: bench.mqtt.connected_since is None)
        await bench.append(("raised", "a-1"), ("ended", "a-1"))
        async with _started(mosquitto), listening(mosquitto, "bed-1/alarm/a-1") as heard:
            await heard.until("bed-1/alarm/a-1")
    assert [state["state"] for state in heard.under("bed-1/alarm/a-1")] == ["ended"]


@asynccontextmanager
async def _started(broker: Mosquitto) -> AsyncIterator[None]:
    broker.start()
    yield


async def test_open_alarms_are_refreshed_before_they_are_out_of_date(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    clock = Clock(speed=100)
    ward = FakeWard(alarms={"a-1": alarm("a-1")})
    async with (
        listening(mosquitto, "bed-1/alarm/a-1") as heard,
        publishing(settings_for(mosquitto), tmp_path, ward=ward, clock=clock),
    ):
        first = await heard.until("bed-1/alarm/a-1")
        second = await heard.until("bed-1/alarm/a-1")
    assert second["valid_until"] > first["valid_until"]
    assert second["simulated"] is True


async def test_an_ended_alarm_is_cleared_after_an_hour_also_by_a_later_run(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    now = Clock().now().wall
    old, new = now - timedelta(minutes=61), now - timedelta(minutes=59)
    journal = Journal.open(f"sqlite:///{tmp_path}/postdose.db")
    bed = EventFactory()
    await journal.append(
        [
            *(bed.alarm("raised", name, at=old) for name in ("old", "again", "back", "new")),
            bed.alarm("reset", "old", at=old),
            bed.alarm("ended", "again", at=old),
            bed.alarm("re-raised", "again", at=old),
            bed.alarm("reset", "back", at=old),
            bed.alarm("unacknowledged", "back", at=old),
            bed.alarm("ended", "new", at=new),
        ]
    )
    await journal.close()
    async with (
        listening(mosquitto, "bed-1/alarm/+") as heard,
        publishing(settings_for(mosquitto), tmp_path) as bench,
    ):
        await heard.until("bed-1/alarm/old", lambda state: state is None)
        await until(lambda: bench.journal.cursor("mqtt.cleared") == 8)
    async with listening(mosquitto) as later:
        await later.until("status")
        await later.until("bed-1/alarm/new")
    topics = [name for name, _, _ in later.messages]
    assert "bed-1/alarm/old" not in topics
    assert None not in heard.under("bed-1/alarm/again")
    assert None not in heard.under("bed-1/alarm/back")
    assert None not in heard.under("bed-1/alarm/new")


# Sessions and vitals


async def test_a_session_is_retained_and_cleared_when_there_is_none(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ward = FakeWard()
    async with (
        listening(mosquitto, "bed-1/session") as heard,
        publishing(settings_for(mosquitto), tmp_path, ward=ward) as bench,
    ):
        await until(lambda: bench.mqtt.connected_since is not None)
        ward.session_of["bed-1"] = {"id": "s-1", "state": "baseline"}
        await bench.journal.append([bench.bed.event("session.started")])
        state = await heard.until("bed-1/session", lambda state: state is not None)
        del ward.session_of["bed-1"]
        await bench.journal.append([bench.bed.event("session.closed")])
        assert await heard.until("bed-1/session", lambda state: state is None) is None
    assert (state["id"], state["boot"], state["seq"]) == ("s-1", "boot-1", 1)


async def test_what_is_written_down_beside_the_beds_is_an_event_and_no_beds_session(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ward = FakeWard(session_of={"bed-1": {"id": "s-1"}})
    async with (
        listening(mosquitto) as heard,
        publishing(settings_for(mosquitto), tmp_path, ward=ward) as bench,
    ):
        await until(lambda: bench.mqtt.connected_since is not None)
        await bench.journal.append([EventFactory("records").event("form.sent")])
        await bench.journal.append([bench.bed.event("note.added")])
        await heard.until("bed-1/event")
    assert [event["type"] for event in heard.under("records/event")] == ["form.sent"]
    assert heard.under("records/session") == []


async def test_vitals_are_told_at_most_once_a_second_and_only_the_latest(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ward = FakeWard()
    async with (
        listening(mosquitto, "bed-1/vitals") as heard,
        publishing(settings_for(mosquitto), tmp_path, ward=ward),
    ):
        for value in range(90, 98):
            ward.vitals_of["bed-1"] = {"spo2": {"value": value, "unit": "%"}}
            await Clock().sleep(0.3)
        await heard.until("bed-1/vitals", lambda s: s["vitals"]["spo2"]["value"] == 97)
    told = heard.under("bed-1/vitals")
    assert len(told) <= 4
    assert all(a["at"] < b["at"] for a, b in itertools.pairwise(told))
    assert told[-1]["boot"] == "boot-1"


# Messages to us


async def test_messages_to_us_reach_their_handler_and_a_bad_one_hurts_nobody(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    got: list[tuple[str, bytes]] = []

    def handle(topic: str, payload: bytes) -> None:
        json.loads(payload)
        got.append((topic, payload))

    handlers = {"station/+/receipt": handle}
    async with publishing(settings_for(mosquitto), tmp_path, handlers=handlers) as bench:
        await until(lambda: bench.mqtt.connected_since is not None)
        async with Client("127.0.0.1", mosquitto.port) as display:
            await display.publish(f"{SITE}/station/board/receipt", b"\xff\x00", qos=1)
            await display.publish(f"{SITE}/station/board/receipt", b'{"alarm":"a-1"}', qos=1)
        await until(lambda: len(got) == 1)
        assert got == [("station/board/receipt", b'{"alarm":"a-1"}')]
        assert bench.mqtt.connected_since is not None


# Ways in


async def test_without_a_broker_it_goes_on_trying_and_says_why(tmp_path: Path) -> None:
    broker = Mosquitto(_directory(tmp_path))
    async with publishing(settings_for(broker), tmp_path) as bench:
        await until(lambda: bench.mqtt.failure is not None)
        assert bench.mqtt.disconnected_since is not None
        assert broker.url in (bench.mqtt.failure or "")
        with broker:
            await until(lambda: bench.mqtt.connected_since is not None)
            assert bench.mqtt.failure is None
            assert bench.mqtt.disconnected_since is None


async def test_pushed_out_again_and_again_it_comes_back_ever_more_slowly(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "LAST_RETRY_S", 60.0)
    rounds = 6
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        for _ in range(rounds):
            await until(lambda: bench.mqtt.connected_since is not None)
            with suppress(MqttError):
                async with Client("127.0.0.1", mosquitto.port, identifier="postdose-clinic-1"):
                    await until(lambda: bench.mqtt.connected_since is None)
            lost = bench.mqtt.disconnected_since
        await until(lambda: bench.mqtt.connected_since is not None)
        back = bench.mqtt.connected_since
    assert lost is not None
    assert back is not None
    assert back.mono - lost.mono >= publisher.FIRST_RETRY_S * 2 ** (rounds - 1) / 2


class _Pauses(Clock):
    """A fast clock that remembers what it was asked to wait."""

    def __init__(self) -> None:
        super().__init__(speed=100)
        self.asked_s: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.asked_s.append(seconds)
        await super().sleep(seconds)


async def test_an_attempt_that_takes_long_is_no_connection_that_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.mqtt.connection.ANSWER_S", 0.2)
    clock = _Pauses()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = MqttSettings(f"mqtt://127.0.0.1:{silent.getsockname()[1]}", "clinic-1")
        async with publishing(settings, tmp_path, clock=clock):
            await until(lambda: len(clock.asked_s) >= 4)
    assert clock.asked_s[3] > publisher.FIRST_RETRY_S


async def test_a_wrong_password_is_said_and_a_right_one_works(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    with Mosquitto(_directory(tmp_path), users={"postdose": "right"}) as broker:
        settings = settings_for(broker, username="postdose", password_file=secret)
        async with publishing(settings, tmp_path, clock=Clock(speed=300)) as bench:
            await until(lambda: bench.mqtt.failure is not None)
            assert "check mqtt.username and mqtt.password_file" in (bench.mqtt.failure or "")
            secret.write_bytes("ungültig".encode("latin-1"))
            await until(lambda: "password is not UTF-8" in (bench.mqtt.failure or ""))
            secret.write_text("right\n")
            await until(lambda: bench.mqtt.connected_since is not None)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of localhost that nobody but the test knows, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


async def test_it_speaks_tls_to_a_broker_whose_certificate_it_knows(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    with Mosquitto(_directory(tmp_path), tls=certificate) as broker:
        url = f"mqtts://localhost:{broker.port}"
        settings = MqttSettings(url, "clinic-1", ca=certificate[0])
        async with publishing(settings, tmp_path) as bench:
            await until(lambda: bench.mqtt.connected_since is not None)


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
async def test_it_does_not_speak_to_a_broker_whose_certificate_it_does_not_know(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    with Mosquitto(_directory(tmp_path), tls=certificate) as broker:
        url = f"mqtts://localhost:{broker.port}"
        async with publishing(MqttSettings(url, "clinic-1"), tmp_path) as bench:
            await until(lambda: bench.mqtt.failure is not None)
            assert "certificate verify failed" in (bench.mqtt.failure or "")
        assert "certificate verify failed" in (
            await broker_fault(MqttSettings(url, "clinic-1")) or ""
        )
        known = MqttSettings(url, "clinic-1", ca=certificate[0])
        assert await broker_fault(known) is None
    gc.collect()


async def test_a_look_at_the_broker_signs_in_and_puts_nobody_out(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("right\n")
    with Mosquitto(_directory(tmp_path), users={"postdose": "right"}) as broker:
        settings = settings_for(broker, username="postdose", password_file=secret)
        async with publishing(settings, tmp_path) as bench:
            await until(lambda: bench.mqtt.connected_since is not None)
            since = bench.mqtt.connected_since
            assert await broker_fault(settings) is None
            stranger = settings_for(broker)
            assert "check mqtt.username" in (await broker_fault(stranger) or "")
            assert (bench.mqtt.connected_since, bench.mqtt.failure) == (since, None)


def _directory(parent: Path) -> Path:
    directory = parent / "broker"
    directory.mkdir()
    return directory


async def test_a_server_that_never_answers_is_left_cleanly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.mqtt.connection.ANSWER_S", 0.2)
    open_now: set[asyncio.StreamWriter] = set()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        await reader.read()
        open_now.discard(writer)
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        settings = MqttSettings(f"mqtt://127.0.0.1:{port}", "clinic-1")
        async with publishing(settings, tmp_path) as bench:
            await until(lambda: bench.mqtt.failure is not None)
            assert "timed out" in (bench.mqtt.failure or "")
        await until(lambda: not open_now)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:1883", "http://broker", "mqtt://", "mqtt://u:p@broker", "mqtt://b/path"]
)
def test_an_address_that_cannot_be_right_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"mqtt\.url"):
        MqttSettings(url, "clinic-1")


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("mqtt://broker", "broker", 1883),
        ("mqtts://broker", "broker", 8883),
        ("mqtt://[::1]:1884", "::1", 1884),
    ],
)
def test_the_port_is_the_protocols_own_unless_named(url: str, host: str, port: int) -> None:
    settings = MqttSettings(url, "clinic-1")
    assert (settings.host, settings.port) == (host, port)
