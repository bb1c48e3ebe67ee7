"""The IntelliVue codec against its page: the association, values, the cuff's last result."""

import asyncio
import struct
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from drivers import slip
from drivers.intellivue import DRIVER, LAN, SERIAL, IntelliVueCodec
from drivers.intellivue_message import fcs, framed, lone, number, poll, unframed
from drivers.readings import (
    CuffPhase,
    CuffState,
    DeviceMessages,
    Identity,
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
    Waveform,
)
from simulators.clock import Timeline
from simulators.device_server import DeviceServer
from simulators.devices import DEVICES, build
from simulators.errors import SimulationError
from simulators.ports import PtyPort, UdpPort
from tests.drivers.benches import bench
from tests.drivers.examples import Example
from tests.simulators.steady import steady
from tests.simulators.test_ports import serving

PERCENT, PER_MIN, MMHG = 0x0220, 0x0AA0, 0x0F20
NOW = "2026 01 05 09 40 00"
MEASURES, IDLE = CuffState(CuffPhase.MEASURING), CuffState(CuffPhase.IDLE)
PRESSURES = (Reading(Vital.SYS, 120), Reading(Vital.DIA, 80), Reading(Vital.MAP, 93))


def wire(message: bytes) -> bytes:
    data = b"\x11\x01" + struct.pack(">H", len(message)) + message
    data += fcs(data)
    out = b"".join(bytes([0x7D, b ^ 0x20]) if b in (0x7D, 0xC0, 0xC1) else bytes([b]) for b in data)
    return b"\xc0" + out + b"\xc1"


def listed(*items: bytes) -> bytes:
    return struct.pack(">HH", len(items), len(b"".join(items))) + b"".join(items)


def attribute(id_: int, value: bytes) -> bytes:
    return struct.pack(">HH", id_, len(value)) + value


def nu(id_: int, value: int | str, unit: int, state: int = 0) -> bytes:
    """A numeric; a text is the FLOAT in hexadecimal digits."""
    raw = bytes.fromhex(value) if isinstance(value, str) else struct.pack(">i", value)
    return struct.pack(">HHH", id_, state, unit) + raw


def one(id_: int, value: int | str, unit: int, state: int = 0, handle: int = 1) -> bytes:
    of = attribute(0x0950, nu(id_, value, unit, state))
    return struct.pack(">H", handle) + listed(of)


def spo2(value: int | str = 97, state: int = 0, unit: int = PERCENT) -> bytes:
    return one(0x4BB8, value, unit, state)


def pulse(value: int | str = 72, state: int = 0) -> bytes:
    return one(0x4822, value, PER_MIN, state)


def cuff(at: str | None, *values: int | str, state: int = 0) -> bytes:
    ids = (0x4A05, 0x4A06, 0x4A07)
    parts = [nu(i, v, MMHG, state) for i, v in zip(ids, values or (120, 80, 93), strict=True)]
    stamp = [] if at is None else [attribute(0x0990, bytes.fromhex(f"{at} 00"))]
    return b"\0\x09" + listed(attribute(0x094B, listed(*parts)), *stamp)


def answer(
    *objects: bytes, type_: int = 6, operation: int = 2, invoke: int = 1, action: int = 0x0C16
) -> bytes:
    sequence = b"\0\1" if action == 0xF13B else b""
    body = b"\0\1" + sequence + bytes(4) + bytes.fromhex(f"{NOW} 00")
    body += struct.pack(">3H", 1, type_, 0x0803) + listed(b"\0\0" + listed(*objects))
    data = bytes.fromhex("002100000000") + struct.pack(">HH", action, len(body)) + body
    data = struct.pack(">HHH", invoke, 7, len(data)) + data
    data = (b"\2\1" if operation == 5 else b"") + data
    return wire(struct.pack(">HHHH", 0xE100, 2, operation, len(data)) + data)


def pleth(*samples: int, state: int = 0, id_: int = 0x4BB4) -> bytes:
    raw = struct.pack(f">{len(samples)}H", *samples)
    value = struct.pack(">HHH", id_, state, len(raw)) + raw
    return answer(b"\0\3" + listed(attribute(0x096E, value)), type_=9, action=0xF13B)


def alarm(text: str, kind: int = 0x0201) -> bytes:
    words = text.encode("utf-16-be")
    info = bytes(10) + struct.pack(">H", len(words)) + words
    return bytes(14) + struct.pack(">HH", kind, len(info)) + info


