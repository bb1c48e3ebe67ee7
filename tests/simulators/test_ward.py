"""A ward in one process, commanded through JSON lines."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import serial

from simulators.errors import SimulationError
from simulators.scenario import load_scenario
from simulators.ward import make_bed
from tests.patience import HOPELESS_S
from tests.simulators.test_cli import running
from tests.virtual import virtual_time


def tell(ward: Popen[str], line: object) -> None:
    assert ward.stdin is not None
    ward.stdin.write(json.dumps(line) + "\n")
    ward.stdin.flush()


def told(ward: Popen[str]) -> Any:
    assert ward.stdout is not None
    return json.loads(ward.stdout.readline())


def two_beds(folder: Path) -> list[dict[str, object]]:
    return [
        {
            "id": name,
            "scenario": "dissociation",
            "seed": seed,
            "speed": 60,
            "devices": [
                {"kind": "nonin", "pty": str(folder / f"{name}-oximeter")},
                {"kind": "suntech", "pty": str(folder / f"{name}-cuff")},
            ],
        }
        for seed, name in enumerate(("bed-1", "bed-2"))
    ]


def test_a_ward_says_where_its_devices_are(tmp_path: Path) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        assert told(ward) == {
            "beds": {
                bed: {
                    "oximeter": str(tmp_path / f"{bed}-oximeter"),
                    "cuff": str(tmp_path / f"{bed}-cuff"),
                }
                for bed in ("bed-1", "bed-2")
            }
        }


def test_a_ward_ends_with_its_input_and_takes_its_links_away(tmp_path: Path) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        told(ward)
        assert len(os.listdir(tmp_path)) == 4
        assert ward.stdin is not None
        ward.stdin.close()
        assert ward.wait(HOPELESS_S) == 0
    assert os.listdir(tmp_path) == []


def test_vitals_are_set_for_one_bed_until_they_are_unset(tmp_path: Path) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        told(ward)
        for set_ in ({"set": {"spo2": 71}}, {}, {"unset": ["spo2"]}):
            if set_:
                tell(ward, {"bed": "bed-1", **set_})
            tell(ward, {"bed": "bed-1" if set_ else "bed-2", "ask": "patient"})
        spo2 = [told(ward)["vitals"]["spo2_pct"] for _ in range(3)]
    assert spo2[0] == 71
    assert min(spo2[1:]) > 71


def test_a_dose_is_for_one_bed_only(tmp_path: Path) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        told(ward)
        tell(ward, {"bed": "bed-1", "dose": True})
        tell(ward, {"bed": "bed-1", "ask": "patient"})
        tell(ward, {"bed": "bed-2", "ask": "patient"})
        assert told(ward)["script_s"] >= 0
        assert told(ward)["script_s"] is None


def test_asked_for_the_patient_it_tells_what_is_true(tmp_path: Path) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        told(ward)
        tell(ward, {"bed": "bed-2", "ask": "patient"})
        answer = told(ward)
    patient = load_scenario("dissociation").patient(seed=1)
    assert answer["vitals"] == asdict(patient.at(answer["at_s"]))


def test_a_fault_is_for_one_device_only(tmp_path: Path) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        urls = told(ward)["beds"]["bed-1"]
        tell(ward, {"bed": "bed-1", "device": "cuff", "fault": "cuff-asleep"})
        tell(ward, {"bed": "bed-1", "device": "oximeter", "fault": "silent"})
        tell(ward, {"bed": "bed-1", "device": "oximeter", "clear_fault": "silent"})
        tell(ward, {"bed": "bed-1", "ask": "patient"})
        told(ward)
        with serial.Serial(urls["cuff"], timeout=HOPELESS_S) as cuff:
            cuff.write(bytes.fromhex("3A 20 A6"))
            assert cuff.read(4) == bytes.fromhex("3E 04 53 6B")
        with serial.Serial(urls["oximeter"], timeout=HOPELESS_S) as oximeter:
            assert len(oximeter.read(125)) == 125


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ({"bed": "bed-1", "device": "cuff", "fault": "finger-off"}, "suntech cannot show"),
        ({"bed": "bed-1", "device": "cuff", "fault": "leak"}, "did you mean"),
        ({"bed": "bed-9", "dose": True}, "bed-9"),
        ({"bed": "bed-1"}, "nothing to do"),
        ("dose", "command"),
    ],
)
def test_a_command_that_cannot_be_done_is_reported_and_the_ward_goes_on(
    tmp_path: Path, command: object, said: str
) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        told(ward)
        tell(ward, command)
        assert ward.stderr is not None
        assert said in ward.stderr.readline()
        tell(ward, {"bed": "bed-1", "ask": "patient"})
        assert told(ward)["bed"] == "bed-1"


@pytest.mark.parametrize(
    "line", [[{"id": "bed-1"}], {"id": 3}, [{"id": "b", "scenario": "clam", "devices": []}], 7]
)
def test_a_ward_that_cannot_be_made_is_a_failure_in_one_line(line: object) -> None:
    with running("ward") as (ward, _):
        tell(ward, line)
        assert ward.wait(HOPELESS_S) == 1
        assert ward.stderr is not None
        assert ward.stderr.read().count("\n") == 1


def test_a_device_that_cannot_come_back_is_a_failure_in_one_line(tmp_path: Path) -> None:
    with running("ward") as (ward, _):
        tell(ward, two_beds(tmp_path))
        url = Path(told(ward)["beds"]["bed-1"]["oximeter"])
        with serial.Serial(str(url), timeout=HOPELESS_S) as line:
            tell(ward, {"bed": "bed-1", "device": "oximeter", "fault": "unplugged"})
            with pytest.raises(serial.SerialException):
                line.read(1_000_000)
        while url.is_symlink():
            tell(ward, {"bed": "bed-1", "ask": "patient"})
            told(ward)
        url.write_text("mine")
        tell(ward, {"bed": "bed-1", "device": "oximeter", "clear_fault": "unplugged"})
        assert ward.wait(HOPELESS_S) == 1
        assert ward.stderr is not None
        assert ward.stderr.read().count("\n") == 1
    assert os.listdir(tmp_path) == [url.name]


@virtual_time()
async def test_the_devices_of_a_bed_share_their_patient() -> None:
    bed = make_bed({"id": "b", "devices": [{"kind": "nonin"}, {"kind": "suntech"}]})
    assert list(bed.devices) == ["oximeter", "cuff"]
    assert bed.patient.script_s(100.0) is None
    bed.patient.dose(0.0)
    assert bed.patient.script_s(100.0) == 100.0


@virtual_time()
async def test_a_bed_may_have_been_dosed_before_the_start() -> None:
    bed = make_bed({"id": "b", "dose_at_s": -1800, "devices": []})
    assert bed.patient.script_s(0.0) == 1800.0


@virtual_time()
async def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(SimulationError, match="no device is called"):
        make_bed({"id": "b", "devices": [{"kind": "cuff"}]})
