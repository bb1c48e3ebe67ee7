"""A recording of numerics played by the devices."""

import re
from pathlib import Path

import pytest

from simulators.columns import parse_columns
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


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "record.csv"
    file.write_text(f"\ufeff{HEAD}\n0,60,61,12,97,,,\n")
    stream = build("nonin", load_numerics(file)).advance(60.0)
    assert 97 in {p.spo2 for p in packets(stream)}


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="cannot be read"):
        load_numerics(tmp_path / "none.csv")


# ── what people have ────────────────────────────────────────────────────────────────────

EXPORTS = {
    "wellue": """Time,SpO2(%),Pulse Rate(bpm),Motion,SpO2 Reminder,PR Reminder,
"11:59:58PM Jun 19, 2026",97,60,0,0,0,
"12:00:02AM Jun 20, 2026",93,71,0,0,0,
""",
    "checkme": """Time, Oxygen Level, Pulse Rate, Motion, O2 Reminder, PR Reminder
23:59:58 Jun 26 2026,97,60,0,0,0
00:00:02 Jun 27 2026,93,71,0,0,0
""",
    "emay": """Date,Time,SpO2(%),PR(bpm)
2/26/2024,11:59:58 PM,97,60
2/27/2024,12:00:02 AM,93,71
""",
    "spo2 assistant": "DATE, TIME, SPO2, PULSE\r\n2021-04-30, 11:28:39, 97, 60\r\n\r\n"
    "2021-04-30, 11:28:43, 93, 71\r\n",
    "two columns, a row a second": "SpO2,Pulse\n97,60\n97,60\n97,60\n97,60\n93,71\n",
    "vitaldb": """Time,Solar8000/HR,Solar8000/PLETH_SPO2,Solar8000/PLETH_HR
0.0,62,97,60
1.0,,,
2.0,62,,
4.0,70,93,71
""",
    "bidmc": "Time [s], HR, PULSE, RESP, SpO2\n0,62,60,12,97\n4,70,71,12,93\n",
    "rdsamp": """'Elapsed time','HR','PULSE','RESP','SpO2'
'hh:mm:ss.mmm','bpm','bpm','pm','%'
'0:00.000',62.000,60.000,-,97.000
'0:04.000',70.000,71.000,-,93.000
""",
    "a spreadsheet in German": "\ufeffsep=;\nPatient;7\n\nZeit;SpO₂ [%];Puls\n"
    "0,0;97,0;60,0\n4,0;93,0;71,0\n",
    "unix milliseconds": "timestamp,spo2,pr\n1710489600000,97,60\n1710489604000,93,71\n",
}
NAMED = {"a spreadsheet in German": "second=Zeit,pulse_bpm=puls"}


@pytest.mark.parametrize("of", EXPORTS)
def test_what_exporters_write_is_read_at_its_seconds(of: str, tmp_path: Path) -> None:
    file = tmp_path / "record.csv"
    file.write_text(EXPORTS[of], newline="")
    named = parse_columns(NAMED[of]) if of in NAMED else None
    source = load_numerics(file, named, frozenset({"spo2_pct", "pulse_per_min"}))
    seen = [(source.at(t).spo2_pct, source.at(t).pulse_per_min) for t in (0.0, 3.9, 4.0, 13.9)]
    assert seen == [(97, 60), (97, 60), (93, 71), (93, 71)]
    assert source.at(14.0).spo2_pct is None


def test_a_cuff_has_the_pressures_of_a_vitaldb_track() -> None:
    text = "Time,Solar8000/NIBP_SBP,Solar8000/NIBP_DBP,Solar8000/NIBP_MBP\n1,131,66,88\n300,,,\n"
    source = parse_numerics(text.splitlines(keepends=True), "r.csv")
    assert pressures(source, 100.0) == (131, 66, 0)
    assert pressures(source, 301.0) == (131, 66, 0)


@pytest.mark.parametrize("row", ["2,0,0", "2,--,--", "2,-,-", "2,255,65535"])
def test_what_an_exporter_writes_for_no_value_is_missing_at_once(row: str) -> None:
    source = parse_numerics(["second,spo2,pr\n", "0,97,60\n", f"{row}\n", "4,97,60\n"], "r.csv")
    assert [source.at(t).spo2_pct for t in (1.0, 2.0, 4.0)] == [97, None, 97]
    assert [source.at(t).pulse_per_min for t in (1.0, 2.0, 4.0)] == [60, None, 60]