def create(invoke: int = 0x1234, context: int = 2, event: int = 0x0D06) -> bytes:
    body = bytes.fromhex("002100010002 4a0bbd00") + struct.pack(">HH", event, 0)
    data = struct.pack(">HHH", invoke, 1, len(body)) + body
    return wire(struct.pack(">HHHH", 0xE100, context, 1, len(data)) + data)


def second(n: int) -> tuple[bytes, ...]:
    waves = [pleth(*range(n, n + 31)) for _ in range(4)]
    perfusion, breaths = one(0x4BB0, "fd0008fc", 0x0200), one(0x500A, 15, PER_MIN)
    values = (spo2(85 + n), pulse(60 + n), perfusion, breaths)
    return (*waves, answer(*values, cuff("2026 01 05 09 30 00"), invoke=n))


def datagram(frame: bytes) -> bytes:
    """The message of a serial frame as a link on UDP hands it on."""
    message = unframed(frame[1:-1])
    assert message is not None
    return slip.wrap(message)


def lan(n: int) -> tuple[bytes, ...]:
    values = (
        spo2(85 + n),
        pulse(60 + n),
        one(0x4BB0, "fd0008fc", 0x0200),
        one(0x500A, 15, PER_MIN),
    )
    return tuple(map(datagram, (*second(n)[:4], answer(*values, invoke=n))))


EXAMPLES = {
    "lan": Example(
        frames=tuple(part for n in range(12) for part in lan(n)),
        missing=(datagram(answer()), datagram(answer(spo2("007fffff"), pulse(72, 0x8000)))),
        impossible=datagram(answer(spo2(101))),
        lasts_s=12.0,
        is_checked=False,
    ),
    "rs232": Example(
        frames=tuple(part for n in range(12) for part in second(n)),
        missing=(
            answer(),
            answer(
                spo2("007fffff"), pulse("00800000"), cuff("2026 01 05 09 30 00", *["007fffff"] * 3)
            ),
            answer(spo2("007ffffe"), pulse("00800002")),
            answer(spo2(97, 0x8000), pulse(72, 0x2000)),
        ),
        impossible=answer(spo2(101)),
        lasts_s=12.0,
    ),
}


class Bedside:
    """A codec on a line, with time that passes when told."""

    def __init__(self, *, polling: bool = True) -> None:
        self.codec, self.now_s = IntelliVueCodec(SERIAL), 100.0
        self.codec.opened(self.now_s)
        if polling:
            self.hears(wire(b"\x0e\x00"), create())
            self.sent()

    def hears(self, *frames: bytes) -> list[Item]:
        items = self.codec.feed(b"".join(frames))
        return items + self.codec.handle_deadline(self.now_s)

    def waits(self, seconds: float) -> list[bytes]:
        """What is sent in that time."""
        end = self.now_s + seconds
        while self.codec.deadline_s is not None and self.codec.deadline_s <= end:
            self.now_s = self.codec.deadline_s
            self.codec.handle_deadline(self.now_s)
        self.now_s = end
        return self.sent()

    def sent(self) -> list[bytes]:
        """The messages in what is sent at once."""
        frames = self.codec.data_to_send().split(b"\xc1")[:-1]
        messages = [unframed(frame[1:]) for frame in frames]
        return [message for message in messages if message is not None]

    def measured(self, *objects: bytes) -> Measurement:
        items = self.hears(answer(*objects))
        [item] = [i for i in items if isinstance(i, Measurement) and not i.has_pressure]
        return item

    def cuff(self, *objects: bytes) -> list[Item]:
        items = self.hears(*(answer(each) for each in objects))
        return [i for i in items if not isinstance(i, Measurement) or i.has_pressure]


def values(measurement: Measurement) -> dict[Vital, float | None]:
    return {reading.vital: reading.value for reading in measurement.readings}


# ── frames ──────────────────────────────────────────────────────────────────────────────


def test_the_page_s_frames() -> None:
    assert fcs(bytes.fromhex("3a71")) == bytes.fromhex("9b26")
    assert fcs(bytes.fromhex("3a91")) == bytes.fromhex("95c1")
    assert framed(poll(1, 6, 0x0803)) == bytes.fromhex(
        "c0 11 01 00 24 e1 00 00 02 00 01 00 1c 00 01 00 07 00 16 00 21 00 00 00 00 00 00 00 00"
        "0c 16 00 08 00 01 00 01 00 06 08 03 9d 3b c1"
    )


