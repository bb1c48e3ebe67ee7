"""What a running device is told and answers; the source whose values are set."""

import asyncio

import pytest

from simulators.clock import Timeline
from simulators.commands import CommandedDevice
from simulators.device_server import DeviceServer
from simulators.devices import build
from simulators.errors import SimulationError
from simulators.numerics import NumericsRecord
from simulators.patient import Patient, Profile
from simulators.settable import SettableSource
from simulators.vitals import Vitals
from tests.simulators.notebook_port import NotebookPort
from tests.simulators.steady import steady
from tests.virtual import virtual_time


def commanded(source: SettableSource, kind: str = "nonin") -> CommandedDevice:
    server = DeviceServer(build(kind, source), NotebookPort(), Timeline())
    return CommandedDevice(server, source)


def test_what_is_set_stays_and_the_mean_follows() -> None:
    source = SettableSource(steady(97, 72))
    source.set({"spo2": 85, "sys": 190.0})
    assert source.at(5.0) == Vitals(85, 72, 190.0, 74.0, 74.0 + 116 / 3)
    source.set({"map_mmhg": 101, "dia": None})
    assert (source.at(5.0).dia_mmhg, source.at(5.0).map_mmhg) == (None, 101)
    source.unset(["spo2"])
    assert (source.at(5.0).spo2_pct, source.at(5.0).sys_mmhg) == (97, 190.0)
    source.unset()
    assert source.at(5.0) == steady(97, 72).vitals


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"spo2": 85, "sao2": 85}, "no signal is called 'sao2': did you mean spo2"),
        ({"spo2": 85, "sys": -1}, "sys must be a number from 0 to 300, not -1"),
        ({"spo2": float("nan")}, "spo2 must be a number from 0 to 100, not nan"),
        ({"spo2": 101}, "spo2 must be a number from 0 to 100, not 101"),
        ({"moaas": 9}, "moaas must be a number from 0 to 5, not 9"),
    ],
)
def test_what_cannot_be_set_sets_nothing(values: dict[str, float], says: str) -> None:
    source = SettableSource(steady())
    with pytest.raises(SimulationError, match=says):
        source.set(values)
    assert source.at(0.0) == steady().vitals


@virtual_time()
async def test_lines_are_obeyed_and_answered_and_the_device_goes_on() -> None:
    patient = Patient(Profile(), 1)
    device = commanded(SettableSource(patient))
    lines, answers = asyncio.StreamReader(), list[object]()
    lines.feed_data(
        b"set spo2=85 pulse=none\nvitals\nfault finger-off drop:0.2@5\nclear drop\ndose\n"
        b"unset\nset spo2\nset\nfault\nfault drop nonsense\nclear nonsense\nwait\n\n"
    )
    lines.feed_eof()
    await device.obey_lines(lines, answers.append)
    done, refused = answers[:6], answers[6:]
    assert done[0] == {"set": {"spo2": 85.0, "pulse": None}}
    assert done[1]["vitals"]["spo2_pct"] == 85.0  # type: ignore[index]
    assert done[2:] == [
        {"fault": ["finger-off", "drop:0.2@5"]}, {"clear": ["drop"]}, {"dose": True}, {"unset": []},
    ]  # fmt: skip
    assert patient.script_s(0.0) == 0.0
    assert [each["error"].partition(":")[0] for each in refused] == [  # type: ignore[index]
        "'spo2' cannot be read", "nothing to set", "no fault is named",
        "nonin cannot show nonsense", "nonin cannot show nonsense", "no command is called 'wait'",
        "no command is called ''",
    ]  # fmt: skip
    line = device.server.line
    assert line.advance(1.0)[1] & 0x08  # SNSA: no finger
    device.obey("fault unplugged@5")
    assert [line.linked(4.9), line.linked(5.0)] == [True, False]


@virtual_time()
async def test_a_recording_is_given_no_dose() -> None:
    device = commanded(SettableSource(NumericsRecord({0: Vitals(97)})))
    with pytest.raises(SimulationError, match="leave --record out"):
        device.obey("dose")
