"""A recording of numerics played by the devices."""

from pathlib import Path

import pytest

from simulators.devices import build
from simulators.errors import SimulationError
from simulators.numerics import COLUMNS, NumericsRecord, load_numerics, parse_numerics
from tests.simulators.devices.nonin_page import MISSING_RATE, MISSING_SPO2, packets

HEAD = ",".join(COLUMNS)


def record(*rows: str) -> NumericsRecord:
    return parse_numerics([f"{row}\n" for row in (HEAD, *rows)], "r.csv")


def pressures(source: NumericsRecord, at_s: float) -> tuple[int, int, int]:
    """Systolic, diastolic and error of a measurement started at `at_s`."""
    cuff = build("suntech", source)
    cuff.receive(bytes.fromhex("3A 20 A6"), at_s)
    cuff.advance(at_s + 100)
    frame = cuff.receive(bytes.fromhex("3A 79 03 00 4A"), at_s + 100)
    return frame[2] | frame[3] << 8, frame[4] | frame[5] << 8, frame[20]


def test_an_oximeter_holds_the_values_of_the_minute() -> None:
    stream = build("nonin", record("0,60,61,12,97,,,", "1,80,82,12,91,,,")).advance(120.0)
    shown = [(p.spo2, p.rate) for p in packets(stream)]
    assert set(shown[30:180]) == {(97, 61)}
    assert set(shown[210:]) == {(91, 82)}


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("0,60,0,12,0,,,", (MISSING_SPO2, MISSING_RATE)),
        ("0,60,61,12,0,,,", (MISSING_SPO2, 61)),
        ("0,60,0,12,95,,,", (95, MISSING_RATE)),
        ("0,60,,12,,,,", (MISSING_SPO2, MISSING_RATE)),
    ],
)
def test_what_the_monitor_did_not_give_is_the_device_s_own_missing(
    row: str, shown: tuple[int, int]
) -> None:
    packet = packets(build("nonin", record(row)).advance(50.0))[-1]
    assert (packet.spo2, packet.rate) == shown


def test_after_the_last_minute_nothing_is_known() -> None:
    packet = packets(build("nonin", record("0,60,61,12,97,,,")).advance(90.0))[-1]
    assert (packet.spo2, packet.rate) == (MISSING_SPO2, MISSING_RATE)


def test_a_cuff_gives_the_latest_pressure_at_or_before_now() -> None:
    source = record("0,60,61,12,97,120,72,89", "1,60,61,12,97,,,", "2,60,61,12,97,131,66,88")
    assert pressures(source, 90.0) == (120, 72, 0)
    assert pressures(source, 120.0) == (131, 66, 0)


def test_a_cuff_fails_with_weak_oscillations_before_the_first_pressure() -> None:
    assert pressures(record("0,60,61,12,97,,,", "1,60,61,12,97,120,72,89"), 10.0) == (0, 0, 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "r.csv: there is no row"),
        (["0,60,61,12,97,,"], "r.csv, line 2: 8 fields are needed, not 7"),
        (["0,60,61,12,97,,,", "1,60,x,12,97,,,"], "line 3: pulse_bpm must be a number.*'x'"),
        (["0,60,-4,12,97,,,"], "line 2: pulse_bpm must be a number from 0"),
        (["0,60,nan,12,97,,,"], "line 2: pulse_bpm must be a number from 0"),
        (["0,,,,,,,", "0,,,,,,,"], "line 3: minute must be a new whole number"),
        ([",,,,,,,"], "line 2: minute must be a new whole number"),
        (["0.5,,,,,,,"], "line 2: minute must be a new whole number"),
    ],
)
def test_a_bad_file_is_told_its_line(rows: list[str], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        record(*rows)


def test_other_columns_are_refused() -> None:
    with pytest.raises(SimulationError, match="line 1: the columns must be minute,hr_bpm"):
        parse_numerics(["a,b\n"], "r.csv")


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "record.csv"
    file.write_text(f"\ufeff{HEAD}\n0,60,61,12,97,,,\n")
    stream = build("nonin", load_numerics(file)).advance(60.0)
    assert 97 in {p.spo2 for p in packets(stream)}


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="cannot be read"):
        load_numerics(tmp_path / "none.csv")
