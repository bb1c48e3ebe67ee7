"""A file of a device's bytes is read as the daemon would have read them."""

import json

import pytest

from drivers.registry import DeviceSpec
from monitor.cli.decoding import decoded
from simulators.devices import build
from simulators.scenario import load_scenario


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