def test_what_a_frame_carries_comes_back_and_a_wrong_escape_does_not() -> None:
    message = bytes(range(256))
    assert framed(message).count(b"\xc0") == framed(message).count(b"\xc1") == 1
    assert unframed(framed(message)[1:-1]) == message
    assert unframed(framed(b"\x7d")[1:-1].replace(b"\x7d\x5d", b"\x7d\x5c")) is None
    assert unframed(framed(b"\x7d")[1:-1] + b"\x7d") is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("fd007d00", 32.0),
        ("ff000140", 32.0),
        ("01000140", 3200.0),
        ("02000020", 3200.0),
        ("fffffffb", -0.5),
        ("007fffff", None),
        ("00800000", None),
        ("007ffffe", None),
        ("00800002", None),
    ],
)
def test_a_float_is_exponent_and_mantissa(raw: str, value: float | None) -> None:
    assert number(bytes.fromhex(raw)) == value


# ── the association ─────────────────────────────────────────────────────────────────────


def test_it_associates_answers_the_create_event_and_polls() -> None:
    bed = Bedside(polling=False)
    [request] = bed.sent()
    assert (len(request), request[:5].hex()) == (238, "0dec050813")
    assert "f00100088c000000" in request.hex()
    assert bed.hears(wire(b"\x0e\x00")) == []
    assert bed.sent() == []
    assert bed.hears(create()) == [Identity("Philips IntelliVue")]
    created, numerics, alarms, choice, wave = bed.sent()
    assert created.hex() == "e1000002000200141234" + "0001000e0021000100024a0bbd000d060000"
    assert [each[28:].hex() for each in (numerics, alarms)] == [
        "0001" + "0001" + "0006" + "0803",
        "0002" + "0001" + "0036" + "0811",
    ]
    assert choice[-8:].hex() == "0001000400024bb4"
    assert wave[24:].hex() == "f13b0014" + "0004000100090803" + "00010008f13e0004" + "00493e00"
    bed.hears(answer(spo2()))
    assert [each[32:36].hex() for each in bed.waits(1.0)] == ["00060803"]


def test_the_wave_is_renewed_before_its_time_is_over() -> None:
    bed, waves = Bedside(), 0
    for _ in range(1200):
        bed.hears(answer(spo2()))
        waves += sum(each[24:26] == b"\xf1\x3b" for each in bed.waits(1.0))
    assert waves == 2


def test_another_presentation_context_is_kept_to() -> None:
    bed = Bedside(polling=False)
    bed.sent()
    bed.hears(create(context=5))
    assert {each[2:4] for each in bed.sent()} == {b"\0\5"}


@pytest.mark.parametrize("word", [b"\x0c\x00", b"\x19\x00", b"\x0a\x00"])
def test_an_association_that_ends_is_asked_for_again(word: bytes) -> None:
    bed = Bedside()
    bed.hears(answer(spo2()), wire(word))
    assert [each[0] for each in bed.waits(1.0)] == [0x0D]
    assert bed.waits(3.9) == []


def test_a_monitor_that_does_not_answer_is_asked_every_four_seconds() -> None:
    bed = Bedside(polling=False)
    assert len(bed.sent()) == 1
    assert len(bed.waits(12.0)) == 3
    silent = Bedside()
    sent = [message[0] for message in silent.waits(6.0)]
    assert sent[-1] == 0x0D
    assert sent.count(0x0D) == 1


def test_an_answer_shows_that_an_association_is_there() -> None:
    bed = Bedside(polling=False)
    bed.sent()
    bed.hears(answer(spo2()))
    assert bed.sent()[0][0] == 0xE1


# ── values ──────────────────────────────────────────────────────────────────────────────


def test_every_numeric_has_its_vital() -> None:
    of = (spo2("ff0003cd"), pulse(), one(0x4BB0, "fd0008fc", 0x0200), one(0x500A, 15, PER_MIN))
    assert values(Bedside().measured(*of)) == {
        Vital.SPO2: 97.3,
        Vital.PULSE: 72,
        Vital.PERFUSION: 2.3,
        Vital.RESP: 15,
    }


