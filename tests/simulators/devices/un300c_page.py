"""The UN300C's frames read straight from their page, for tests of the simulator."""

import re
from dataclasses import dataclass

MARKS = {"nibp": (b"\x02", b"\x03"), "spo2-board": (b"\xfd", b"\xfe")}
START, MANUAL, GET = b"01;;D7", b"03;;D9", b"18;;DF"


@dataclass(frozen=True)
class Result:
    """A result line as it stands."""

    state: str
    message: str
    pressures: tuple[str, str, str]
    rate: str


def frames(stream: bytes, dialect: str = "nibp") -> list[bytes]:
    """What stands between begin and end, each followed by CR; damaged ones are left out."""
    begin, end = MARKS[dialect]
    bodies = [part.rpartition(begin)[2] for part in stream.split(end + b"\r")[:-1]]
    return [body for body in bodies if body]


def results(stream: bytes, dialect: str = "nibp") -> list[Result]:
    """The result lines whose checksum is right."""
    found = []
    for body in frames(stream, dialect):
        line, _, check = body.rpartition(b";;")
        if not line.startswith(b"S") or f"{sum(line + b';;') % 256:02X}".encode() != check:
            continue
        fields = line.decode("ascii").split(";")
        assert [field[0] for field in fields] == list("SACMPRT")
        assert (fields[1], fields[2]) == ("A0", "C00")
        p = fields[4][1:]
        assert len(p) == 9
        found.append(Result(fields[0], fields[3], (p[:3], p[3:6], p[6:]), fields[5][1:]))
    return found


def pressures(stream: bytes, dialect: str = "nibp") -> list[str]:
    """The cuff pressures streamed, and 999."""
    return [
        body.decode("ascii")
        for body in frames(stream, dialect)
        if re.fullmatch(rb"\d{3}C\dS\d|999", body)
    ]


def told(command: bytes, dialect: str = "nibp") -> bytes:
    begin, end = MARKS[dialect]
    return begin + command + end


def host_sends(dialect: str, second: int) -> bytes:
    """A measurement every minute, and what it gave every second between."""
    return told(GET if second % 60 else START, dialect)


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """What the last line says that is no longer measuring; after an error nothing is there."""
    over = [line for line in results(stream, dialect) if line.state != "S3"]
    if not over:
        return {}
    last = over[-1]
    is_good = last.state == "S1" and last.message in ("M00", "M03")
    texts = (*last.pressures, last.rate)
    values = [int(text) if is_good and text != "---" else None for text in texts]
    return dict(zip(("sys_mmhg", "dia_mmhg", "map_mmhg", "pulse_per_min"), values, strict=True))
