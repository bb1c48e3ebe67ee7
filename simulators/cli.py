"""`python -m simulators`: the commands, their options and errors.

`simulate` is also `postdose simulate`. Exit status: 0 done or interrupted, 1 failed while
running, 2 something asked for that there is not.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from simulators.capture import SLIP, play
from simulators.columns import parse_columns
from simulators.commands import VERBS, CommandedDevice
from simulators.device_model import Datagrams
from simulators.device_server import DeviceServer, serve
from simulators.devices import DEVICES, build, fault_names, find
from simulators.errors import SimulationError
from simulators.faults import Fault, parse_fault
from simulators.numerics import load_numerics
from simulators.ports import Port, PtyPort, Rfc2217Port, TcpPort, UdpPort
from simulators.scenario import load_scenario, scenarios
from simulators.settable import SettableSource
from simulators.tables import devices_table, faults_table, renewed
from simulators.ward import run_ward, standard_input

DIALECTS = "; ".join(f"{name}: {', '.join(model.dialects)}" for name, model in DEVICES.items())
FAULTS = f"One of {', '.join(fault_names())}, where the device knows it."

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def simulate(
    device: Annotated[str, typer.Argument(help=f"One of {', '.join(DEVICES)}.")],
    pty: Annotated[
        Path | None, typer.Option(help="Make a pseudo-terminal with a link to it here.")
    ] = None,
    tcp: Annotated[str | None, typer.Option(help="HOST:PORT to listen at; port 0: any.")] = None,
    rfc2217: Annotated[str | None, typer.Option(help="HOST:PORT to serve RFC 2217 at.")] = None,
    udp: Annotated[
        str | None, typer.Option(help="HOST:PORT to be at with datagrams: intellivue.")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="Name or file of a scenario; calm if not given.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Play the numerics in this CSV file instead.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="What --record calls them: spo2_pct=Sat,pulse_bpm=PR.")
    ] = None,
    capture: Annotated[
        Path | None, typer.Option(help="Say again what a device said in this capture.")
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Play --capture again and again.")] = False,
    speed: Annotated[float, typer.Option(help="Simulated seconds in a second.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    dialect: Annotated[
        str | None, typer.Option(help=f"The first one if not given. {DIALECTS}")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME:RATE@START+FOR; a share of the messages and seconds, each may be left out. "
            f"{FAULTS}"
        ),
    ] = None,
    commands: Annotated[
        bool,
        typer.Option("--commands", help=f"Take commands on standard input: {', '.join(VERBS)}."),
    ] = False,
) -> None:
    """Be one device, to the byte, until interrupted; the first line says where, in JSON."""
    try:
        if speed <= 0:
            raise SimulationError(f"--speed must be above 0, not {speed:g}")
        datagrams = find(device).datagrams if capture is None else SLIP
        port = _port(device, datagrams, pty, tcp, rfc2217, udp)
        if loop and capture is None:
            raise SimulationError("--loop is for --capture: give one")
        if capture is not None and (scenario or record or dialect or commands):
            raise SimulationError(
                "--capture excludes --scenario, --record, --dialect and --commands"
            )
        source, scripted = _source(device, scenario, record, columns, seed)
        if capture is not None:
            line = play(device, capture, loop=loop, seed=seed)
        else:
            line = build(device, source, dialect=dialect, seed=seed, scripted=scripted)
        for spec in fault or []:
            line.inject_fault(parse_fault(spec))
    except SimulationError as error:
        _fail(error, 2)

    def opened(url: str) -> None:
        _print_json({"device": device, "url": url})

    async def obey(server: DeviceServer) -> None:
        await CommandedDevice(server, source).obey_lines(await standard_input(), _print_json)

    beside = obey if commands else None
    _run(serve(line, port, speed=speed, opened=opened, beside=beside))


@app.command("devices")
def list_devices(
    renew: Annotated[
        Path | None, typer.Option(help="Renew both tables in this page instead of printing them.")
    ] = None,
) -> None:
    """List the devices, their dialects and the faults that they can show."""
    if renew is None:
        typer.echo(f"{devices_table()}\n\n{faults_table()}")
        return
    try:
        renew.write_text(renewed(renew.read_text(encoding="utf-8")), encoding="utf-8")
    except OSError as error:
        _fail(SimulationError(f"{renew} cannot be renewed: {error.strerror}"), 2)


@app.command("scenarios")
def list_scenarios() -> None:
    """List the scenarios that ship."""
    typer.echo(scenarios_table())


@app.command()
def ward() -> None:
    """Be the devices of a whole ward, commanded through JSON lines on standard input."""

    async def commanded() -> None:
        await run_ward(await standard_input(), _print_json, _print_error)

    _run(commanded())


def scenarios_table() -> str:
    """The scenarios that ship, one a line: name and description."""
    listed = scenarios()
    width = max(map(len, listed))
    return "\n".join(f"{name:<{width}}  {listed[name]}" for name in listed)


def _source(
    device: str, scenario: str | None, record: Path | None, columns: str | None, seed: int
) -> tuple[SettableSource, list[Fault]]:
    """What the device measures, and the faults that the scenario has for it."""
    model = find(device)
    if record is not None:
        if scenario is not None:
            raise SimulationError("--scenario and --record exclude each other: give one")
        says = frozenset[str]().union(*(each.vitals for each in model.dialects.values()))
        named = parse_columns(columns) if columns else None
        return SettableSource(load_numerics(record, named, says)), []
    if columns is not None:
        raise SimulationError("--columns is for --record: give one")
    loaded = load_scenario(scenario or "calm")
    patient = loaded.patient(seed, dose_at_s=loaded.dose_at_s)
    return SettableSource(patient), [*loaded.faults_for(model.role)]


def _port(
    device: str,
    datagrams: Datagrams | None,
    pty: Path | None,
    tcp: str | None,
    rfc2217: str | None,
    udp: str | None,
) -> Port:
    if sum(given is not None for given in (pty, tcp, rfc2217, udp)) > 1:
        raise SimulationError("--pty, --tcp, --rfc2217 and --udp exclude each other: give one")
    if tcp is not None:
        return TcpPort(*_address("--tcp", tcp))
    if rfc2217 is not None:
        return Rfc2217Port(*_address("--rfc2217", rfc2217))
    if udp is not None:
        if datagrams is None:
            raise SimulationError(f"{device} has no datagrams: give --pty, --tcp or --rfc2217")
        return UdpPort(*_address("--udp", udp), datagrams)
    return PtyPort(pty)


def _address(option: str, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise SimulationError(f"{option} {text!r}: write HOST:PORT, as 127.0.0.1:4001")
    return host, int(port)


def _run(work: Coroutine[object, object, None]) -> None:
    """Run `work` until it ends or the process is interrupted or terminated."""
    failure = ""
    try:
        asyncio.run(_until_stopped(work))
    except* SimulationError as group:
        failure = _first(group)
    if failure:
        _print_error(failure)
        raise typer.Exit(1)


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)


async def _until_stopped(work: Coroutine[object, object, None]) -> None:
    task = asyncio.ensure_future(work)
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _print_json(document: object) -> None:
    print(json.dumps(document), flush=True)


def _print_error(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _fail(error: SimulationError, status: int) -> NoReturn:
    _print_error(str(error))
    raise typer.Exit(status)
