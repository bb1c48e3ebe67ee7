"""A capture, played: what was said, when, and what is no capture."""

import asyncio
from pathlib import Path

import pytest

from simulators.capture import SLIP, PlayedCapture, parse_capture, play
from simulators.device_model import Message
from simulators.errors import SimulationError
from simulators.faults import Fault
from simulators.ports import UdpPort
from tests.patience import HOPELESS_S

TEXT = """\
postdose-capture 1
start 2026-01-31T14:05:00.000Z
# bed-1/oximeter: nonin at /dev/ttyUSB0
0.000 open 9600 8N1
0.500 rx 01 02  # a remark
0.500 rx 03
0.700 tx ff
2.000 rx 04
3.000 shut hung up
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f.capture"
    path.write_text(TEXT)
    return path


def test_what_the_device_said_comes_at_its_times_and_then_nothing(file: Path) -> None:
    line = play("nonin", file)
    assert line.advance(0.4) == b""
    assert line.next_due_s == 0.5
    assert line.receive(b"\xff", 0.5) == b"\x01\x02\x03"
    assert line.advance(1.9) == b""
    assert line.advance(2.0) == b"\x04"
    assert [line.next_due_s] == [None]
    assert line.advance(1e6) == b""


def test_in_a_loop_it_begins_again_a_second_after_its_last_record(file: Path) -> None:
    line = play("nonin", file, loop=True)
    assert line.advance(4.4) == b"\x01\x02\x03\x04"
    assert line.next_due_s == 4.5
    assert line.advance(8.6) == b"\x01\x02\x03\x04" + b"\x01\x02\x03"


def test_the_faults_of_every_line_can_be_added(file: Path) -> None:
    line = play("nonin", file)
    line.inject_fault(Fault("silent", 0.0, 1.0))
    assert line.advance(2.0) == b"\x04"
    with pytest.raises(SimulationError, match="nonin cannot show finger-off"):
        line.inject_fault(Fault("finger-off"))


def test_a_message_in_a_loop_has_the_second_at_which_it_is_said() -> None:
    played = PlayedCapture([Message(1.0, b"a")], 2.0)
    assert played.advance(5.0) == [Message(1.0, b"a"), Message(3.0, b"a"), Message(5.0, b"a")]


class Host(asyncio.DatagramProtocol):
    """A host on the network, and the datagrams that came."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.came.put_nowait(data)


async def test_what_came_in_datagrams_goes_out_in_them() -> None:
    port = UdpPort("127.0.0.1", 0, SLIP)
    spoke: asyncio.Queue[bytes] = asyncio.Queue()
    await port.open(spoke.put_nowait)
    address = ("127.0.0.1", int(port.url.rpartition(":")[2]))
    transport, host = await asyncio.get_running_loop().create_datagram_endpoint(
        Host, remote_addr=address
    )
    transport.sendto(b"hello")
    async with asyncio.timeout(HOPELESS_S):
        assert await spoke.get() == b"hello"
        port.write(bytes.fromhex("c0 01 db dc 02 db dd c0 c0 03 c0"))
        assert [await host.came.get() for _ in range(2)] == [b"\x01\xc0\x02\xdb", b"\x03"]
    transport.close()
    await port.close()


def test_what_was_being_written_is_left_out_and_a_mark_and_crlf_are_no_part() -> None:
    text = TEXT.replace("\n", "\r\n") + "3.100 rx 0"
    assert parse_capture(text, "f") == parse_capture(TEXT, "f")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("minute,hr_bpm\n", "f, line 1: no capture, which begins with"),
        ("postdose-capture 2\n", "f, line 1: no capture"),
        (TEXT + "4 rx 0g\n", "f, line 10: '0g' are no bytes"),
        (TEXT + "2.5 rx 01\n", "f, line 10: 2.5 s is before the record above, at 3 s"),
        (TEXT + "4 up\n", "f, line 10: '4 up' is no record"),
        ("postdose-capture 1\n1 tx 01\n", "f: there is no rx line"),
    ],
)
def test_what_is_no_capture_is_told_its_line(text: str, said: str) -> None:
    with pytest.raises(SimulationError) as told:
        parse_capture(text, "f")
    assert str(told.value).startswith(said)


def test_no_file_and_no_device_are_said(tmp_path: Path, file: Path) -> None:
    with pytest.raises(SimulationError, match="none: cannot be read: No such file"):
        play("nonin", tmp_path / "none")
    with pytest.raises(SimulationError, match="no device is called 'nonim'"):
        play("nonim", file)
