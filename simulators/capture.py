"""A capture of a real device, played: what it said, at the times at which it said it.

The format is stated in docs/reference/capture.md. Nothing is answered, and what the host said then
is not waited for.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from simulators.device_model import Datagrams, Message
from simulators.devices import find
from simulators.errors import SimulationError
from simulators.faults import Faults
from simulators.line import SimulatedLine
from simulators.numerics import NumericsRecord

FIRST_LINE: Final = "postdose-capture 1"
PAUSE_S: Final = 1.0
"""Between the last record and the first, where a capture is played in a loop."""

SLIP: Final = Datagrams(
    b"\xc0",
    lambda frame: frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb"),
    lambda datagram: datagram,
)
"""How datagrams stand in a capture, RFC 1055; what the host sends is not looked at."""

_RECORD: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s+(open|rx|tx|shut)(?:\s+(.*))?")


class PlayedCapture:
    """A device that says `messages`, the first time as they are; with `period_s` again and again.

    They are at least one, in order, none after `period_s`.
    """

    def __init__(self, messages: Sequence[Message], period_s: float | None = None) -> None:
        self._messages = messages
        self._period_s = period_s
        self._said = 0

    @property
    def next_due_s(self) -> float | None:
        """When the next message is due; `None` after the last one."""
        rounds, at = divmod(self._said, len(self._messages))
        if self._period_s is None and rounds:
            return None
        return rounds * (self._period_s or 0.0) + self._messages[at].at_s

    def advance(self, now_s: float) -> list[Message]:
        """What was said up to `now_s`."""
        due = []
        while (at_s := self.next_due_s) is not None and at_s <= now_s:
            due.append(Message(at_s, self._messages[self._said % len(self._messages)].data))
            self._said += 1
        return due

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Nothing: what the device answered is played at its own time."""
        return []


def play(device: str, path: Path, *, loop: bool = False, seed: int = 0) -> SimulatedLine:
    """The capture in the file at `path` at the end of a line, as the device called `device`.

    Raises `SimulationError`, which names the line, when there is no such device or no capture.
    """
    find(device)
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SimulationError(f"{path}: cannot be read: {error.strerror}") from None
    messages, end_s = parse_capture(text, str(path))
    played = PlayedCapture(messages, end_s + PAUSE_S if loop else None)
    return SimulatedLine(device, played, Faults(NumericsRecord({})), (), seed)


def parse_capture(text: str, source: str) -> tuple[list[Message], float]:
    """What the device said in the capture `text`, and the second of its last record.

    Errors name `source` and the line. A last line without an end that cannot be read is left out.
    """
    first, *others = text.split("\n")
    if first.strip() != FIRST_LINE:
        raise SimulationError(
            f"{source}, line 1: no capture, which begins with the line {FIRST_LINE!r}: "
            "write one with capture = true at a device of a site's file"
        )
    messages: list[Message] = []
    last_s = 0.0
    for number, line in enumerate(map(str.strip, others), 2):
        if not line or line.startswith("#") or (line.startswith("start ") and not last_s):
            continue
        try:
            last_s, what, data = _record(line, last_s)
        except ValueError as error:
            if number > len(others):
                break
            raise SimulationError(f"{source}, line {number}: {error}") from None
        if what == "rx" and data:
            messages.append(Message(last_s, data))
    if not messages:
        raise SimulationError(f"{source}: there is no rx line with bytes: the device said nothing")
    return messages, last_s


def _record(line: str, least_s: float) -> tuple[float, str, bytes]:
    """Second, kind and bytes of the record in `line`. Raises `ValueError`."""
    found = _RECORD.fullmatch(line)
    if found is None:
        raise ValueError(f"{line[:40]!r} is no record: write SECONDS rx 01 02, or tx, open, shut")
    at_s, what = float(found[1]), found[2]
    if at_s < least_s:
        raise ValueError(f"{found[1]} s is before the record above, at {least_s:g} s")
    if what in ("open", "shut"):
        return at_s, what, b""
    digits = (found[3] or "").partition("#")[0].strip()
    try:
        return at_s, what, bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f"{digits[:40]!r} are no bytes: write pairs of hex digits") from None
