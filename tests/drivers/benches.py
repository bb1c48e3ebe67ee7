"""A device on a bench, and a pseudo-terminal to plug it into."""

import asyncio
import os
import random
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self

from drivers.clock import Clock
from drivers.device import Device
from drivers.readings import DeviceReport, Item, LinkChanged, LinkState, Measurement, Vital
from drivers.registry import DeviceSpec


class Terminal:
    """A pseudo-terminal, seen from the device's end; `path` is the host's end."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self.master, False)
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.unplug()

    def send(self, data: bytes) -> int:
        return os.write(self.master, data)

    async def read(self) -> bytes:
        """What the host sends next."""
        loop = asyncio.get_running_loop()
        while True:
            ready = loop.create_future()
            loop.add_reader(self.master, ready.set_result, None)
            try:
                await ready
            finally:
                loop.remove_reader(self.master)
            with suppress(OSError):
                return os.read(self.master, 4096)

    def unplug(self) -> None:
        """Vanish, as a pulled USB adapter does."""
        if self._is_open:
            self._is_open = False
            os.close(self.master)


class Bench:
    """What one device reported, from its making on."""

    def __init__(self, spec: DeviceSpec, clock: Clock) -> None:
        self.reports: list[DeviceReport] = []
        self.device = Device(spec, self._keep, clock, jitter=random.Random(1))
        self._more = asyncio.Event()

    def _keep(self, report: DeviceReport) -> None:
        self.reports.append(report)
        self._more.set()

    async def until(self, wanted: Callable[["Bench"], bool], limit_s: float = 30.0) -> None:
        """Wait, by the loop's time, for what is `wanted`."""
        async with asyncio.timeout(limit_s):
            while not wanted(self):
                self._more.clear()
                await self._more.wait()

    async def until_up(self, times: int = 1) -> None:
        await self.until(lambda b: [c.state for c in b.changes].count(LinkState.UP) >= times)

    async def until_down(self, times: int = 1) -> str:
        """Wait until the link is down for the `times`th time; the reason."""

        def downs(bench: "Bench") -> list[str]:
            return [str(c.reason) for c in bench.changes if c.state is LinkState.DOWN]

        await self.until(lambda bench: len(downs(bench)) >= times)
        return downs(self)[times - 1]

    @property
    def changes(self) -> list[LinkChanged]:
        return [report.item for report in self.reports if isinstance(report.item, LinkChanged)]

    @property
    def items(self) -> list[Item]:
        return [report.item for report in self.reports if not isinstance(report.item, LinkChanged)]

    def values(self, vital: Vital) -> list[float | None]:
        measurements = [item for item in self.items if isinstance(item, Measurement)]
        return [r.value for item in measurements for r in item.readings if r.vital is vital]


@asynccontextmanager
async def bench(
    driver: str, url: str, clock: Clock | None = None, dialect: str | None = None
) -> AsyncIterator[Bench]:
    """A bench with `driver` at `url`."""
    one = Bench(DeviceSpec("device", driver, url, dialect), clock or Clock())
    task = asyncio.create_task(one.device.run())
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
