"""Writes captures: files of bounded size and number, by a thread of their own.

The event loop only puts records into a queue. When the thread cannot keep up, or the disk is full
or read-only, records are dropped and counted, that is logged once, and nothing else notices. What
stands in a file is `capture`'s business.
"""

import contextlib
import errno
import logging
import os
import queue
import re
import shutil
import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from drivers.capture import Record, What, head, lines
from drivers.clock import Clock, Instant
from drivers.driver import LineSettings
from drivers.registry import DeviceSpec

FILE_BYTES: Final = 10_000_000
FILES: Final = 10
WAITING_BYTES: Final = 4_000_000
"""How much may wait for the disk, of all devices together."""

KEEP_FREE_BYTES: Final = 500_000_000
"""A capture begins no file on a disk with less room than this: it is for the journal."""

RETRY_S: Final = 60.0
LAST_RECORDS_S: Final = 1.0
"""How long the end of the program waits for the last records to be written."""

RECORD_COST: Final = 100
"""What a record takes in memory besides its bytes, about."""

NAME: Final = re.compile(r"(\d{6,})\.capture")

_log = logging.getLogger(__name__)


class DeviceCapture:
    """What a device tells of its link, to be kept; this one keeps nothing."""

    @property
    def lost(self) -> int | None:
        """Records that could not be kept; None where none are to be."""
        return None

    def opened(self, line: LineSettings) -> None:
        """The link was opened, its line set so."""

    def received(self, data: bytes) -> None:
        """The device sent `data`."""

    def sent(self, data: bytes) -> None:
        """`data` was sent to the device."""

    def shut(self, reason: str) -> None:
        """The link has ended, or could not be opened, because of `reason`."""


class Captures:
    """The captures of one daemon, below `folder`: BED/DEVICE/NUMBER.capture.

    `wanted` are the devices that are captured, as (bed, device). Each has at most `files` files of
    `file_bytes` bytes; the oldest goes when another is begun.
    """

    def __init__(
        self,
        folder: Path,
        wanted: Collection[tuple[str, str]],
        clock: Clock,
        *,
        file_bytes: int = FILE_BYTES,
        files: int = FILES,
        keep_free_bytes: int = KEEP_FREE_BYTES,
    ) -> None:
        self.folder = folder
        self.file_bytes = file_bytes
        self.files = files
        self.keep_free_bytes = keep_free_bytes
        self._wanted = frozenset(wanted)
        self._clock = clock
        self._queue: queue.SimpleQueue[tuple[_Files, Instant, Record] | None] = queue.SimpleQueue()
        self._of_devices: list[_Files] = []
        self._put_bytes = 0
        self._taken_bytes = 0
        self._thread = threading.Thread(target=self._write, name="capture", daemon=True)
        if self._wanted:
            self._thread.start()

    def of(self, bed: str, spec: DeviceSpec) -> DeviceCapture:
        """Where the device at the bed tells of its link."""
        if (bed, spec.id) not in self._wanted:
            return DeviceCapture()
        words = f"{bed}/{spec.id}: {spec.driver} at {spec.url}"
        files = _Files(self, self.folder / bed / spec.id, words)
        self._of_devices.append(files)
        return _Kept(self, files)

    def put(self, files: "_Files", what: What, data: bytes = b"", text: str = "") -> bool:
        """Have a record written; False when too many wait. Only for the event loop's thread."""
        cost = len(data) + RECORD_COST
        if self._put_bytes - self._taken_bytes + cost > WAITING_BYTES:
            return False
        self._put_bytes += cost
        at = self._clock.now()
        self._queue.put((files, at, Record(at.mono, what, data, text)))
        return True

    def close(self) -> None:
        """Write the last records, if that can be done in `LAST_RECORDS_S`."""
        if self._wanted:
            self._queue.put(None)
            self._thread.join(LAST_RECORDS_S)

    def _write(self) -> None:
        while (taken := self._queue.get()) is not None:
            files, at, record = taken
            files.write(at, record)
            self._taken_bytes += len(record.data) + RECORD_COST
        for files in self._of_devices:
            with contextlib.suppress(OSError):
                files.close()


