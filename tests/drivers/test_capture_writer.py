"""Captures on a real disk: what lies there, how much at most, and what a failing disk costs."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers import capture_writer
from drivers.capture import Capture, What, parse
from drivers.capture_writer import RETRY_S, Captures
from drivers.clock import Clock
from drivers.device import Device
from drivers.driver import LineSettings
from drivers.readings import CuffState, DeviceReport
from drivers.registry import DeviceSpec
from tests.drivers.benches import Terminal
from tests.drivers.streams import cuff_pressure
from tests.patience import HOPELESS_S

SPEC = DeviceSpec("oximeter", "nonin", "/dev/ttyUSB0")
WANTED = [("bed-1", "oximeter")]
LINE = LineSettings(9600)


class Time:
    """Seconds that a test moves on."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def captures(folder: Path, time: Time | None = None, **limits: int) -> Captures:
    return Captures(folder, WANTED, Clock(source=time or Time()), **limits)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "bed-1" / "oximeter").glob("*"))


def read(path: Path) -> Capture:
    return parse(path.read_bytes(), path.name)


def test_both_ways_are_kept_with_their_times_where_only_its_user_reads(tmp_path: Path) -> None:
    time = Time()
    writer = captures(tmp_path / "captures", time)
    capture = writer.of("bed-1", SPEC)
    steps: list[Callable[[], None]] = [
        lambda: capture.opened(LINE),
        lambda: capture.received(b"\x01\x02"),
        lambda: capture.sent(b"\x03"),
        lambda: capture.shut("hung up"),
    ]
    for at_s, step in enumerate(steps):
        time.now_s = at_s
        step()
    writer.close()
    (path,) = files(tmp_path / "captures")
    assert [(r.at_s, r.what, r.data, r.text) for r in read(path).records] == [
        (0.0, What.OPEN, b"", "9600 8N1"),
        (1.0, What.RX, b"\x01\x02", ""),
        (2.0, What.TX, b"\x03", ""),
        (3.0, What.SHUT, b"", "hung up"),
    ]
    assert "# bed-1/oximeter: nonin at /dev/ttyUSB0\n" in path.read_text()
    assert [each.stat().st_mode & 0o077 for each in (path, path.parent, path.parents[2])] == [0] * 3
    assert capture.lost == 0


def test_a_device_that_is_not_wanted_leaves_nothing(tmp_path: Path) -> None:
    writer = captures(tmp_path)
    capture = writer.of("bed-2", SPEC)
    capture.received(b"\x01")
    writer.close()
    assert capture.lost is None
    assert list(tmp_path.iterdir()) == []


def test_files_are_as_large_and_as_many_as_was_said_and_the_newest_stay(tmp_path: Path) -> None:
    for _start in range(3):
        writer = captures(tmp_path, file_bytes=1000, files=4)
        capture = writer.of("bed-1", SPEC)
        capture.opened(LINE)
        for n in range(200):
            capture.received(bytes([n] * 8))
        writer.close()
    kept = files(tmp_path)
    assert len(kept) == 4
    assert int(kept[-1].stem) >= 30
    assert all(path.stat().st_size <= 1000 for path in kept)
    assert read(kept[-1]).records[-1].data.endswith(bytes([199] * 8))
    # A file says how the line is set although the link was opened before.
    assert all(read(path).records[0].text == "9600 8N1 continued" for path in kept)


def test_a_disk_that_fails_is_logged_once_counted_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, capture_writer.__name__)
    time, folder = Time(), tmp_path / "captures"
    folder.write_text("a file in its place")
    writer = captures(folder, time)
    capture = writer.of("bed-1", SPEC)
    for _ in range(3):
        capture.opened(LINE)
        for _ in range(4):
            capture.received(b"\x01")
        time.now_s += RETRY_S
    while writer._taken_bytes < writer._put_bytes:
        os.sched_yield()
    assert capture.lost == 15
    assert len(caplog.messages) == 1
    assert "the device is read on" in caplog.messages[0]
    folder.unlink()
    capture.received(b"\x02")
    writer.close()
    assert caplog.messages[1].endswith("written again; 15 records were lost")
    (path,) = files(folder)
    assert "# 15 records were lost here\n" in path.read_text()
    assert [(each.text, each.data) for each in read(path).records] == [
        ("9600 8N1 continued", b""),
        ("", b"\x02"),
    ]


def test_what_the_journal_needs_of_the_disk_is_left_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = captures(tmp_path, keep_free_bytes=10**18)
    capture = writer.of("bed-1", SPEC)
    capture.received(b"\x01")
    writer.close()
    assert capture.lost == 1
    assert files(tmp_path) == []
    assert "MB are free on this disk" in caplog.text


def test_a_disk_that_stands_still_costs_bounded_memory_and_no_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The thread waits in `open` of a pipe that nobody reads, as for a disk that hangs.
    monkeypatch.setattr(capture_writer, "WAITING_BYTES", 10_000)
    monkeypatch.setattr(capture_writer, "LAST_RECORDS_S", 0.0)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    real = os.open
    monkeypatch.setattr(os, "open", lambda *_: real(pipe, os.O_WRONLY))
    writer = captures(tmp_path)
    capture = writer.of("bed-1", SPEC)
    for _ in range(1000):
        capture.received(bytes(100))
    assert capture.lost == 950
    assert writer._queue.qsize() <= 50
    writer.close()
    monkeypatch.undo()
    os.close(real(pipe, os.O_RDONLY | os.O_NONBLOCK))


async def test_a_devices_capture_over_a_real_terminal_is_what_went_over_it(tmp_path: Path) -> None:
    answered = asyncio.Event()

    def sink(report: DeviceReport) -> None:
        if isinstance(report.item, CuffState):
            answered.set()

    with Terminal() as port:
        writer = captures(tmp_path)
        spec = DeviceSpec("oximeter", "suntech", port.path)
        device = Device(spec, sink, Clock(), capture=writer.of("bed-1", spec))
        running = asyncio.create_task(device.run())
        async with asyncio.timeout(HOPELESS_S):
            asked = await port.read()
            port.send(cuff_pressure(0))
            await answered.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        writer.close()
    (path,) = files(tmp_path)
    first, *others = read(path).records
    assert (first.what, first.text) == (What.OPEN, "9600 8N1")
    assert b"".join(each.data for each in others if each.what is What.RX) == cuff_pressure(0)
    assert b"".join(each.data for each in others if each.what is What.TX).startswith(asked)
