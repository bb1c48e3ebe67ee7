"""A file of a device's bytes is read as the daemon would have read them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.capture_writer import Captures
from drivers.clock import Clock
from drivers.device import Device
from drivers.links import MemoryPort
from drivers.readings import DeviceReport, LinkChanged
from drivers.registry import DeviceSpec
from monitor.bed import DeviceInput, dump
from monitor.cli.decoding import decoded
from simulators.devices import DEVICES, build
from simulators.scenario import load_scenario
from tests.virtual import virtual_time


def captured(name: str, dialect: str, seconds: int = 20) -> bytes:
    line = build(name, load_scenario("calm").patient(7, dose_at_s=None), dialect=dialect)
    return b"".join(line.advance(tenth / 10) for tenth in range(10 * seconds))


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


def test_an_empty_capture_gives_nothing() -> None:
    assert decoded(spec("nonin"), b"") == ([], "0 bytes, 0 frames of nonin; lost: none")


# ── a capture ───────────────────────────────────────────────────────────────────────────

START = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)


async def told_live(
    name: str, dialect: str, folder: Path
) -> tuple[list[tuple[float, str]], str | None, Path]:
    """What a daemon was told in 20 s, each at its second, in which dialect, and the capture."""
    clock = Clock(source=asyncio.get_running_loop().time, start=START)
    reports: list[tuple[float, str]] = []

    def sink(report: DeviceReport) -> None:
        if not isinstance(report.item, LinkChanged):
            reports.append((report.at.mono, dump(DeviceInput("device", report.item))))

    line = build(name, load_scenario("calm").patient(7, dose_at_s=None), dialect=dialect)
    captures = Captures(folder, [("bed-1", "device")], clock)
    with MemoryPort("file") as port:
        spec = DeviceSpec("device", name, "memory://file")
        device = Device(spec, sink, clock, capture=captures.of("bed-1", spec))
        port.on_bytes = lambda data: port.send(line.receive(data, clock.now().mono))
        running = asyncio.create_task(device.run())
        for _ in range(200):
            await clock.sleep(0.1)
            port.send(line.advance(clock.now().mono))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    captures.close()
    (path,) = (folder / "bed-1" / "device").iterdir()
    return reports, device.codec.dialect, path


@pytest.mark.parametrize(
    ("name", "dialect"), [(name, dialect) for name in DEVICES for dialect in DEVICES[name].dialects]
)
@virtual_time()
async def test_a_capture_gives_what_the_daemon_was_told_when_it_was_told(
    name: str, dialect: str, tmp_path: Path
) -> None:
    live, heard, path = await told_live(name, dialect, tmp_path)
    told, summary = decoded(spec(name), path.read_bytes())
    items = [json.loads(line) for line in told]
    if name == "suntech":  # Its codec only listens here.
        assert {item["is"] for item in items} == {"CuffState"}
        return
    assert live
    assert f"frames of {heard};" in summary
    assert [line.partition('"is"')[2] for line in told] == [
        text.partition('"is"')[2] for _, text in live
    ]
    for item, (at_s, _) in zip(items, live, strict=True):
        assert datetime.fromisoformat(item["at"]) == START + timedelta(seconds=item["t_s"])
        assert abs(item["t_s"] - (at_s - live[0][0] + items[0]["t_s"])) < 0.002
