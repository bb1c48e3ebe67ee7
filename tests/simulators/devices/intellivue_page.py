"""IntelliVue messages read straight from their page, for tests of the simulator."""

import binascii
from collections.abc import Iterator

POLL_NUMERICS = bytes.fromhex(
    "c0 11 01 00 24 e1 00 00 02 00 01 00 1c 00 01 00 07 00 16 00 21 00 00 00 00 00 00 00 00 0c 16"
    "00 08 00 01 00 01 00 06 08 03 9d 3b c1"
)
"""As the page prints it."""

WANTED = {
    0x4BB8: "spo2_pct",
    0x4822: "pulse_per_min",
    0x4BB0: "perfusion",
    0x4A05: "sys_mmhg",
    0x4A06: "dia_mmhg",
    0x4A07: "map_mmhg",
}


MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def x25(data: bytes) -> int:
    """CRC-16/X-25 as the mirror image of the CCITT polynomial's."""
    crc = binascii.crc_hqx(data.translate(MIRRORED), 0xFFFF) ^ 0xFFFF
    return int(f"{crc:016b}"[::-1], 2)


def frame(message: str | bytes) -> bytes:
    body = bytes.fromhex(message) if isinstance(message, str) else message
    data = b"\x11\x01" + len(body).to_bytes(2, "big") + body
    data += x25(data).to_bytes(2, "little")
    inside = (
        bytes([0x7D, byte ^ 0x20]) if byte in (0x7D, 0xC0, 0xC1) else bytes([byte]) for byte in data
    )
    return b"\xc0" + b"".join(inside) + b"\xc1"


def asked(code: str, type_: str, group: str, more: str = "") -> bytes:
    body = bytes.fromhex(f"0007 0001 {type_} {group} {more}")
    size = len(body)
    head = f"e1000002 0001 {size + 20:04x} 0007 0007 {size + 14:04x} 002100000000 00000000"
    return frame(bytes.fromhex(f"{head} {code} {size:04x}") + body)


RELEASE = frame("09 18" + "00" * 24)
ASSOCIATE = frame("0d ec 05 08 13 01 00 16 01 02 80 00 14 02 00 02" + "00" * 222)
CREATED = frame("e1000002 0002 0014 0001 0001 000e 002100000000 00000000 0d06 0000")
POLL_ALARMS = asked("0c16", "0036", "0811")
POLL_WAVE = asked("f13b", "0009", "0803", "0001 0008 f13e 0004 00493e00")


def host_sends(dialect: str, second: int) -> bytes:
    """A new association every minute, and polls of numerics every second."""
    again = second % 60 == 0
    opening = RELEASE + ASSOCIATE + CREATED + POLL_WAVE + POLL_ALARMS if again else b""
    return opening + POLL_NUMERICS


def messages(stream: bytes) -> Iterator[bytes]:
    """The message of each frame whose length and CRC are right."""
    for part in stream.split(b"\xc1"):
        out, flip = bytearray(), 0
        for byte in part[part.rfind(b"\xc0") + 1 :]:
            if byte == 0x7D:
                flip = 0x20
            else:
                out.append(byte ^ flip)
                flip = 0
        data = bytes(out)
        is_whole = data[:2] == b"\x11\x01" and u16(data, 2) == len(data) - 6
        if is_whole and x25(data[:-2]) == int.from_bytes(data[-2:], "little"):
            yield data[4:-2]


def u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")


def parts(data: bytes, at: int) -> tuple[int, int]:
    """How many there are of what a list holds, and where the first begins."""
    return u16(data, at), at + 4


def objects(message: bytes) -> list[tuple[int, dict[int, bytes]]]:
    """Handle and attributes of each object of the answer to a poll; none of another message."""
    if message[0] != 0xE1 or u16(message, 4) not in (2, 5):
        return []
    at = 8 + (2 if u16(message, 4) == 5 else 0)
    if u16(message, at + 2) != 7:
        return []
    action = u16(message, at + 12)
    at += 16 + (4 if action == 0xF13B else 2) + 4 + 8 + 4 + 2
    contexts, at = parts(message, at)
    found = []
    for _ in range(contexts):
        count, at = parts(message, at + 2)
        for _ in range(count):
            handle, attributes = u16(message, at), {}
            number, at = parts(message, at + 2)
            for _ in range(number):
                id_, size = u16(message, at), u16(message, at + 2)
                attributes[id_] = message[at + 4 : at + 4 + size]
                at += 4 + size
            found.append((handle, attributes))
    assert at == len(message)
    return found


def attributes(stream: bytes, id_: int) -> list[bytes]:
    return [of[id_] for message in messages(stream) for _, of in objects(message) if id_ in of]


def numerics(stream: bytes) -> list[tuple[int, int, int, float | None]]:
    """Physio id, state, unit and value of each, in the order in which they came."""
    found = []
    for message in messages(stream):
        for _, of in objects(message):
            whole = of.get(0x094B, b"\0\0\0\0")[4:] + of.get(0x0950, b"")
            for at in range(0, len(whole), 10):
                mantissa = int.from_bytes(whole[at + 7 : at + 10], "big", signed=True)
                power = int.from_bytes(whole[at + 6 : at + 7], "big", signed=True)
                value = None if mantissa == 0x7FFFFF else float(f"{mantissa}e{power}")
                found.append((u16(whole, at), u16(whole, at + 2), u16(whole, at + 4), value))
    return found


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """The values that were said last and are valid."""
    said = {
        WANTED[id_]: None if state & 0xA000 else value
        for id_, state, _, value in numerics(stream)
        if id_ in WANTED
    }
    return said if len(said) == len(WANTED) else {}


def pleth(stream: bytes) -> list[int]:
    return [
        u16(value, at)
        for value in attributes(stream, 0x096E)
        for at in range(6, 6 + u16(value, 4), 2)
    ]


def texts(stream: bytes, id_: int) -> list[list[str]]:
    """The words of each list of alarms."""
    found = []
    for value in attributes(stream, id_):
        count, at = parts(value, 0)
        words = []
        for _ in range(count):
            size = u16(value, at + 16)
            info = value[at + 18 : at + 18 + size]
            words.append(info[12 : 12 + u16(info, 10)].decode("utf-16-be").rstrip("\0"))
            at += 18 + size
        found.append(words)
    return found
