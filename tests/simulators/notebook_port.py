"""A port without a host, for tests in virtual time."""

import asyncio
from dataclasses import dataclass, field

from simulators.ports import OnBytes


@dataclass
class NotebookPort:
    """A port that writes down what is sent and when, in the running loop's seconds."""

    sent: list[tuple[float, bytes]] = field(default_factory=list)
    plugged: list[tuple[float, bool]] = field(default_factory=list)
    on_bytes: OnBytes = print
    url = "memory://notebook"

    async def open(self, on_bytes: OnBytes) -> None:
        self.on_bytes = on_bytes
        self._note_plug(True)

    def write(self, data: bytes) -> None:
        self.sent.append((asyncio.get_running_loop().time(), data))

    async def close(self) -> None:
        self._note_plug(False)

    def _note_plug(self, plugged: bool) -> None:
        self.plugged.append((asyncio.get_running_loop().time(), plugged))

    @property
    def stream(self) -> bytes:
        return b"".join(data for _, data in self.sent)
