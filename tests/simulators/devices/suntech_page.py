"""The SunTech cuff's frames read straight from their page, for tests of the simulator."""

START = bytes.fromhex("3A 20 A6")
DATA = bytes.fromhex("3A 79 03 00 4A")


def word(frame: bytes, at: int) -> int:
    return frame[at] | frame[at + 1] << 8


def host_sends(dialect: str, second: int) -> bytes:
    """A measurement every minute, and what it gave every second between."""
    return DATA if second % 60 else START


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """The latest BP data; 0 is missing, and so is everything after an error."""
    frames = (stream[at : at + 24] for at in range(len(stream) - 23))
    data = [frame for frame in frames if frame[:2] == b"\x3e\x18" and sum(frame) % 256 == 0]
    if not data:
        return {}
    last = data[-1]
    values = {
        "sys_mmhg": word(last, 2),
        "dia_mmhg": word(last, 4),
        "map_mmhg": word(last, 18),
        "pulse_per_min": last[16],
    }
    return {name: value or None for name, value in values.items()}
