"""A whole ward in one process, told what to be and poked through lines of JSON.

Line 1 is a list of beds, answered by one line with their urls; every later line is one
poke. It ends when its input does, and so with the process that started it.

    [{"id": "bed-1", "scenario": "calm", "seed": 1, "speed": 60,
      "devices": [{"kind": "nonin", "dialect": "2", "pty": "/tmp/bed-1"}]}]
    {"bed": "bed-1", "dose": true}
    {"bed": "bed-1", "device": "oximeter", "fault": "finger-off", "for_s": 30}
    {"bed": "bed-1", "device": "oximeter", "mend": "finger-off"}
    {"bed": "bed-1", "ask": "patient"}

The last one is answered by a line with the patient's true vital signs and the seconds since
the dose (`script_s`).
"""

import asyncio
import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulators.clock import Timeline
from simulators.devices import build, find
from simulators.faults import Fault, parse_kind
from simulators.patient import Patient
from simulators.ports import Port, PtyPort, TcpPort
from simulators.scenario import load_scenario
from simulators.serve import Served
from simulators.subject import SimulationError

_LINE_BYTES = 1 << 20

Say = Callable[[object], None]


@dataclass(slots=True)
class Bed:
    """One patient and the devices connected to them."""

    patient: Patient
    timeline: Timeline
    devices: dict[str, Served] = field(default_factory=dict)


def make_bed(spec: Mapping[str, Any]) -> Bed:
    """The bed in one entry of the list; raises `SimulationError`.

    The patient waits for a dose to be poked in unless the entry has `dose_at_s`, which may be
    before the start.
    """
    seed = spec.get("seed", 0)
    scenario = load_scenario(spec.get("scenario", "calm"))
    patient = scenario.patient(seed, dose_at_s=spec.get("dose_at_s"))
    bed = Bed(patient, Timeline(spec.get("speed", 1.0)))
    for number, device in enumerate(spec["devices"]):
        kind = device["kind"]
        role = find(kind).role
        cable = build(
            kind,
            patient,
            dialect=device.get("dialect"),
            seed=seed + number,
            scripted=scenario.faults_for(role),
        )
        bed.devices[device.get("id", role)] = Served(cable, _port(device), bed.timeline)
    return bed


def _port(device: Mapping[str, Any]) -> Port:
    if "tcp" in device:
        host, _, port = device["tcp"].rpartition(":")
        return TcpPort(host, int(port))
    return PtyPort(Path(device["pty"]) if "pty" in device else None)


def poke(beds: Mapping[str, Bed], line: Mapping[str, Any], say: Say) -> None:
    """Do what one line says; raises `SimulationError` when it cannot be done."""
    bed = beds[line["bed"]]
    now_s = bed.timeline.now_s()
    if "fault" in line:
        fault = Fault(parse_kind(line["fault"]), now_s, line.get("for_s", math.inf))
        bed.devices[line["device"]].poke(fault)
    elif "mend" in line:
        bed.devices[line["device"]].mend(parse_kind(line["mend"]))
    elif line.get("dose") is True:
        bed.patient.dose(now_s)
    elif line.get("ask") == "patient":
        say(
            {
                "bed": line["bed"],
                "at_s": now_s,
                "script_s": bed.patient.script_s(now_s),
                "vitals": asdict(bed.patient.at(now_s)),
            }
        )
    else:
        raise SimulationError("nothing to do: give dose, fault, mend or ask")


async def run_ward(lines: asyncio.StreamReader, say: Say, complain: Callable[[str], None]) -> None:
    """Run the ward that the first of `lines` describes until they end.

    A poke that cannot be done is reported to `complain` and changes nothing. Raises
    `SimulationError` when the ward cannot be made.
    """
    beds = _ward(await lines.readline())
    served = [device for bed in beds.values() for device in bed.devices.values()]
    try:
        urls = {
            name: {each: await device.open() for each, device in bed.devices.items()}
            for name, bed in beds.items()
        }
        say({"beds": urls})
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(device.run()) for device in served]
            while line := await lines.readline():
                _try_poke(beds, line, say, complain)
            for task in running:
                task.cancel()
    finally:
        for device in served:
            await device.close()


def _ward(line: bytes) -> dict[str, Bed]:
    try:
        return {spec["id"]: make_bed(spec) for spec in json.loads(line)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SimulationError(
            f"line 1 is no list of beds with id and devices with kind: {error!r}"
        ) from None


def _try_poke(
    beds: Mapping[str, Bed], line: bytes, say: Say, complain: Callable[[str], None]
) -> None:
    try:
        poke(beds, json.loads(line), say)
    except (SimulationError, ValueError, KeyError, TypeError, AttributeError) as error:
        said = str(error) if isinstance(error, SimulationError) else repr(error)
        complain(f"poke {line.decode(errors='replace').strip()}: {said}")


async def standard_input() -> asyncio.StreamReader:
    """Standard input as a stream; raises `SimulationError` when it is no pipe."""
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    try:
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
    except ValueError:
        raise SimulationError("a ward is told through a pipe on its standard input") from None
    return reader
