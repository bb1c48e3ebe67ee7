"""Links over RFC 2217, to a serial server that also sets its line."""

from serialx.platforms.serial_rfc2217 import RFC2217SerialTransport
from serialx.platforms.serial_rfc2217.types import (
    Rfc2217Command,
    SetLinestateMaskCmd,
    SetModemstateMaskCmd,
)

from drivers.driver import LineSettings
from drivers.links.serial import connect
from drivers.links.stream import Link, OnBytes, OnLost


async def open_rfc2217(url: str, line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Connect to `url` and have its line set. Raises `OSError`."""
    return await connect(url, line, on_bytes, on_lost, _Transport)


class _Transport(RFC2217SerialTransport):
    """What pyserial's servers need beside the standard.

    They greet at once, which uvloop delivers before the transport knows its connection,
    and take the state masks without an answer.
    """

    _early = b""

    def _data_received(self, data: bytes) -> None:
        if self._tcp_transport is None:
            self._early += data
        else:
            super()._data_received(data)

    async def _negotiate(self) -> None:
        if self._early:
            super()._data_received(self._early)
        await super()._negotiate()

    async def _send_and_wait(self, cmd: Rfc2217Command) -> Rfc2217Command:
        if isinstance(cmd, SetLinestateMaskCmd | SetModemstateMaskCmd):
            self._send_command(cmd)
            return cmd
        return await super()._send_and_wait(cmd)