def test_a_value_is_held_for_ten_seconds_or_as_long_as_rows_are_apart() -> None:
    lines = ["second,spo2,pr\n", *(f"{n},97,60\n" for n in range(3)), "60,90,60\n"]
    seconds = parse_numerics(lines, "r.csv")
    assert [seconds.at(t).spo2_pct for t in (11.9, 12.0, 60.0)] == [97, None, 90]
    chart = parse_numerics(["time,spo2,pr\n", "8:00,97,60\n", "8:05,90,60\n"], "r")
    assert [chart.at(t).spo2_pct for t in (299.0, 300.0, 599.0, 600.0)] == [97, 90, 90, None]


def test_minutes_may_be_said_by_the_columns_unit() -> None:
    source = parse_numerics(["Time (min),spo2,pr\n", "0,97,60\n", "0.5,90,60\n"], "r.csv")
    assert [source.at(t).spo2_pct for t in (29.0, 30.0)] == [97, 90]


OXIMETER = frozenset({"spo2_pct", "pulse_per_min"})
CUFF = frozenset({"sys_mmhg", "dia_mmhg"})


@pytest.mark.parametrize(
    ("text", "says", "said"),
    [
        (
            "Zeit,Sat,PR\n",
            OXIMETER,
            "r.csv, line 1: no column is spo2_pct; there are Zeit, Sat, PR: "
            "name it, as --columns spo2_pct=Zeit",
        ),
        ("Zeit,SpO2,PR\n", OXIMETER, "r.csv, line 1: no column is minute, second or time"),
        ("time,SpO2,PR\n", CUFF, "no column is nibp_sys_mmhg or nibp_dia_mmhg"),
        ("time,SpO2,PR,SBP\n", CUFF, "no column is nibp_dia_mmhg"),
        ("\n\ntime,a\n", OXIMETER, "r.csv, line 3: no column is spo2_pct or pulse_bpm"),
        ("time,SpO2,PR\nsoon,97,60 1\n", OXIMETER, "line 2: 'soon' is no time"),
        ("time,SpO2,PR\n5,97,60\n4,97,60\n", OXIMETER, "line 3: the time '4' is before"),
        ("time,SpO2,PR\n9:00,97,60\n8:00,97,60\n", OXIMETER, "line 3: the time '8:00' is"),
        ("time,SpO2,PR\n5,97\n", OXIMETER, "line 2: 3 fields are needed, not 2"),
        ("time,SpO2,PR\n5,97,60,1\n", OXIMETER, "line 2: 3 fields are needed, not 4"),
        ("time,SpO2,PR\n5,good,60\n", OXIMETER, "line 2: spo2_pct must be a number"),
        ("time,SpO2,PR\n", OXIMETER, "there is no row after the columns"),
    ],
)
def test_what_a_record_lacks_is_said_and_how_to_name_it(
    text: str, says: frozenset[str], said: str
) -> None:
    with pytest.raises(SimulationError, match=re.escape(said)):
        parse_numerics(text.splitlines(keepends=True), "r.csv", says=says)


def test_a_column_that_a_record_need_not_have_can_be_said() -> None:
    lines = ["time,SpO2\n", "0,97\n"]
    source = parse_numerics(lines, "r.csv", parse_columns("pulse_bpm=-"), OXIMETER)
    assert (source.at(0.0).spo2_pct, source.at(0.0).pulse_per_min) == (97, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spo2_pct", "--columns 'spo2_pct': write NAME=COLUMN, as spo2_pct=SpO2"),
        ("sp02_pct=Sat", "--columns 'sp02_pct': did you mean spo2_pct?"),
        ("spo2_pct=Saat", "r.csv, line 1: no column 'Saat': did you mean Sat?"),
    ],
)
def test_columns_that_are_named_wrongly_are_told(text: str, said: str) -> None:
    with pytest.raises(SimulationError, match=re.escape(said)):
        parse_numerics(["time,Sat,PR\n", "0,97,60\n"], "r.csv", parse_columns(text))
