"""A file of a device's bytes is read as the daemon would have read them."""

import asyncio
import json
from pathlib import Path

import pytest

from drivers.registry import DeviceSpec
from monitor.cli.decoding import decoded
from simulators.clock import Timeline
from simulators.device_server import DeviceServer
from simulators.devices import build
from simulators.scenario import load_scenario
from tests.virtual import virtual_clock, virtual_time


class Tap:
    """A port that keeps what the simulated device sends."""

    url = "tap://"

    def __init__(self) -> None:
        self.sent = bytearray()

    async def open(self, _on_bytes: object) -> None:
        pass

    def write(self, data: bytes) -> None:
        self.sent += data

    async def close(self) -> None:
        pass


def captured(name: str, dialect: str, seconds: float = 20.0) -> bytes:
    tap = Tap()

    @virtual_time()
    async def run() -> None:
        patient = load_scenario("calm").patient(7, dose_at_s=None)
        server = DeviceServer(build(name, patient, dialect=dialect), tap, Timeline())
        running = asyncio.create_task(server.run())
        await virtual_clock().sleep(seconds)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run()
    return bytes(tap.sent)


def spec(driver: str, dialect: str | None = None) -> DeviceSpec:
    return DeviceSpec("device", driver, "memory://file", dialect)


@pytest.mark.parametrize(
    ("name", "dialect"), [("nonin", "2"), ("nonin", "7"), ("masimo", "rad8"), ("cms50", "contec")]
)
def test_a_capture_gives_its_readings_and_its_dialect(name: str, dialect: str) -> None:
    told, summary = decoded(spec(name), captured(name, dialect))
    measured = [item for item in map(json.loads, told) if item["is"] == "Measurement"]
    assert measured
    vitals = {reading["vital"]: reading["value"] for reading in measured[-1]["readings"]}
    assert 90 <= vitals["spo2"] <= 100
    assert summary.endswith("lost: none") or "skipped-byte" in summary
    assert f"frames of {dialect}" in summary


def test_what_is_lost_is_counted() -> None:
    data = captured("nonin", "7")
    told, summary = decoded(spec("nonin"), data[:40] + data[41:])
    assert told
    assert "lost: " in summary
    assert "lost: none" not in summary


def test_bytes_of_another_device_give_nothing() -> None:
    told, summary = decoded(spec("masimo"), captured("nonin", "2"))
    assert told == []
    assert " 0 frames" in summary


def test_an_empty_capture_gives_nothing(tmp_path: Path) -> None:
    assert decoded(spec("nonin"), b"") == ([], "0 bytes, 0 frames of nonin; lost: none")
