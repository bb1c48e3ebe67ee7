"""Log lines that nobody reads."""

import json
import logging
import os
import threading
from collections.abc import Iterator

import pytest
import structlog

from monitor import logs
from monitor.logs import WriterHandler
from tests.patience import HOPELESS_S


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe that holds little: to read from, to write to."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text})


def fill(writer: int) -> int:
    """Write until the pipe takes no more; how many bytes."""
    os.set_blocking(writer, False)
    count = 0
    try:
        while True:
            count += os.write(writer, b"x" * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)
        return count


def test_lines_come_whole_and_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    handler = WriterHandler(writer)
    for number in range(100):
        handler.emit(record(f"line {number} \ud800"))
    handler.close()
    text = os.read(reader, 1 << 16).decode()
    assert text == "".join(f"line {number} \\ud800\n" for number in range(100))


def test_what_nobody_reads_holds_nobody_up_and_is_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    filled = fill(writer)
    handler = WriterHandler(writer, kept_lines=10)
    for number in range(1000):
        handler.emit(record(f"line {number}"))
    assert 980 < handler.dropped < 1000
    assert len(os.read(reader, filled)) == filled
    handler.close()
    lines = os.read(reader, 1 << 16).decode().splitlines()
    kept = [line for line in lines if line.startswith("line ")]
    told = [int(line.removeprefix("log.dropped lines=")) for line in lines if line not in kept]
    assert sum(told) == handler.dropped == 1000 - len(kept)
    assert kept == sorted(kept, key=lambda line: int(line.split()[1]))


def test_the_end_does_not_wait_for_a_reader(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LAST_LINES_S", 0.01)
    fill(pipe[1])
    handler = WriterHandler(pipe[1], kept_lines=1)
    for _ in range(3):
        handler.emit(record("line"))
    ended = threading.Thread(target=handler.close)
    ended.start()
    ended.join(HOPELESS_S)
    assert not ended.is_alive()
    os.read(pipe[0], 1 << 20)


def test_a_line_that_tells_of_others_is_of_the_same_format(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = pipe
    monkeypatch.setattr(logs, "STDERR", writer)
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        logs.configure("json")
        handler = root.handlers[0]
        assert isinstance(handler, WriterHandler)
        handler.dropped = 3
        structlog.get_logger("test").warning("seen", patient="P-017")
        handler.close()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**before)
    told, seen = (json.loads(line) for line in os.read(reader, 1 << 16).splitlines())
    assert (told["event"], told["level"]) == ("log.dropped lines=3", "warning")
    assert (seen["event"], seen["patient"]) == ("seen", "P-017")
