"""The Berry board's frames read straight from their page, for tests of the simulator."""

HEAD = bytes.fromhex("55 AA")
SPO2_ON = bytes.fromhex("55 AA 04 03 01 F7")
WAVE_ON, WAVE_OFF = bytes.fromhex("55 AA 04 FE 01 FC"), bytes.fromhex("55 AA 04 FE 00 FD")
START, STOP = bytes.fromhex("55 AA 04 02 01 F8"), bytes.fromhex("55 AA 04 02 00 F9")


def frames(stream: bytes) -> list[tuple[int, list[int]]]:
    """Type and data of every frame whose checksum is right, whatever is between them."""
    found, at = [], 0
    while (at := stream.find(HEAD, at)) >= 0:
        length = stream[at + 2] if at + 2 < len(stream) else 0
        body = stream[at + 2 : at + 1 + length]
        check = stream[at + 1 + length : at + 2 + length]
        if length > 2 and len(body) == length - 1 and check == bytes([255 - sum(body) % 256]):
            found.append((body[1], list(body[2:])))
            at += 2 + length
        else:
            at += 1
    return found


def oximetry(stream: bytes) -> list[list[int]]:
    """Status, SpO2 and pulse of each frame of SpO2."""
    return [data for type_, data in frames(stream) if type_ == 0x04]


def cuff(stream: bytes) -> list[tuple[int, int, int, tuple[int, int, int]]]:
    """Patient, code, cuff pressure and the three pressures of each frame about the cuff."""
    return [
        (data[0] & 3, data[0] >> 2 & 15, 2 * data[1], (data[2], data[3], data[4]))
        for type_, data in frames(stream)
        if type_ == 0x03
    ]


def wave(stream: bytes) -> list[int]:
    return [data[0] for type_, data in frames(stream) if type_ == 0xFE]


def host_sends(dialect: str, second: int) -> bytes:
    """The streams switched on, and a measurement every minute."""
    return START + SPO2_ON + WAVE_ON if second % 60 == 0 else b""


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """The last SpO2 and pulse, and the last measurement that is over; none has no pressures."""
    if not oximetry(stream):
        return {}
    _, spo2, pulse = oximetry(stream)[-1]
    over = [(0, 8, 0, (0, 0, 0)), *(word for word in cuff(stream) if word[1] != 1)]
    _, code, _, pressures = over[-1]
    sys, mean, dia = (mmhg or None for mmhg in (pressures if code == 0 else (0, 0, 0)))
    return {
        "spo2_pct": None if spo2 == 127 else spo2,
        "pulse_per_min": None if pulse == 255 else pulse,
        "sys_mmhg": sys,
        "dia_mmhg": dia,
        "map_mmhg": mean,
    }
