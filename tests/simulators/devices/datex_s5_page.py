"""GE monitors' records read straight from their page, for tests of the simulator."""

from collections.abc import Iterator

ASK_VALUES = bytes.fromhex(
    "7e 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff 00 00 00 00 00 00 00 00"
    "00 00 00 00 00 00 00 00 00 00 01 0a 00 0e 00 00 00 00 00 49 7e"
)
"""Displayed values of all classes every 10 s, as the manual prints it."""

STOP_VALUES = ASK_VALUES[:41] + bytes.fromhex("01 00 00 00 00 00 00 00 00 31 7e")

BESIDES_BYTES = 3 * 552
"""Alarm texts come as they change."""


def asking(main: int, body: str) -> bytes:
    """A request of that main type; its subrecord is of type 0 and the only one."""
    data = bytes.fromhex(body)
    head = bytes([40 + len(data), 0, *[0] * 12, main, 0, 0, 0, 0, 0, 0, 0xFF, *[0] * 18])
    check = sum(head + data) % 256
    inside = head + data + bytes([check])
    wire = b"".join(
        bytes([0x7D, byte & ~0x20]) if byte in (0x7E, 0x7D) else bytes([byte]) for byte in inside
    )
    return b"\x7e" + wire + b"\x7e"


ASK_BASIC = asking(0, "01 05 00 00 00 00 00 00 00")
ASK_TIME = asking(0, "04 05 00 00 00 00 00 00 00")
ASK_PLETH = asking(1, "00 00 00 00 08" + "ff" * 7 + "00" * 20)
ASK_ALARMS = asking(4, "02 00" + "00" * 10)


def host_sends(dialect: str, second: int) -> bytes:
    """Values of the basic class, the cuff's time, the pleth and the alarms, again every minute."""
    return ASK_BASIC + ASK_TIME + ASK_PLETH + ASK_ALARMS if second % 60 == 0 else b""


def records(stream: bytes) -> Iterator[bytes]:
    """Each record whose checksum and length are right, without its checksum."""
    for part in stream.split(b"\x7e"):
        out, escaped = bytearray(), False
        for byte in part:
            if byte == 0x7D and not escaped:
                escaped = True
            else:
                out.append(byte | 0x20 if escaped else byte)
                escaped = False
        if len(out) > 40 and sum(out[:-1]) & 255 == out[-1] and u16(out, 0) == len(out) - 1:
            yield bytes(out[:-1])


def u16(data: bytes | bytearray, at: int) -> int:
    return data[at] + 256 * data[at + 1]


def i16(data: bytes, at: int) -> int:
    value = u16(data, at)
    return value - 65536 if value > 32767 else value


def subrecords(stream: bytes, main: int, type_: int) -> list[bytes]:
    """The data of each subrecord of that kind, to the end of its record."""
    found = []
    for record in records(stream):
        if i16(record, 14) != main:
            continue
        for n in range(8):
            at = 16 + 3 * n
            if record[at + 2] == 0xFF:
                break
            if record[at + 2] == type_:
                found.append(record[40 + i16(record, at) :])
    return found


def basic(stream: bytes) -> list[bytes]:
    """Displayed values of the basic class."""
    return [data for data in subrecords(stream, 0, 1) if not u16(data, 276) >> 8 & 15]


def value(data: bytes, at: int, per: int = 1) -> float | None:
    raw = i16(data, at)
    return None if raw <= -32001 else raw / per


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """The values last displayed; the amplitude of the pleth is 10 % at a perfusion of 1."""
    shown = basic(stream)
    if not shown:
        return {}
    last = shown[-1]
    return {
        "spo2_pct": value(last, 128, 100),
        "pulse_per_min": value(last, 130),
        "perfusion": value(last, 132, 1000),
        "sys_mmhg": value(last, 82, 100),
        "dia_mmhg": value(last, 84, 100),
        "map_mmhg": value(last, 86, 100),
    }


def pleth(stream: bytes) -> list[int]:
    return [i16(data, 6 + 2 * n) for data in subrecords(stream, 1, 8) for n in range(i16(data, 0))]


def cuff_times(stream: bytes) -> list[int]:
    return [int.from_bytes(data[:4], "little") for data in subrecords(stream, 0, 4)]


def alarms(stream: bytes) -> list[list[tuple[str, int]]]:
    """Text and colour of each alarm, by message."""
    return [
        [
            (data[at : at + 80].rstrip(b"\0").decode("latin-1"), u16(data, at + 82))
            for at in range(10, 500, 98)
            if u16(data, at + 82)
        ]
        for data in subrecords(stream, 4, 1)
    ]
