"""Tests of a program of our own that reads an oximeter, against a simulated one.

`device_simulator` and `ward` come with Postdose; nothing else of it is used. The program is
`read_spo2`: plain pyserial.
"""

import pytest
import serial

from simulators.errors import SimulationError


def read_spo2(line: serial.SerialBase) -> int:
    """SpO2 in % of the next packet of a Nonin in data format 2, 127 for missing.

    A packet is 25 frames of 5 bytes; a frame is 01, status, pleth, data, checksum, and the first
    one of a packet has bit 0 of its status set. The data of the third is SpO2.
    """
    frames = b""
    while True:
        frames += line.read(5)
        while len(frames) >= 5 and (frames[0] != 1 or sum(frames[:4]) % 256 != frames[4]):
            frames = frames[1:]
        if len(frames) >= 5 and not frames[1] & 1:
            frames = frames[5:]
        if len(frames) >= 15:
            return frames[13]


def read_until(line: serial.SerialBase, spo2: int) -> None:
    while read_spo2(line) != spo2:
        pass


@pytest.mark.parametrize("port", ["pty", "tcp"])
def test_what_is_set_is_read(device_simulator, port):
    oximeter = device_simulator("nonin", port=port, speed=20)
    oximeter.set(spo2=84)
    with serial.serial_for_url(oximeter.url, timeout=10) as line:
        read_until(line, 84)
        oximeter.set(spo2=None)
        read_until(line, 127)
        oximeter.unset()
        read_until(line, 97)


def test_a_finger_that_is_gone_and_a_line_that_garbles(device_simulator):
    oximeter = device_simulator("nonin", speed=20, seed=3)
    with serial.Serial(oximeter.url, timeout=10) as line:
        read_until(line, 97)
        oximeter.fault("finger-off")
        read_until(line, 127)
        oximeter.clear("finger-off")
        oximeter.fault("garble:0.5", "split")
        read_until(line, 97)


def test_an_adapter_is_pulled_and_comes_back(device_simulator):
    oximeter = device_simulator("nonin", speed=20)
    with serial.Serial(oximeter.url, timeout=10) as line:
        read_until(line, 97)
        oximeter.fault("unplugged@0+20")
        with pytest.raises(serial.SerialException):
            read_until(line, -1)
    mark = len(oximeter.sent)
    oximeter.wait_sent(lambda sent: len(sent) > mark + 125)
    with serial.Serial(oximeter.url, timeout=10) as line:
        read_until(line, 97)


@pytest.mark.asyncio
async def test_a_bed_has_one_patient_and_async_code_can_wait(ward):
    bed = ward.add_bed("nonin:7", "suntech", scenario="severe-hypertension", speed=60)
    bed["cuff"].dose()
    bed["cuff"].set(sys=201)
    await bed["oximeter"].until_sent(lambda sent: len(sent) >= 60 * 375)
    assert bed["oximeter"].vitals.sys_mmhg == 201
    with serial.Serial(bed["cuff"].url, timeout=10) as line:
        abort = bytes.fromhex("3A 79 01 00 4C")
        line.write(abort)
        assert line.read(1)
        await bed["cuff"].until_received(abort)


def test_what_there_is_not_is_said(device_simulator):
    with pytest.raises(SimulationError, match="no port is called 'usb': use one of pty, tcp"):
        device_simulator("nonin", port="usb")
    oximeter = device_simulator("nonin")
    with pytest.raises(SimulationError, match="did you mean finger-off"):
        oximeter.fault("fingeroff")
    with pytest.raises(TimeoutError, match="nonin has not sent aa bb in"):
        oximeter.wait_sent(b"\xaa\xbb", timeout_s=0.1)
