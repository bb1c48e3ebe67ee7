"""The CMS50's dialects read straight from their page, for tests of the simulator."""

from dataclasses import dataclass

START = bytes.fromhex("7D 81 A1 80 80 80 80 80 80")
KEEP_ALIVE = bytes.fromhex("7D 81 AF 80 80 80 80 80 80")
PULSE_MISSING, SPO2_MISSING, INDEX_MISSING = 255, 127, 0xFFFF


@dataclass(frozen=True)
class Packet:
    """One packet; a flag that the dialect does not have is false."""

    strength: int
    pleth: int
    bar: int
    pulse: int
    spo2: int
    index: int = INDEX_MISSING
    beep: bool = False
    dropping: bool = False
    low_spo2: bool = False
    searching: bool = False
    searching_too_long: bool = False
    probe_error: bool = False
    probe_unplugged: bool = False
    no_finger: bool = False
    no_signal: bool = False
    index_invalid: bool = False


def packets(stream: bytes, dialect: str = "contec") -> list[Packet]:
    """Every whole packet of a stream, found by bit 7 alone; what is between is left out."""
    nine = dialect == "contec-v7"
    heads = [at for at, byte in enumerate(stream) if bool(byte & 0x80) != nine]
    length = 9 if nine else 5
    return [
        _nine_bytes(stream[at : at + 9]) if nine else _five_bytes(stream[at : at + 5], dialect)
        for at, end in zip(heads, [*heads[1:], len(stream)], strict=False)
        if end - at == length
    ]


def _five_bytes(packet: bytes, dialect: str) -> Packet:
    first, pleth, third, low, spo2 = packet
    bit_5, bit_4, error = bool(first & 0x20), bool(first & 0x10), bool(third & 0x10)
    contec = dialect == "contec"
    return Packet(
        strength=first & 0x0F,
        pleth=pleth,
        bar=third & 0x0F,
        pulse=(third & 0x40) << 1 | low,
        spo2=spo2,
        beep=bool(first & 0x40),
        searching=bool(third & 0x20),
        dropping=contec and bit_5,
        searching_too_long=contec and bit_4,
        probe_error=contec and error,
        probe_unplugged=not contec and bit_5,
        no_signal=not contec and bit_4,
        no_finger=not contec and error,
    )


def _nine_bytes(packet: bytes) -> Packet:
    assert packet[0] == 0x01
    third, fourth, fifth, pulse, spo2, low, high = (
        byte & 0x7F | (packet[1] >> place & 1) << 7 for place, byte in enumerate(packet[2:])
    )
    return Packet(
        strength=third & 0x0F,
        pleth=fourth & 0x7F,
        bar=fifth & 0x0F,
        pulse=pulse,
        spo2=spo2,
        index=high << 8 | low,
        searching_too_long=bool(third & 0x10),
        low_spo2=bool(third & 0x20),
        beep=bool(third & 0x40),
        probe_error=bool(third & 0x80),
        searching=bool(fourth & 0x80),
        index_invalid=bool(fifth & 0x10),
    )


def host_sends(dialect: str, second: int) -> bytes:
    """What keeps the device talking: the start every ten seconds, keep-alives between."""
    if dialect != "contec-v7" or second % 5:
        return b""
    return KEEP_ALIVE if second % 10 else START


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """What the last packet says; a perfusion index of 10 % is a perfusion of 1."""
    whole = packets(stream, dialect)
    if not whole:
        return {}
    last = whole[-1]
    said: dict[str, float | None] = {
        "spo2_pct": None if last.spo2 in (0, SPO2_MISSING) else last.spo2,
        "pulse_per_min": None if last.pulse in (0, PULSE_MISSING) else last.pulse,
    }
    if dialect == "contec-v7":
        said["perfusion"] = None if last.index == INDEX_MISSING else last.index / 1000
    return said
