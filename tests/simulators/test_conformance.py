"""What every simulated device and dialect must do; a new one is taken in by itself.

It needs a page read a second time: `tests/simulators/devices/<name>_page.py` with

* `host_sends(dialect, second)`: what a host sends at that second to keep the device talking,
  again after 60 s at most;
* `vitals(stream, dialect)`: the vital signs that the stream says last, by the fields of
  `Vitals`, `None` for missing; empty when it says nothing whole;
* `BESIDES_BYTES`, where something comes besides at no even pace: how long it is.
"""

import asyncio
import importlib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import serial

from simulators.clock import Timeline
from simulators.device_model import Dialect, LineSettings
from simulators.device_server import DeviceServer
from simulators.devices import DEVICES, build, fault_names
from simulators.faults import Fault
from simulators.line import LINE_FAULTS, SimulatedLine
from simulators.patient import Patient, Profile
from simulators.ports import Port, PtyPort, Rfc2217Port, TcpPort
from simulators.vitals import Vitals, VitalsSource
from tests.simulators.notebook_port import NotebookPort
from tests.simulators.steady import Steady
from tests.simulators.test_ports import serving
from tests.virtual import virtual_time

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:serial.rfc2217")

SPEED = 20.0
TAIL_BYTES = 2000
WELL = Vitals(96, 71, sys_mmhg=121, dia_mmhg=77, map_mmhg=92, perfusion=0.6)
ILL = Vitals(84, 152, sys_mmhg=208, dia_mmhg=118, map_mmhg=148, perfusion=0.3)

CASES = [(name, dialect) for name, model in DEVICES.items() for dialect in model.dialects]
EVERY_DIALECT = pytest.mark.parametrize(("name", "dialect"), CASES)
EVERY_FAULT = pytest.mark.parametrize(
    ("name", "dialect", "fault"),
    [
        (name, dialect, fault)
        for name, dialect in CASES
        for fault in DEVICES[name].dialects[dialect].faults
    ]
    + [("nonin", "2", fault) for fault in LINE_FAULTS if fault not in ("split", "stuck-value")],
)


def page(name: str) -> Any:
    """The second reading of the device's page."""
    return importlib.import_module(f"tests.simulators.devices.{name.replace('-', '_')}_page")


def declared(name: str, dialect: str) -> Dialect:
    return DEVICES[name].dialects[dialect]


def line_of(name: str, dialect: str, source: VitalsSource | None = None) -> SimulatedLine:
    return build(name, source or Steady(WELL), dialect=dialect, seed=3)


def seconds(line: SimulatedLine, dialect: str, begin: int, end: int) -> list[bytes]:
    """What the host gets in each second from `begin` up to `end`."""
    return list(_seconds(line, dialect, begin, end))


def _seconds(line: SimulatedLine, dialect: str, begin: int, end: int) -> Iterator[bytes]:
    sends = page(line.name).host_sends
    for second in range(begin, end):
        answered = line.receive(sends(dialect, second), second)
        yield answered + line.advance(second + 0.999)


def shown(name: str, dialect: str, stream: list[bytes]) -> dict[str, float | None]:
    """The vital signs that the device declares, as the page reads them in `stream`."""
    said = page(name).vitals(b"".join(stream), dialect)
    assert set(said) == declared(name, dialect).vitals
    return dict(said)


def expected(name: str, dialect: str, vitals: Vitals) -> Any:
    values = {each: getattr(vitals, each) for each in declared(name, dialect).vitals}
    return pytest.approx(values, abs=1e-6)


@cache
def undisturbed(name: str, dialect: str) -> list[bytes]:
    """Three minutes of a device on a patient who is well."""
    return seconds(line_of(name, dialect), dialect, 0, 180)


# ── what it declares ────────────────────────────────────────────────────────────────────


@EVERY_DIALECT
def test_it_declares_vital_signs_that_there_are(name: str, dialect: str) -> None:
    assert declared(name, dialect).vitals
    assert declared(name, dialect).vitals <= {field.name for field in fields(Vitals)}


@EVERY_DIALECT
def test_its_faults_are_its_own_and_each_says_what_it_does(name: str, dialect: str) -> None:
    assert not set(declared(name, dialect).faults) & set(LINE_FAULTS)
    assert all(declared(name, dialect).faults.values())


# ── vital signs ─────────────────────────────────────────────────────────────────────────


@EVERY_DIALECT
@pytest.mark.parametrize("vitals", [WELL, ILL], ids=["well", "ill"])
def test_the_patient_s_vital_signs_are_on_the_wire(name: str, dialect: str, vitals: Vitals) -> None:
    stream = seconds(line_of(name, dialect, Steady(vitals)), dialect, 0, 60)
    assert shown(name, dialect, stream) == expected(name, dialect, vitals)