class _Kept(DeviceCapture):
    """The capture of a device, on the event loop's side."""

    def __init__(self, captures: Captures, files: "_Files") -> None:
        self._captures = captures
        self._files = files

    @property
    def lost(self) -> int:
        return self._files.lost

    def opened(self, line: LineSettings) -> None:
        self._put(What.OPEN, text=str(line))

    def received(self, data: bytes) -> None:
        self._put(What.RX, data)

    def sent(self, data: bytes) -> None:
        self._put(What.TX, data)

    def shut(self, reason: str) -> None:
        self._put(What.SHUT, text=reason)

    def _put(self, what: What, data: bytes = b"", text: str = "") -> None:
        if not self._captures.put(self._files, what, data, text):
            self._files.dropped += 1


class _Files:
    """The files of a device, on the thread's side; `dropped` alone is counted by the event loop."""

    def __init__(self, captures: Captures, folder: Path, words: str) -> None:
        self.dropped = 0
        self.unwritten = 0
        self._captures = captures
        self._folder = folder
        self._words = words
        self._fd: int | None = None
        self._size = 0
        self._start_s = 0.0
        self._line = ""
        self._told_lost = 0
        self._is_failing = False
        self._retry_s = float("-inf")

    @property
    def lost(self) -> int:
        """Records that are in no file."""
        return self.dropped + self.unwritten

    def write(self, at: Instant, record: Record) -> None:
        """Write `record` of the moment `at`, or count it."""
        if record.what in (What.OPEN, What.SHUT):
            self._line = record.text if record.what is What.OPEN else ""
        if at.mono < self._retry_s:
            self.unwritten += 1
            return
        try:
            self._append(at, record)
        except OSError as fault:
            self._fail(at, fault)
            return
        if self._is_failing:
            self._is_failing = False
            _log.info("capture in %s: written again; %d records were lost", self._folder, self.lost)

    def _append(self, at: Instant, record: Record) -> None:
        text = self._text(record)
        if self._fd is None or self._size + len(text) > self._captures.file_bytes:
            self._begin(at, record)
            text = self._text(record)
        if (lost := self.lost) > self._told_lost:
            text = f"# {lost - self._told_lost} records were lost here\n{text}"
            self._told_lost = lost
        self._put(text)

    def _text(self, record: Record) -> str:
        return lines(replace(record, at_s=max(0.0, record.at_s - self._start_s)))

    def _begin(self, at: Instant, first: Record) -> None:
        """Begin the next file, and delete the oldest when there are too many."""
        self.close()
        self._captures.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (free := shutil.disk_usage(self._folder).free) < self._captures.keep_free_bytes:
            raise OSError(errno.ENOSPC, f"only {free // 1_000_000} MB are free on this disk")
        there = sorted(n for path in self._folder.iterdir() if (n := _number(path)))
        path = self._folder / f"{(there or [0])[-1] + 1:06d}.capture"
        self._fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._size, self._start_s = 0, at.mono
        try:
            self._put(head(at.wall, self._words))
        except OSError:
            path.unlink(missing_ok=True)
            raise
        if self._line and first.what is not What.OPEN:
            self._put(lines(Record(0.0, What.OPEN, text=f"{self._line} continued")))
        for old in there[: max(0, len(there) + 1 - self._captures.files)]:
            (self._folder / f"{old:06d}.capture").unlink(missing_ok=True)

    def _put(self, text: str) -> None:
        rest = text.encode(errors="backslashreplace")
        self._size += len(rest)
        while rest and self._fd is not None:
            rest = rest[os.write(self._fd, rest) :]

    def _fail(self, at: Instant, fault: OSError) -> None:
        with contextlib.suppress(OSError):
            self.close()
        self.unwritten += 1
        self._retry_s = at.mono + RETRY_S
        if not self._is_failing:
            self._is_failing = True
            _log.warning(
                "capture in %s: %s; the device is read on, its records are counted as lost and a "
                "file is tried again every %g s",
                self._folder,
                fault.strerror or fault,
                RETRY_S,
            )

    def close(self) -> None:
        """Close the file that is open; the next record begins another. Raises `OSError`."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def _number(path: Path) -> int:
    found = NAME.fullmatch(path.name)
    return 0 if found is None else int(found[1])