@pytest.mark.parametrize(
    ("state", "quality"),
    [
        (0x0000, Quality.GOOD),
        (0x0083, Quality.GOOD),
        (0x4000, Quality.POOR),
        (0x1000, Quality.POOR),
        (0x0800, Quality.REJECTED),
        (0x0400, Quality.REJECTED),
        (0x4C00, Quality.REJECTED),
    ],
)
def test_the_state_says_how_far_a_value_may_be_trusted(state: int, quality: Quality) -> None:
    bed = Bedside()
    first = bed.measured(spo2(97, state)).readings[0]
    assert (first.value, first.quality, first.reason is None) == (
        97,
        quality,
        quality is Quality.GOOD,
    )
    assert bed.codec.stats.rejected.total() == (quality is Quality.REJECTED)


def test_a_value_in_another_unit_is_rejected() -> None:
    first = Bedside().measured(spo2(97, unit=PER_MIN)).readings[0]
    assert first.quality is Quality.REJECTED


def test_a_linked_answer_is_one_measurement_with_its_last_part() -> None:
    bed = Bedside()
    assert bed.hears(answer(spo2(), operation=5)) == []
    assert values(bed.measured(pulse()))[Vital.SPO2] == 97
    bed.hears(answer(spo2(88), operation=5, invoke=7))
    [item] = bed.hears(answer(pulse(), invoke=8))
    assert isinstance(item, Measurement)
    assert values(item)[Vital.SPO2] is None


def test_what_is_not_known_is_counted_and_the_first_of_two_sensors_is_shown() -> None:
    bed = Bedside()
    second = one(0x4BB8, 80, PERCENT, handle=2)
    got = bed.measured(spo2(), second, one(0x4B48, 36, 0x17A0), one(0xF0E5, 70, PER_MIN))
    assert values(got)[Vital.SPO2] == 97
    bed.hears(pleth(1, id_=0x0102), answer(spo2(), type_=0x2A), create(event=0x0D07))
    bed.hears(
        wire(b"\x77\x00"), wire(bytes.fromhex("e100000200030000")), wire(b"\xe1\0\0\2\0\2\0\x14")
    )
    assert bed.codec.stats.damaged == {
        "second-numeric": 1,
        "unknown-numeric": 1,
        "unknown-wave": 1,
        "unknown-object": 1,
        "unknown-message": 2,
        "refused-request": 1,
        "short-message": 1,
    }


def test_the_pleth_comes_as_it_is_and_not_while_it_is_invalid() -> None:
    bed = Bedside()
    assert bed.hears(pleth(5, 6, 0x8000)) == [Waveform("pleth", 125.0, (5, 6, 0x8000))]
    assert bed.hears(pleth(5, 6, state=0x8000), pleth()) == []


def test_alarm_texts_are_the_monitor_s_words() -> None:
    bed = Bedside()
    patient = attribute(0x0902, listed(alarm("** SpO\u2082 niedrig\0"), alarm("?", kind=1)))
    technical = attribute(0x0904, listed(alarm("NBP Manschette")))
    assert bed.hears(answer(b"\0\1" + listed(patient, technical), type_=0x36)) == [
        DeviceMessages(("** SpO\u2082 niedrig", "NBP Manschette"))
    ]
    empty = listed(attribute(0x0902, listed()), attribute(0x0904, listed()))
    assert bed.hears(answer(b"\0\1" + empty, type_=0x36)) == [DeviceMessages(())]


# ── the cuff ────────────────────────────────────────────────────────────────────────────


def test_a_new_measurement_is_one_whose_time_stamp_changed() -> None:
    bed = Bedside()
    first = cuff("2026 01 05 09 30 00")
    assert bed.cuff(first, first) == [Measurement(PRESSURES, age_s=600)]
    measuring = cuff("2026 01 05 09 39 50", state=0x0020)
    assert bed.cuff(measuring) == [MEASURES]
    assert bed.cuff(cuff("2026 01 05 09 39 50"), cuff("2026 01 05 09 39 50")) == [
        IDLE,
        Measurement(PRESSURES, age_s=10),
    ]


@pytest.mark.parametrize("at", ["2026 01 05 08 00 00", "2026 01 05 09 41 00"])
def test_what_is_found_too_old_or_of_no_known_age_is_not_reported(at: str) -> None:
    assert Bedside().cuff(cuff(at), cuff(at)) == []


