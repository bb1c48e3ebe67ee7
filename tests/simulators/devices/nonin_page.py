"""Nonin formats 2 and 7 read straight from their page, for tests of the simulator."""

import re
from dataclasses import dataclass

SNSD, ARTF, OOT, SNSA, SYNC = 0x40, 0x20, 0x10, 0x08, 0x01
MISSING_SPO2, MISSING_RATE = 127, 511


@dataclass(frozen=True)
class Packet:
    status: list[int]
    pleth: list[int]
    data: list[int]

    def nine_bits(self, position: int) -> int:
        high, low = self.data[position - 1], self.data[position]
        return (high & 3) << 7 | (low & 0x7F)

    def byte(self, position: int) -> int:
        return self.data[position - 1]

    @property
    def rate(self) -> int:
        return self.nine_bits(1)

    @property
    def spo2(self) -> int:
        return self.byte(3)

    @property
    def display(self) -> tuple[int, int]:
        return self.byte(9), self.nine_bits(20)

    @property
    def colours(self) -> list[int]:
        return [status >> 1 & 3 for status in self.status]


def packets(stream: bytes, dialect: str = "2") -> list[Packet]:
    """Every packet of a stream that must be without fault from its first byte."""
    frames = [stream[at : at + 5] for at in range(0, len(stream), 5)]
    for frame in frames:
        assert len(frame) == 5
        assert sum(frame[:4]) % 256 == frame[4]
        if dialect == "2":
            assert frame[0] == 1
        assert frame[1 if dialect == "2" else 0] & 0x80
    return [_packet(frames[at : at + 25], dialect) for at in range(0, len(frames), 25)]


def whole_packets(stream: bytes) -> bytes:
    """A stream of format 2 from its first packet on, to the end of its last."""
    begin = next(
        at
        for at in range(len(stream))
        if stream[at] == 1 and stream[at + 1] & 0x81 == 0x81 and stream[at + 5] == 1
        and sum(stream[at : at + 4]) % 256 == stream[at + 4]
    )  # fmt: skip
    return stream[begin : begin + (len(stream) - begin) // 125 * 125]


def _packet(frames: list[bytes], dialect: str) -> Packet:
    if dialect == "2":
        rows = [(frame[1], frame[2], frame[3]) for frame in frames]
    else:
        rows = [(frame[0], frame[1] << 8 | frame[2], frame[3]) for frame in frames]
    status, pleth, data = (list(column) for column in zip(*rows, strict=True))
    assert [value & SYNC for value in status] == [1] + [0] * 24
    return Packet(status, pleth, data)


def desk_lines(stream: bytes) -> list[re.Match[bytes]]:
    """The whole lines of a desk oximeter: SpO2, heart rate, F and `*`."""
    form = re.compile(rb"SPO2=(\d{3}|---) HR=(\d{3}|---)( F)?( \*)?")
    return [found for text in stream.split(b"\r\n")[:-1] if (found := form.fullmatch(text))]


COMMANDED = {"wristox2": "7", "9560": "2"}
"""The format that a host sets here."""


def host_sends(dialect: str, second: int) -> bytes:
    """The format, now and then, to those that are silent until it is set; else nothing."""
    if dialect not in COMMANDED or second % 60:
        return b""
    return bytes([0x02, 0x70, 0x02, 0x02, int(COMMANDED[dialect]), 0x03])


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """What the last whole packet or line says."""
    if dialect == "desk":
        return _desk_vitals(stream)
    dialect = COMMANDED.get(dialect, dialect)
    for at in reversed(range(len(stream) - 124)):
        try:
            (last,) = packets(stream[at : at + 125], dialect)
        except AssertionError:
            continue
        return {
            "spo2_pct": None if last.spo2 == MISSING_SPO2 else last.spo2,
            "pulse_per_min": None if last.rate == MISSING_RATE else last.rate,
        }
    return {}


def _desk_vitals(stream: bytes) -> dict[str, float | None]:
    said = desk_lines(stream)
    if not said:
        return {}
    spo2, rate = (None if text == b"---" else int(text) for text in said[-1].groups()[:2])
    return {"spo2_pct": spo2, "pulse_per_min": rate}