class Worsening(Steady):
    """Well for two minutes, ill from then on."""

    def at(self, t_s: float) -> Vitals:
        return ILL if t_s >= 120.0 else WELL


@EVERY_DIALECT
def test_a_change_of_the_patient_is_on_the_wire(name: str, dialect: str) -> None:
    line = line_of(name, dialect, Worsening(WELL))
    before, after = seconds(line, dialect, 0, 120), seconds(line, dialect, 120, 180)
    assert shown(name, dialect, before) == expected(name, dialect, WELL)
    assert shown(name, dialect, after) == expected(name, dialect, ILL)


@EVERY_DIALECT
def test_what_the_patient_does_not_have_is_missing(name: str, dialect: str) -> None:
    stream = seconds(line_of(name, dialect, Steady(Vitals(perfusion=0.0))), dialect, 0, 60)
    assert set(shown(name, dialect, stream).values()) == {None}


@EVERY_DIALECT
def test_a_value_that_is_lost_is_not_held_for_long(name: str, dialect: str) -> None:
    class Lost(Steady):
        def at(self, t_s: float) -> Vitals:
            return WELL if t_s < 60.0 else Vitals(perfusion=0.0)

    line = line_of(name, dialect, Lost(WELL))
    stream = seconds(line, dialect, 0, 120)
    assert set(shown(name, dialect, stream[100:]).values()) == {None}


# ── timing ──────────────────────────────────────────────────────────────────────────────


@EVERY_DIALECT
def test_no_second_has_more_bytes_than_its_line_carries(name: str, dialect: str) -> None:
    assert max(map(len, undisturbed(name, dialect))) <= declared(name, dialect).line.bytes_per_s


@EVERY_DIALECT
def test_it_keeps_its_pace(name: str, dialect: str) -> None:
    stream = undisturbed(name, dialect)
    minutes = [len(b"".join(stream[begin : begin + 60])) for begin in (0, 60, 120)]
    assert minutes[0] > 0
    besides = getattr(page(name), "BESIDES_BYTES", 0)
    assert max(minutes) - min(minutes) <= max(minutes[0] / 50, besides)


@EVERY_DIALECT
def test_it_sends_when_it_says_it_will_and_not_before(name: str, dialect: str) -> None:
    line = line_of(name, dialect)
    line.receive(page(name).host_sends(dialect, 0), 0.0)
    due_s = line.next_due_s
    assert due_s is not None
    assert line.advance(due_s - 1e-6) == b""
    assert line.advance(due_s) != b""


@EVERY_DIALECT
def test_bytes_do_not_depend_on_how_often_it_is_asked(name: str, dialect: str) -> None:
    line, sends, stream = line_of(name, dialect), page(name).host_sends, bytearray()
    for second in range(60):
        stream += line.receive(sends(dialect, second), second)
        for step in (0.1, 0.37, 0.999):
            stream += line.advance(second + step)
    assert bytes(stream) == b"".join(undisturbed(name, dialect)[:60])


# ── faults ──────────────────────────────────────────────────────────────────────────────


@EVERY_FAULT
def test_a_fault_changes_what_is_on_the_wire_and_clears_again(
    name: str, dialect: str, fault: str
) -> None:
    line = line_of(name, dialect)
    before = seconds(line, dialect, 0, 30)
    line.inject_fault(Fault(fault, 30.0))
    during = seconds(line, dialect, 30, 110)
    uncleared = deepcopy(line)
    line.clear_fault(fault)
    after = seconds(line, dialect, 110, 180)
    assert before == undisturbed(name, dialect)[:30]
    assert during != undisturbed(name, dialect)[30:110]
    assert shown(name, dialect, after) == expected(name, dialect, WELL)
    assert after != seconds(uncleared, dialect, 110, 180)


@EVERY_FAULT
def test_a_scripted_fault_does_what_an_injected_one_does(
    name: str, dialect: str, fault: str
) -> None:
    scripted = build(
        name, Steady(WELL), dialect=dialect, seed=3, scripted=[Fault(fault, 20.0, 15.0)]
    )
    injected = line_of(name, dialect)
    injected.inject_fault(Fault(fault, 20.0, 15.0))
    assert seconds(scripted, dialect, 0, 60) == seconds(injected, dialect, 0, 60)


