"""A capture: what went over a device's link in both directions, and when, as text.

The format is stated in docs/reference/capture.md. Only lines and records: no file is opened here.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from drivers.clock import parse_rfc3339, rfc3339

MAGIC: Final = "postdose-capture 1"
"""The first line of every capture, whole."""

BYTES_A_LINE: Final = 32
JOINED: Final = 65_536

KINDS: Final = "open, rx, tx or shut"

_RECORD: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s+(open|rx|tx|shut)(?:\s+(.*))?")


class CaptureError(Exception):
    """What was given is no capture; the message names the line and what is wrong with it."""


class What(StrEnum):
    """What a record is of: the link opened, bytes from the device or to it, the link's end."""

    OPEN = "open"
    RX = "rx"
    TX = "tx"
    SHUT = "shut"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened, `at_s` seconds after the capture's start.

    `text` is the line's settings of `OPEN` and the reason of `SHUT`.
    """

    at_s: float
    what: What
    data: bytes = b""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """The records of a capture, oldest first; `start` is None where it does not say."""

    start: datetime | None
    records: tuple[Record, ...]


def head(start: datetime, device: str) -> str:
    """What a file begins with; `device` says in words which device it is of."""
    return (
        f"{MAGIC}\nstart {rfc3339(start)}\n# {_one_line(device)}\n"
        "# Measurements of a patient: keep it as the patient's record is kept.\n"
    )


def lines(record: Record) -> str:
    """The lines of `record`."""
    begin = f"{record.at_s:.3f} {record.what}"
    if not record.data:
        return f"{begin} {_one_line(record.text)}".rstrip() + "\n"
    pieces = (
        record.data[at : at + BYTES_A_LINE] for at in range(0, len(record.data), BYTES_A_LINE)
    )
    return "".join(f"{begin} {piece.hex(' ')}{_readable(piece)}\n" for piece in pieces)


def _readable(data: bytes) -> str:
    """`data` as a comment, where it is text."""
    text = data.decode("latin-1").rstrip("\r\n")
    return f"  # {text}" if len(text) > 1 and text.isascii() and text.isprintable() else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def is_capture(data: bytes) -> bool:
    """Whether a file with these bytes calls itself a capture, of whatever version."""
    return data.removeprefix(b"\xef\xbb\xbf").startswith(MAGIC.split()[0].encode())


def parse(data: bytes, source: str) -> Capture:
    """The capture in the file's bytes `data`. Raises `CaptureError`, which names `source`.

    What came at one moment is one record, whatever lines it was written in, up to `JOINED` bytes.
    The last line is left out where it cannot be read and has no end: it was being written.
    """
    first, *rest = data.decode("utf-8-sig", errors="replace").split("\n")
    if first.strip() != MAGIC:
        raise CaptureError(f"{source}:1: no capture: the first line must be {MAGIC!r}")
    start: datetime | None = None
    records: list[Record] = []
    for number, line in enumerate(map(str.strip, rest), 2):
        try:
            if line.startswith("start ") and not records:
                start = parse_rfc3339(line.removeprefix("start ").strip())
            elif line and not line.startswith("#"):
                _add(records, _record(line, records[-1].at_s if records else 0.0))
        except ValueError as fault:
            if number <= len(rest):
                raise CaptureError(f"{source}:{number}: {fault}") from fault
    return Capture(start, tuple(records))


def _add(records: list[Record], record: Record) -> None:
    last = records[-1] if records else record
    came_with_it = records and record.data and (last.at_s, last.what) == (record.at_s, record.what)
    if came_with_it and len(last.data) < JOINED:
        records[-1] = replace(last, data=last.data + record.data)
    else:
        records.append(record)


def _record(line: str, least_s: float) -> Record:
    """The record in `line`, not before second `least_s`. Raises `ValueError`."""
    if (found := _RECORD.fullmatch(line)) is None:
        raise ValueError(f"{line[:40]!r} is no record: write seconds, then {KINDS}, then its bytes")
    at_s, what, rest = float(found[1]), What(found[2]), found[3] or ""
    if at_s < least_s:
        raise ValueError(f"{at_s:g} s is before the record above it")
    if what in (What.OPEN, What.SHUT):
        return Record(at_s, what, text=rest)
    digits = rest.partition("#")[0].strip()
    try:
        return Record(at_s, what, bytes.fromhex(digits))
    except ValueError:
        raise ValueError(f"{digits[:40]!r}: write bytes as pairs of hexadecimal digits") from None
