"""What is wrong with a broker is named, with the way out, and counts until it is mended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from aiomqtt import MqttError

from drivers.clock import Clock
from monitor.mqtt import MqttPublisher, MqttSettings, broker_fault, publisher
from monitor.mqtt.faults import in_words
from tests.monitor.mqtt.test_publisher import publishing, settings_for, until
from tests.servers import Mosquitto


def is_connected(mqtt: MqttPublisher, so: bool) -> bool:
    return (mqtt.connected_since is not None) is so


WITHOUT = {
    "retain_available false": ("Retain not supported", "Mosquitto: retain_available"),
    "max_qos 0": ("QoS not supported", "Mosquitto: max_qos"),
}


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "FIRST_RETRY_S", 0.02)
    monkeypatch.setattr(publisher, "LAST_RETRY_S", 0.2)


def broker(folder: Path, *options: str) -> Mosquitto:
    directory = folder / "broker"
    directory.mkdir()
    return Mosquitto(directory, options=options)


@pytest.mark.parametrize("option", WITHOUT)
async def test_a_broker_without_what_we_need_is_named_with_the_way_out(
    tmp_path: Path, option: str
) -> None:
    with broker(tmp_path, option) as lacking:
        async with publishing(settings_for(lacking), tmp_path) as bench:
            await until(lambda: bench.mqtt.failure is not None)
            for words in WITHOUT[option]:
                assert words in (bench.mqtt.failure or "")
            assert "password" not in (bench.mqtt.failure or "")
            assert bench.mqtt.connected_since is None
        assert WITHOUT[option][1] in (await broker_fault(settings_for(lacking)) or "")


async def test_over_the_older_protocol_a_broker_that_hangs_up_is_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.mqtt.connection.ANSWER_S", 0.5)
    with broker(tmp_path, "retain_available false") as lacking:
        settings = settings_for(lacking, protocol="3.1.1")
        async with publishing(settings, tmp_path) as bench:
            await until(lambda: bench.mqtt.failure is not None)
            assert "closed the connection instead of an answer" in (bench.mqtt.failure or "")
            assert 'mqtt.protocol = "5"' in (bench.mqtt.failure or "")


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_second_daemon_of_the_site_is_named_by_both_until_one_is_gone(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.setattr(publisher, "STEADY_S", 2.0)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    settings = settings_for(mosquitto, protocol=protocol)
    async with publishing(settings, folders[0]) as one:
        async with publishing(settings, folders[1]) as two:
            await until(lambda: bool(one.mqtt.failure and two.mqtt.failure))
            for mqtt in (one.mqtt, two.mqtt):
                await until(partial(is_connected, mqtt, False))
                since = mqtt.disconnected_since
                for _ in range(5):
                    await until(partial(is_connected, mqtt, True))
                    assert "another daemon" in (mqtt.failure or "")
                    assert "postdose-clinic-1" in (mqtt.failure or "")
                    await until(partial(is_connected, mqtt, False))
                    assert mqtt.disconnected_since == since
        await until(lambda: one.mqtt.failure is None)
        assert one.mqtt.connected_since is not None


async def test_a_connection_that_held_is_mended_by_the_next_and_one_that_did_not_is_not(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "STEADY_S", 0.1)
    async with publishing(settings_for(mosquitto), tmp_path) as bench:
        await until(partial(is_connected, bench.mqtt, True))
        await Clock().sleep(0.5)
        monkeypatch.setattr(publisher, "STEADY_S", 1000.0)
        said = []
        for _ in range(2):
            mosquitto.kill()
            await until(partial(is_connected, bench.mqtt, False))
            mosquitto.start()
            await until(partial(is_connected, bench.mqtt, True))
            said.append(bench.mqtt.failure)
    assert said[0] is None
    assert said[1] is not None


@asynccontextmanager
async def saying(*packets: bytes) -> AsyncIterator[str]:
    """A server that says `packets` to whoever comes, and hangs up; gives its url."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read(1000)
            writer.write(b"".join(packets))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    async with server:
        yield f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"


CONNACK = bytes.fromhex("20 03 00 00 00")


@pytest.mark.parametrize(
    ("packets", "words"),
    [
        ((CONNACK, bytes.fromhex("E0 02 8E 00")), "another client signed in as postdose-clinic-1"),
        ((CONNACK, bytes.fromhex("E0 02 8B 00")), "(0x8B); see its log"),
        ((bytes.fromhex("20 05 00 00 02 25 00"),), "Mosquitto: retain_available"),
        ((bytes.fromhex("20 03 00 84 00"),), 'mqtt.protocol = "3.1.1"'),
    ],
)
async def test_what_a_broker_says_as_it_ends_a_connection_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packets: tuple[bytes, ...], words: str
) -> None:
    monkeypatch.setattr("monitor.mqtt.connection.ANSWER_S", 0.5)
    async with (
        saying(*packets) as url,
        publishing(MqttSettings(url, "clinic-1"), tmp_path) as bench,
    ):
        await until(lambda: bench.mqtt.failure is not None)
        assert words in (bench.mqtt.failure or "")


def test_what_no_broker_said_stays_as_it_is() -> None:
    settings = MqttSettings("mqtt://broker", "clinic-1")
    assert in_words(OSError("Connection refused"), settings) == "Connection refused"
    assert in_words(MqttError("Operation timed out"), settings) == "Operation timed out"