@pytest.mark.parametrize("at", [None, "ffff ff ff ff ff ff", "2026 13 05 09 30 00"])
def test_without_a_time_stamp_the_end_that_is_seen_makes_it_new(at: str | None) -> None:
    bed = Bedside()
    assert bed.cuff(cuff(at), cuff(at, state=0x0020), cuff(at), cuff(at)) == [
        MEASURES,
        IDLE,
        Measurement(PRESSURES),
    ]


def test_a_measurement_without_new_pressures_has_failed() -> None:
    bed = Bedside()
    at = "2026 01 05 09 30 00"
    _, _, same, none = [
        *bed.cuff(cuff(at))[1:],
        *bed.cuff(cuff(at, state=0x0020), cuff(at)),
        *bed.cuff(cuff("2026 01 05 09 35 00", "007fffff", 80, 90)),
    ]
    assert isinstance(same, MeasurementFailed)
    assert isinstance(none, MeasurementFailed)


@pytest.mark.parametrize(("values_", "state"), [((70, 80, 75), 0), ((120, 80, 93), 0x0400)])
def test_a_pressure_upside_down_or_of_a_demonstration_is_rejected(
    values_: tuple[int, int, int], state: int
) -> None:
    [item] = Bedside().cuff(cuff("2026 01 05 09 30 00", *values_, state=state))
    assert isinstance(item, Measurement)
    assert {reading.quality for reading in item.readings} == {Quality.REJECTED}


def test_no_one_can_ask_it_to_measure() -> None:
    assert (DRIVER.can_measure, DRIVER.gives_pressure, DRIVER.streams) == (False, True, True)


# ── at a port ───────────────────────────────────────────────────────────────────────────


async def test_the_simulated_monitor_is_read_at_a_pseudo_terminal(tmp_path: Path) -> None:
    line = build("intellivue", steady(96, 71, sys=121, dia=77, mean=92), seed=1)
    async with (
        serving(line, PtyPort(tmp_path / "tty"), 20.0) as server,
        bench("intellivue", server.port.url) as device,
    ):
        await device.until(lambda seen: bool(seen.values(Vital.SYS)))
    assert 96 in device.values(Vital.SPO2)
    assert device.values(Vital.SYS) == [121]
    kinds = {type(item) for item in device.items}
    assert kinds == {Identity, Measurement, Waveform, CuffState, DeviceMessages}


def test_over_the_network_a_message_has_no_frame_and_its_own_length() -> None:
    codec = IntelliVueCodec(LAN)
    codec.opened(0.0)
    assert slip.unwrap(codec.data_to_send()[1:-1])[:2] == b"\x0d\xec"
    whole = unframed(answer(spo2())[1:-1])
    assert whole is not None
    assert lone(whole) == whole
    assert lone(b"\x0e\x02ab") == b"\x0e\x02ab"
    assert lone(b"\x0e\xff\0\2ab") == b"\x0e\xff\0\2ab"
    for other in (b"", b"\xe1", whole[:-1], whole + b"\0", b"\x0e\x03ab", b"\x0e", b"\x0d\x00"):
        assert lone(other) is None, other


async def test_two_monitors_on_the_network_are_told_apart_by_their_addresses() -> None:
    datagrams = DEVICES["intellivue"].datagrams
    assert datagrams is not None
    async with AsyncExitStack() as stack:
        devices, urls = [], []
        for spo2_pct in (96, 91):
            line = build("intellivue", steady(spo2_pct, 71, sys=121, dia=77, mean=92), seed=1)
            server = DeviceServer(line, UdpPort("127.0.0.1", 0, datagrams), Timeline(20.0))
            stack.push_async_callback(server.close)
            url = await server.open()
            running = asyncio.create_task(server.run())
            stack.callback(running.cancel)
            urls.append(url)
            devices.append(await stack.enter_async_context(bench("intellivue", url, dialect="lan")))
        for device in devices:
            await device.until(lambda seen: bool(seen.values(Vital.SPO2)))
            await device.until(lambda seen: any(isinstance(i, Waveform) for i in seen.items))
        assert [{*device.values(Vital.SPO2)} for device in devices] == [{96}, {91}]
        with pytest.raises(SimulationError, match=r"cannot listen at .*Address already in use"):
            await UdpPort("127.0.0.1", int(urls[0].rpartition(":")[2]), datagrams).open(print)
