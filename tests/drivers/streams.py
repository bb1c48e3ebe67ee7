"""Byte streams as the protocol pages describe them, for tests: written from the page alone."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

FINGER_OFF = 0x08


def split(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """`data` in pieces that end at `cuts`."""
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def nonin_data(pulse: int = 72, spo2: int = 97, **at: int) -> list[int]:
    """The 25 data bytes of a packet; `at` sets others by position: at_8=1 is STAT2."""
    data = [0] * 25
    data[0], data[1] = pulse >> 7, pulse & 0x7F
    data[2] = spo2
    data[3] = 0x30
    for name, value in at.items():
        data[int(name.removeprefix("at_")) - 1] = value
    return data


def nonin_packet(
    dialect: str,
    data: Sequence[int] | None = None,
    status: int | Sequence[int] = 0,
    pleth: Sequence[int] = tuple(range(25)),
) -> bytes:
    """One packet of 25 frames; `status` are the bits besides 7 and SYNC, for all or each."""
    data = nonin_data() if data is None else data
    bits = [status] * 25 if isinstance(status, int) else status
    packet = b""
    for n in range(25):
        state = 0x80 | bits[n] | (n == 0)
        if dialect == "2":
            body = [1, state, pleth[n], data[n]]
        else:
            body = [state, pleth[n] >> 8, pleth[n] & 0xFF, data[n]]
        packet += bytes([*body, sum(body) % 256])
    return packet


def module_frame(*body: int) -> bytes:
    """A SunTech module's frame: 3E, its whole length, `body`, checksum."""
    frame = [0x3E, len(body) + 3, *body]
    return bytes([*frame, -sum(frame) % 256])


def letter(name: str) -> bytes:
    """A SunTech module's one-letter answer."""
    return module_frame(ord(name))


def cuff_pressure(mmhg: int) -> bytes:
    """A SunTech module's cuff pressure."""
    return module_frame(mmhg & 0xFF, mmhg >> 8)


def bp_data(
    systolic: int = 115,
    diastolic: int = 74,
    mean: int = 88,
    pulse: int = 85,
    *,
    status: int = 1,
    error: int = 0,
) -> bytes:
    """A SunTech module's result."""
    pressures = [value for mmhg in (systolic, diastolic) for value in (mmhg & 0xFF, mmhg >> 8)]
    tail = [pulse, 0, mean & 0xFF, mean >> 8, error, 0, 0]
    return module_frame(*pressures, 30, status, *[0] * 8, *tail)
