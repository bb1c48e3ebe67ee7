"""The host's bytes until they are whole commands: in any pieces, with anything between them."""

from collections.abc import Callable

_STALL_S = 1.0


class CommandBuffer:
    """Commands that begin with the byte `start`.

    `length` gives the bytes of a command from those that are there of it, one at least. A
    command that stops half way for a second is given up once the next byte comes.
    """

    def __init__(self, start: int, length: Callable[[bytes], int]) -> None:
        self._start = start
        self._length = length
        self._bytes = bytearray()
        self._received_s = 0.0

    def drop_stalled(self, now_s: float) -> bool:
        """Drop a command that has stopped half way; whether there was one."""
        stalled = bool(self._bytes) and now_s - self._received_s > _STALL_S
        if stalled:
            self._bytes.clear()
        return stalled

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        """The commands that `data` completes."""
        self._bytes += data
        self._received_s = now_s
        commands = []
        while (command := self._next()) is not None:
            commands.append(command)
        return commands

    def _next(self) -> bytes | None:
        begin = self._bytes.find(self._start)
        del self._bytes[: begin if begin >= 0 else len(self._bytes)]
        if not self._bytes or len(self._bytes) < (length := self._length(bytes(self._bytes))):
            return None
        command = bytes(self._bytes[:length])
        del self._bytes[:length]
        return command