@EVERY_DIALECT
def test_a_scripted_fault_that_it_cannot_show_changes_nothing(name: str, dialect: str) -> None:
    others = set(fault_names()) - set(declared(name, dialect).faults) - set(LINE_FAULTS)
    scripted = [Fault(fault, 10.0) for fault in sorted(others)]
    line = build(name, Steady(WELL), dialect=dialect, seed=3, scripted=scripted)
    assert seconds(line, dialect, 0, 60) == undisturbed(name, dialect)[:60]


# ── seeds ───────────────────────────────────────────────────────────────────────────────


@EVERY_DIALECT
def test_the_same_seed_gives_the_same_bytes(name: str, dialect: str) -> None:
    def stream() -> list[bytes]:
        patient = Patient(Profile(), 7, dose_at_s=20.0)
        line = build(name, patient, dialect=dialect, seed=7)
        for fault in (*declared(name, dialect).faults, "noise", "half-frame"):
            line.inject_fault(Fault(fault, 40.0, 15.0))
        return seconds(line, dialect, 0, 120)

    assert stream() == stream()


# ── at a port ───────────────────────────────────────────────────────────────────────────


async def play(
    line: SimulatedLine, port: NotebookPort, dialect: str, for_s: int, speed: float
) -> None:
    """`line` at `port` with a host that says what the page asks for, in virtual time."""
    timeline = Timeline(speed)
    server = DeviceServer(line, port, timeline)
    await server.open()
    running = asyncio.create_task(server.run())
    for second in range(for_s):
        await timeline.wait(second, asyncio.Event())
        if data := page(line.name).host_sends(dialect, second):
            port.on_bytes(data)
    await timeline.wait(for_s, asyncio.Event())
    running.cancel()
    await server.close()


@EVERY_DIALECT
@pytest.mark.parametrize("speed", [7.0, 60.0])
def test_any_speed_gives_the_same_bytes(name: str, dialect: str, speed: float) -> None:
    slow, fast = NotebookPort(), NotebookPort()
    virtual_time()(play)(line_of(name, dialect), slow, dialect, 60, 1.0)
    virtual_time()(play)(line_of(name, dialect), fast, dialect, 60, speed)
    count = min(len(slow.stream), len(fast.stream))
    assert count > 0.97 * len(slow.stream)
    assert slow.stream[:count] == fast.stream[:count]


@EVERY_DIALECT
def test_unplugged_is_gone_and_comes_back_with_its_values(name: str, dialect: str) -> None:
    line, port = line_of(name, dialect), NotebookPort()
    line.inject_fault(Fault("unplugged", 60.0, 60.0))
    virtual_time()(play)(line, port, dialect, 180, 1.0)
    assert [there for _, there in port.plugged] == [True, False, True, False]
    assert [at_s for at_s, _ in port.plugged[1:3]] == pytest.approx([60.0, 120.0], abs=1.1)
    assert [at_s for at_s, _ in port.sent if 61.1 <= at_s < 120.0] == []
    after = [data for at_s, data in port.sent if at_s >= 120.0]
    assert shown(name, dialect, after) == expected(name, dialect, WELL)


def make_port(scheme: str, folder: Path) -> Port:
    if scheme == "pty":
        return PtyPort(folder / "tty")
    return {"socket": TcpPort, "rfc2217": Rfc2217Port}[scheme]("127.0.0.1", 0)


def open_host(url: str, scheme: str, line: LineSettings) -> serial.Serial:
    """The host's end with the dialect's settings; a pseudo-terminal has no parity."""
    return serial.serial_for_url(
        url,
        timeout=1.0 / SPEED,
        baudrate=line.baud,
        bytesize=line.data_bits,
        parity="N" if scheme == "pty" else line.parity,
        stopbits=line.stop_bits,
    )


@EVERY_DIALECT
@pytest.mark.parametrize("scheme", ["pty", "socket", "rfc2217"])
async def test_a_host_at_a_real_port_reads_its_vital_signs(
    name: str, dialect: str, scheme: str, tmp_path: Path
) -> None:
    said: dict[str, float | None] = {}
    stream, second, timeline = b"", 0, Timeline(SPEED)
    settings = declared(name, dialect).line
    async with serving(line_of(name, dialect), make_port(scheme, tmp_path), SPEED) as server:
        host = await asyncio.to_thread(open_host, server.port.url, scheme, settings)
        while said != expected(name, dialect, WELL):
            await timeline.wait(second, asyncio.Event())
            await asyncio.to_thread(host.write, page(name).host_sends(dialect, second))
            stream = stream[-TAIL_BYTES:] + await asyncio.to_thread(host.read, TAIL_BYTES)
            said = page(name).vitals(stream, dialect)
            second += 1
        await asyncio.to_thread(host.close)
