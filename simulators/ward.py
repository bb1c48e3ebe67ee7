"""A whole ward in one process, described and commanded through lines of JSON.

Line 1 is a list of beds, answered by one line with their urls; every later line is one
command. It ends when its input does, and so with the process that started it.

    [{"id": "bed-1", "scenario": "calm", "seed": 1, "speed": 60,
      "devices": [{"kind": "nonin", "dialect": "2", "pty": "/tmp/bed-1"}]}]
    {"bed": "bed-1", "dose": true}
    {"bed": "bed-1", "device": "oximeter", "fault": "finger-off", "for_s": 30}
    {"bed": "bed-1", "device": "oximeter", "clear_fault": "finger-off"}
    {"bed": "bed-1", "set": {"spo2": 85}}
    {"bed": "bed-1", "unset": ["spo2"]}
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
from simulators.device_server import DeviceServer
from simulators.devices import build, find
from simulators.errors import SimulationError
from simulators.faults import RATE, Fault
from simulators.patient import Patient
from simulators.ports import Port, PtyPort, TcpPort
from simulators.scenario import load_scenario
from simulators.settable import SettableSource

_LINE_BYTES = 1 << 20

Reply = Callable[[object], None]


@dataclass(slots=True)
class Bed:
    """One patient and the devices connected to them, which measure `source`."""

    patient: Patient
    source: SettableSource
    timeline: Timeline
    devices: dict[str, DeviceServer] = field(default_factory=dict)


def make_bed(spec: Mapping[str, Any]) -> Bed:
    """The bed in one entry of the list; raises `SimulationError`.

    The patient waits for a dose command unless the entry has `dose_at_s`, which may be
    before the start.
    """
    seed = spec.get("seed", 0)
    scenario = load_scenario(spec.get("scenario", "calm"))
    patient = scenario.patient(seed, dose_at_s=spec.get("dose_at_s"))
    bed = Bed(patient, SettableSource(patient), Timeline(spec.get("speed", 1.0)))
    for number, device in enumerate(spec["devices"]):
        kind = device["kind"]
        role = find(kind).role
        line = build(
            kind,
            bed.source,
            dialect=device.get("dialect"),
            seed=seed + number,
            scripted=scenario.faults_for(role),
        )
        bed.devices[device.get("id", role)] = DeviceServer(line, _port(device), bed.timeline)
    return bed


def _port(device: Mapping[str, Any]) -> Port:
    if "tcp" in device:
        host, _, port = device["tcp"].rpartition(":")
        return TcpPort(host, int(port))
    return PtyPort(Path(device["pty"]) if "pty" in device else None)


def execute(beds: Mapping[str, Bed], command: Mapping[str, Any], reply: Reply) -> None:
    """Do what one line commands; raises `SimulationError` when it cannot be done."""
    bed = beds[command["bed"]]
    now_s = bed.timeline.now_s()
    if "fault" in command:
        for_s, rate = command.get("for_s", math.inf), command.get("rate", RATE)
        fault = Fault(command["fault"], now_s, for_s, rate)
        bed.devices[command["device"]].inject_fault(fault)
    elif "clear_fault" in command:
        bed.devices[command["device"]].clear_fault(command["clear_fault"])
    elif command.get("dose") is True:
        bed.patient.dose(now_s)
    elif "set" in command:
        bed.source.set(command["set"])
    elif "unset" in command:
        bed.source.unset(command["unset"])
    elif command.get("ask") == "patient":
        reply(
            {
                "bed": command["bed"],
                "at_s": now_s,
                "script_s": bed.patient.script_s(now_s),
                "vitals": asdict(bed.source.at(now_s)),
            }
        )
    else:
        raise SimulationError("nothing to do: give dose, fault, clear_fault, set, unset or ask")


async def run_ward(
    lines: asyncio.StreamReader, reply: Reply, report: Callable[[str], None]
) -> None:
    """Run the ward that the first of `lines` describes until they end.

    A command that cannot be done is told to `report` and changes nothing. Raises
    `SimulationError` when the ward cannot be made.
    """
    beds = _make_beds(await lines.readline())
    servers = [server for bed in beds.values() for server in bed.devices.values()]
    try:
        urls = {
            name: {each: await server.open() for each, server in bed.devices.items()}
            for name, bed in beds.items()
        }
        reply({"beds": urls})
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(server.run()) for server in servers]
            while line := await lines.readline():
                _try_execute(beds, line, reply, report)
            for task in running:
                task.cancel()
    finally:
        for server in servers:
            await server.close()


def _make_beds(line: bytes) -> dict[str, Bed]:
    try:
        return {spec["id"]: make_bed(spec) for spec in json.loads(line)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SimulationError(
            f"line 1 is no list of beds with id and devices with kind: {error!r}"
        ) from None


def _try_execute(
    beds: Mapping[str, Bed], line: bytes, reply: Reply, report: Callable[[str], None]
) -> None:
    try:
        execute(beds, json.loads(line), reply)
    except (SimulationError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = str(error) if isinstance(error, SimulationError) else repr(error)
        report(f"command {line.decode(errors='replace').strip()}: {reason}")


async def standard_input() -> asyncio.StreamReader:
    """Standard input as a stream; raises `SimulationError` when it is no pipe."""
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    try:
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
    except ValueError:
        raise SimulationError(
            "commands are read from a pipe or a terminal: give one as standard input"
        ) from None
    return reader
