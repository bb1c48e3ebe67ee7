"""Runs devices in real or virtual time: the one place where their bytes meet a port."""

import asyncio
from collections.abc import Callable, Coroutine

from simulators.clock import Timeline
from simulators.faults import Fault
from simulators.line import SimulatedLine
from simulators.ports import Port

_CHUNK_S = 0.010
_IDLE_S = 1.0
_CATCH_UP_S = 0.1


class DeviceServer:
    """One device at one port. `timeline` is shared by the devices of a bed."""

    def __init__(self, line: SimulatedLine, port: Port, timeline: Timeline) -> None:
        self.line = line
        self.port = port
        self._timeline = timeline
        self._wake = asyncio.Event()
        self._played_s = 0.0

    def inject_fault(self, fault: Fault) -> None:
        """Have `fault` happen; raises `SimulationError` when the device cannot have it."""
        self.line.inject_fault(fault)
        self._wake.set()

    def clear_fault(self, name: str) -> None:
        """End the injected faults of this name; raises `SimulationError` as `inject_fault`."""
        self.line.clear_fault(name)
        self._wake.set()

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return self._timeline.now_s()

    async def open(self) -> str:
        """Open the port and return its url; raises `SimulationError`."""
        await self.port.open(self._receive)
        return self.port.url

    async def run(self) -> None:
        """Play the device at the opened port until cancelled.

        It does not drift: a device that was kept waiting catches up, a tenth of a second at a
        time so as not to flood its host. An idle one is looked at every simulated second for
        a fault that has begun.
        """
        plugged = True
        until_s = 0.0
        while True:
            catch_up_s = max(until_s, self._played_s) + _CATCH_UP_S * self._timeline.speed
            now_s = self._played_s = min(self._timeline.now_s(), catch_up_s)
            if self.line.linked(now_s) != plugged:
                plugged = not plugged
                await (self.port.open(self._receive) if plugged else self.port.close())
            if data := self.line.advance(now_s):
                self.port.write(data)
            due_s = self.line.next_due_s
            until_s = min(now_s + _IDLE_S, now_s + _IDLE_S if due_s is None else due_s)
            await self._timeline.wait(until_s, self._wake, at_least_s=_CHUNK_S)

    async def close(self) -> None:
        """Close the port, opened or not."""
        await self.port.close()

    def _receive(self, data: bytes) -> None:
        self._played_s = self._timeline.now_s()
        if answer := self.line.receive(data, self._played_s):
            self.port.write(answer)
        self._wake.set()


async def serve(
    line: SimulatedLine,
    port: Port,
    *,
    speed: float = 1.0,
    opened: Callable[[str], None],
    beside: Callable[[DeviceServer], Coroutine[None, None, None]] | None = None,
) -> None:
    """Open `port`, tell `opened` its url, and play the device there until cancelled.

    `speed` is how many simulated seconds pass in one; `beside` runs with it. Raises
    `SimulationError` when the port cannot be opened.
    """
    server = DeviceServer(line, port, Timeline(speed))
    try:
        opened(await server.open())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())
            if beside is not None:
                tasks.create_task(beside(server))
    finally:
        await server.close()
