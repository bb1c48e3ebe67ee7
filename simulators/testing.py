"""Simulated devices beside a test: their bytes on real ports, from a thread of their own.

A test may be sync or async, and use any client. `pytest_plugin` has these as fixtures; without
pytest a `SimulatedWard` is a context manager.
"""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self, TypeVar

from simulators.clock import Timeline
from simulators.commands import CommandedDevice
from simulators.device_server import DeviceServer
from simulators.devices import build, find
from simulators.errors import SimulationError
from simulators.line import SimulatedLine
from simulators.ports import OnBytes, Port, PtyPort, Rfc2217Port, TcpPort
from simulators.scenario import load_scenario
from simulators.settable import SettableSource
from simulators.vitals import Vitals

_KEPT_BYTES = 1 << 20
_WAIT_S = 10.0

_PORTS: Final = {"tcp": TcpPort, "rfc2217": Rfc2217Port}

T = TypeVar("T")


class _Call(Protocol):
    """Runs a function among the devices."""

    def __call__(self, function: Callable[[], T]) -> T: ...


Said = bytes | Callable[[bytes], bool]
PortKind = Literal["pty", "tcp", "rfc2217"]


class SimulatedDevice:
    """A device that runs until its ward ends. Every method may be called from any thread.

    Those that take names, values or specs raise `SimulationError` for what there is not.
    """

    def __init__(
        self,
        kind: str,
        commanded: CommandedDevice,
        port: "_RecordedPort",
        call: _Call,
    ) -> None:
        self.kind = kind
        self._commanded = commanded
        self._port = port
        self._call = call

    @property
    def url(self) -> str:
        """Where it is, as a driver or pyserial opens it."""
        return self._port.url

    @property
    def sent(self) -> bytes:
        """The last MiB of what it said to a host that was there or not."""
        return self._port.sent.taken()

    @property
    def received(self) -> bytes:
        """The last MiB of what a host said to it."""
        return self._port.received.taken()

    @property
    def vitals(self) -> Vitals:
        """What its patient has now."""
        device = self._commanded
        return self._call(lambda: device.source.at(device.server.now_s()))

    def set(self, **values: float | None) -> None:
        """Have these vital signs stay so, as `set(spo2=85, pulse=None)`; None: nobody knows."""
        self._call(lambda: self._commanded.source.set(values))

    def unset(self, *names: str) -> None:
        """Have them follow the patient again, all of them without names."""
        self._call(lambda: self._commanded.source.unset(names))

    def fault(self, *specs: str) -> None:
        """Have these faults from now on, as `fault("garble:0.2", "stall@5+10")`."""
        self._call(lambda: self._commanded.obey(f"fault {' '.join(specs)}"))

    def clear(self, *names: str) -> None:
        """End what was commanded by these names."""
        self._call(lambda: self._commanded.obey(f"clear {' '.join(names)}"))

    def dose(self) -> None:
        """Give the patient the dose now."""
        self._call(lambda: self._commanded.obey("dose"))

    def wait_sent(self, said: Said, timeout_s: float = _WAIT_S) -> bytes:
        """Wait until the device has said these bytes, or what `said` is true of; returns all.

        `TimeoutError` says what it has said instead.
        """
        return self._port.sent.wait(said, timeout_s, f"{self.kind} has not sent")

    def wait_received(self, said: Said, timeout_s: float = _WAIT_S) -> bytes:
        """The same of what a host has said to it."""
        return self._port.received.wait(said, timeout_s, f"{self.kind} was not sent")

    async def until_sent(self, said: Said, timeout_s: float = _WAIT_S) -> bytes:
        """As `wait_sent`, in a coroutine."""
        return await asyncio.to_thread(self.wait_sent, said, timeout_s)

    async def until_received(self, said: Said, timeout_s: float = _WAIT_S) -> bytes:
        """As `wait_received`, in a coroutine."""
        return await asyncio.to_thread(self.wait_received, said, timeout_s)


