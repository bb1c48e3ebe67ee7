"""The text of a capture: what is written is read again, and what is wrong is named."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.capture import Capture, CaptureError, Record, What, head, is_capture, lines, parse

START = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)
HEAD = head(START, "bed-1/oximeter: nonin at /dev/ttyUSB0")


def read(text: str) -> Capture:
    return parse(text.encode(), "f.capture")


def test_a_capture_can_be_read_by_a_person() -> None:
    said = "".join(
        map(
            lines,
            [
                Record(0.0, What.OPEN, text="9600 8N1"),
                Record(0.0124, What.RX, bytes.fromhex("01814E")),
                Record(1.5, What.TX, b"HELLO\r\n"),
                Record(2.0, What.SHUT, text="hung up;\nis it plugged in?"),
            ],
        )
    )
    assert HEAD.splitlines()[:3] == [
        "postdose-capture 1",
        "start 2026-01-31T14:05:00.000Z",
        "# bed-1/oximeter: nonin at /dev/ttyUSB0",
    ]
    assert said == (
        "0.000 open 9600 8N1\n"
        "0.012 rx 01 81 4e\n"
        "1.500 tx 48 45 4c 4c 4f 0d 0a  # HELLO\n"
        "2.000 shut hung up; is it plugged in?\n"
    )


RECORDS = st.builds(
    Record, st.integers(0, 10**7).map(lambda ms: ms / 1000), st.just(What.RX), st.binary(min_size=1)
)


@given(st.lists(RECORDS))
def test_what_is_written_is_read_again(records: list[Record]) -> None:
    records.sort(key=lambda record: record.at_s)
    again = read(HEAD + "".join(map(lines, records)))
    assert again.start == START
    assert b"".join(r.data for r in again.records) == b"".join(r.data for r in records)
    assert {r.at_s for r in again.records} == {r.at_s for r in records}


def test_a_file_by_hand_needs_no_more_than_the_first_line() -> None:
    text = "\ufeffpostdose-capture 1\r\n\r\n# by hand\r\n0 rx 0181 4E # a frame\r\n12 tx\r\n"
    assert is_capture(text.encode())
    assert read(text) == Capture(None, (Record(0, What.RX, b"\x01\x81N"), Record(12, What.TX)))


def test_a_last_line_that_was_being_written_is_left_out() -> None:
    assert len(read(HEAD + "1.0 rx 01\n1.1 rx 0").records) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f.capture:1: no capture: the first line must be 'postdose-capture 1'"),
        ("postdose-capture 2\n", "f.capture:1: no capture"),
        ("\x01\x02\x03", "f.capture:1: no capture"),
        (HEAD + "1.0 up 01\n\n", "f.capture:5: '1.0 up 01' is no record"),
        (HEAD + "rx 01\n\n", "f.capture:5: 'rx 01' is no record"),
        (HEAD + "1.0 rx 0g\n\n", "f.capture:5: '0g': write bytes as pairs"),
        (HEAD + "2 rx 01\n1.5 rx 02\n", "f.capture:6: 1.5 s is before the record above it"),
        (HEAD + "-1 rx 01\n\n", "f.capture:5: '-1 rx 01' is no record"),
        ("postdose-capture 1\nstart noon\n", "f.capture:2: "),
    ],
)
def test_a_wrong_file_is_told_its_line(text: str, said: str) -> None:
    with pytest.raises(CaptureError) as told:
        read(text)
    assert str(told.value).startswith(said)


@given(st.binary())
def test_any_bytes_are_a_capture_or_told_so(data: bytes) -> None:
    for text in (data, b"postdose-capture 1\n" + data):
        with suppress(CaptureError):
            parse(text, "f")
