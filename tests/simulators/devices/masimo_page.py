"""Masimo's ASCII 1 read straight from its page, for tests of the simulator."""

import re
from dataclasses import dataclass

_LINE = re.compile(
    rb"(\d\d)/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d) SN=(\d{10})"
    rb" SPO2=(\d{3}|---)% BPM=(\d{3}|---) PI=(\d\d\.\d\d|--\.--)%"
    rb" SPCO=--\.-% SPMET=--\.-% DESAT=-- PIDELTA=\+--( PVI=---)?"
    rb" ALARM=([0-9A-F]{4}) EXC=([0-9A-F]{6})"
)


@dataclass(frozen=True)
class Line:
    """One line; a missing number is `None`."""

    clock: tuple[int, ...]
    serial: str
    spo2: int | None
    pulse: int | None
    index_pct: float | None
    has_pvi: bool
    alarm: int
    exceptions: int


def lines(stream: bytes) -> list[Line]:
    """Every whole line of a stream, whatever is between them."""
    return [_line(match) for text in stream.split(b"\r\n") if (match := _LINE.fullmatch(text))]


def _line(match: re.Match[bytes]) -> Line:
    *clock, serial, spo2, pulse, index_pct, pvi, alarm, exceptions = match.groups()
    return Line(
        clock=tuple(int(part) for part in clock),
        serial=serial.decode(),
        spo2=None if b"-" in spo2 else int(spo2),
        pulse=None if b"-" in pulse else int(pulse),
        index_pct=None if b"-" in index_pct else float(index_pct),
        has_pvi=pvi is not None,
        alarm=int(alarm, 16),
        exceptions=int(exceptions, 16),
    )


def host_sends(dialect: str, second: int) -> bytes:
    """Nothing: both dialects stream by themselves."""
    return b""


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """What the last line of the dialect says; a perfusion index of 10 % is a perfusion of 1."""
    said = [line for line in lines(stream) if line.has_pvi == (dialect == "rad7")]
    if not said:
        return {}
    last = said[-1]
    return {
        "spo2_pct": last.spo2,
        "pulse_per_min": last.pulse,
        "perfusion": None if last.index_pct is None else last.index_pct / 10,
    }