class SimulatedWard:
    """Devices at beds. Those of one bed measure one patient, and know each other by role."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated-ward")
        self._folder = tempfile.TemporaryDirectory(prefix="simulated-ward-")
        self._running: list[tuple[DeviceServer, asyncio.Task[None]]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._wait_for(self._stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._folder.cleanup()

    def add_device(
        self,
        kind: str,
        *,
        port: PortKind = "pty",
        scenario: str = "calm",
        seed: int = 0,
        speed: float = 1.0,
    ) -> SimulatedDevice:
        """A device on a patient of its own; arguments as of `add_bed`."""
        (device,) = self.add_bed(
            kind, port=port, scenario=scenario, seed=seed, speed=speed
        ).values()
        return device

    def add_bed(
        self,
        *kinds: str,
        port: PortKind = "pty",
        scenario: str = "calm",
        seed: int = 0,
        speed: float = 1.0,
    ) -> dict[str, SimulatedDevice]:
        """Devices on one patient, by role; a dose, or a value that is set, is of all of them.

        A kind is as `nonin`, or `nonin:7` with a dialect. The devices run when this returns, and
        the patient has no dose before `dose()`. Raises `SimulationError`.
        """
        script = load_scenario(scenario)
        source = SettableSource(script.patient(seed))

        def line(kind: str) -> SimulatedLine:
            name, _, dialect = kind.partition(":")
            faults = script.faults_for(find(name).role)
            return build(name, source, dialect=dialect or None, seed=seed, scripted=faults)

        lines = {find(kind.partition(":")[0]).role: line(kind) for kind in kinds}
        if len(lines) < len(kinds):
            raise SimulationError(f"{', '.join(kinds)}: one bed has one device of a role")
        return self._wait_for(self._start(lines, source, port, speed))

    async def _start(
        self,
        lines: Mapping[str, SimulatedLine],
        source: SettableSource,
        kind: PortKind,
        speed: float,
    ) -> dict[str, SimulatedDevice]:
        timeline = Timeline(speed)
        devices = {}
        for role, line in lines.items():
            port = _RecordedPort(self._port(kind))
            server = DeviceServer(line, port, timeline)
            await server.open()
            self._running.append((server, asyncio.create_task(server.run())))
            commanded = CommandedDevice(server, source)
            devices[role] = SimulatedDevice(line.name, commanded, port, self._call)
        return devices

    def _port(self, kind: PortKind) -> Port:
        if kind == "pty":
            return PtyPort(Path(self._folder.name) / f"device-{len(self._running)}")
        if kind not in _PORTS:
            raise SimulationError(
                f"no port is called {kind!r}: use one of pty, {', '.join(_PORTS)}"
            )
        return _PORTS[kind]("127.0.0.1", 0)

    def _call(self, function: Callable[[], T]) -> T:
        """Run `function` among the devices, and return what it does."""

        async def call() -> T:
            return function()

        return self._wait_for(call())

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _stop(self) -> None:
        for _, task in self._running:
            task.cancel()
        ended = await asyncio.gather(*(task for _, task in self._running), return_exceptions=True)
        for server, _ in self._running:
            await server.close()
        failed = [each for each in ended if isinstance(each, Exception)]
        if failed:
            raise failed[0]


class _Heard:
    """What was said one way, for whoever waits for it."""

    def __init__(self) -> None:
        self._said = bytearray()
        self._changed = threading.Condition()

    def add(self, data: bytes) -> None:
        with self._changed:
            self._said += data
            del self._said[:-_KEPT_BYTES]
            self._changed.notify_all()

    def taken(self) -> bytes:
        with self._changed:
            return bytes(self._said)

    def wait(self, said: Said, timeout_s: float, otherwise: str) -> bytes:
        def is_said() -> bool:
            return said in self._said if isinstance(said, bytes) else said(bytes(self._said))

        with self._changed:
            if self._changed.wait_for(is_said, timeout_s):
                return bytes(self._said)
            what = said.hex(" ") if isinstance(said, bytes) else "what was waited for"
            last = self._said[-40:].hex(" ") or "nothing"
        raise TimeoutError(f"{otherwise} {what} in {timeout_s:g} s; the last was {last}")


class _RecordedPort:
    """A port that keeps what goes through it."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self.sent = _Heard()
        self.received = _Heard()

    @property
    def url(self) -> str:
        return self._port.url

    async def open(self, on_bytes: OnBytes) -> None:
        def take(data: bytes) -> None:
            self.received.add(data)
            on_bytes(data)

        await self._port.open(take)

    def write(self, data: bytes) -> None:
        self.sent.add(data)
        self._port.write(data)

    async def close(self) -> None:
        await self._port.close()
