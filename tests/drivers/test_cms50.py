"""The CMS50 codec against its protocol page."""

import pytest

from drivers.cms50 import BCI, CONTEC, CONTEC_V7, DRIVER, Cms50Codec, Layout
from drivers.dialects import AnyDialect
from drivers.readings import Flag, Item, Measurement, Quality, Reading, Vital, Waveform
from tests.drivers.examples import Example

REPORT = 20
"""The packets in a third of a second at 60 a second; it takes 34 at 100."""

START = bytes.fromhex("7D 81 A1 80 80 80 80 80 80")
KEEP_ALIVE = bytes.fromhex("7D 81 AF 80 80 80 80 80 80")
NO_FINGER = bytes.fromhex("01 E1 84 C0 90 80 80 FF FF")
"""Captured from a device of firmware 4.6 with the finger out."""


def packet(
    spo2: int = 97, pulse: int = 72, pleth: int = 40, byte_1: int = 0, byte_3: int = 0
) -> bytes:
    """A 5-byte packet; `byte_1` and `byte_3` are the status bits besides sync and pulse."""
    return bytes(
        [0x80 | byte_1, pleth, byte_3 | (pulse & 0x80) >> 1, pulse & 0x7F, spo2],
    )


def packet_9(
    spo2: int = 97,
    pulse: int = 72,
    pleth: int = 40,
    perfusion: int = 350,
    *,
    byte_3: int = 0,
    byte_4: int = 0,
    byte_5: int = 0,
) -> bytes:
    """A 9-byte packet as on the wire: bit 7 of bytes 3 to 9 is in byte 2."""
    body = [byte_3, byte_4 | pleth, byte_5, pulse, spo2, perfusion & 0xFF, perfusion >> 8]
    high = sum((byte >> 7) << n for n, byte in enumerate(body))
    return bytes([0x01, 0x80 | high, *(0x80 | byte for byte in body)])


def stream(*packets: bytes, reports: int = 1, per_report: int = REPORT) -> bytes:
    """`reports` reports' packets, the last of `packets` repeated; what it takes before them to be
    believed, and the byte after them that shows the last one to be whole."""
    lock = packets[:1] * 4
    body = [*packets, *packets[-1:] * (per_report * reports - len(packets))]
    return b"".join([*lock, *body]) + packets[-1][:1]


EXAMPLES = {
    "contec": Example(
        frames=tuple(
            packet(spo2=88 + n // REPORT, pulse=122 + n // REPORT, pleth=n % 100)
            for n in range(REPORT * 12)
        ),
        missing=(
            stream(packet(spo2=127, pulse=255, pleth=0)),
            stream(packet(spo2=0, pulse=0, pleth=0, byte_3=0x10)),
        ),
        impossible=stream(packet(spo2=110, pulse=20)),
        lasts_s=4.0,
    ),
    "bci": Example(
        frames=tuple(
            packet(spo2=88 + n // 34, pulse=122 + n // 34, pleth=n % 100) for n in range(34 * 12)
        ),
        missing=(stream(packet(spo2=127, pulse=255, pleth=0, byte_3=0x10), per_report=34),),
        impossible=stream(packet(spo2=110, pulse=20), per_report=34),
        lasts_s=4.08,
    ),
    "contec-v7": Example(
        frames=tuple(
            packet_9(88 + n // REPORT, 122 + n // REPORT, n % 100, 100 + n // REPORT)
            for n in range(REPORT * 12)
        ),
        missing=(stream(packet_9(127, 255, 0, 0xFFFF)), stream(NO_FINGER)),
        impossible=stream(packet_9(110, 20, 0, 2100)),
        lasts_s=4.0,
    ),
}


def measurements(items: list[Item]) -> list[Measurement]:
    return [item for item in items if isinstance(item, Measurement)]


def waves(items: list[Item]) -> list[tuple[int, ...]]:
    return [item.samples for item in items if isinstance(item, Waveform)]


def one(data: bytes, layout: Layout = CONTEC) -> Measurement:
    [item] = measurements(Cms50Codec(layout).feed(data))
    return item


def one_9(**fields: int) -> Measurement:
    return one(stream(packet_9(**fields)), CONTEC_V7)


def value(item: Measurement, vital: Vital) -> float | None:
    return next(reading.value for reading in item.readings if reading.vital is vital)


class TestPackets:
    def test_a_packet_as_on_the_page(self) -> None:
        captured = bytes.fromhex("85 2A 08 48 61")
        assert one(stream(captured)) == Measurement(
            (Reading(Vital.SPO2, 97), Reading(Vital.PULSE, 72))
        )

    @pytest.mark.parametrize("pulse", range(30, 251, 10))
    def test_the_pulse_has_eight_bits(self, pulse: int) -> None:
        assert value(one(stream(packet(pulse=pulse))), Vital.PULSE) == pulse

    @pytest.mark.parametrize(("spo2", "expected"), [(127, None), (0, None), (100, 100), (1, 1)])
    def test_a_saturation_of_127_or_0_is_missing(self, spo2: int, expected: int | None) -> None:
        assert value(one(stream(packet(spo2=spo2))), Vital.SPO2) == expected

    @pytest.mark.parametrize("pulse", [255, 0])
    def test_a_pulse_of_255_or_0_is_missing(self, pulse: int) -> None:
        got = one(stream(packet(pulse=pulse)))
        assert (value(got, Vital.PULSE), value(got, Vital.SPO2)) == (None, 97)

    def test_a_report_is_a_third_of_a_second_with_the_most_frequent_values(self) -> None:
        packets = [packet(spo2=90 + (n % REPORT > 12)) for n in range(REPORT * 2)]
        got = measurements(Cms50Codec(CONTEC).feed(stream(*packets, reports=2)))
        assert [value(item, Vital.SPO2) for item in got] == [90, 90]

    def test_of_values_as_frequent_the_latest_is_taken(self) -> None:
        packets = [packet(spo2=90 + n % 5) for n in range(REPORT)]
        assert value(one(stream(*packets)), Vital.SPO2) == 94

    def test_a_packet_that_was_changed_on_the_way_makes_no_value(self) -> None:
        packets = [packet(spo2=95)] * (REPORT - 1)
        got = one(stream(*packets, packet(spo2=31, pulse=200)))
        assert [reading.value for reading in got.readings] == [95, 72]

    def test_the_pleth_comes_with_it(self) -> None:
        packets = [packet(pleth=n) for n in range(REPORT)]
        [wave] = [i for i in Cms50Codec(CONTEC).feed(stream(*packets)) if isinstance(i, Waveform)]
        assert wave == Waveform("pleth", 60.0, tuple(range(REPORT)))


class TestStatus:
    @pytest.mark.parametrize(
        ("bits", "flags", "quality"),
        [
            ({}, set(), Quality.GOOD),
            ({"byte_3": 0x10}, {Flag.SENSOR_OFF}, Quality.REJECTED),
            ({"byte_3": 0x20}, {Flag.NO_PULSE}, Quality.POOR),
            ({"byte_1": 0x10}, {Flag.NO_PULSE}, Quality.POOR),
            ({"byte_1": 0x20}, set(), Quality.GOOD),
            ({"byte_1": 0x40}, set(), Quality.GOOD),
            ({"byte_1": 0x0F, "byte_3": 0x0F}, set(), Quality.GOOD),
        ],
        ids=str,
    )
    def test_a_bit_flags_the_report_and_marks_its_values(
        self, bits: dict[str, int], flags: set[Flag], quality: Quality
    ) -> None:
        got = one(stream(packet(**bits)))
        assert got.flags == flags
        assert {reading.quality for reading in got.readings} == {quality}

    def test_the_pulses_bit_7_is_no_status(self) -> None:
        assert one(stream(packet(pulse=200))).flags == frozenset()

    def test_a_bit_in_two_packets_flags_the_whole_report(self) -> None:
        got = one(stream(packet(), packet(byte_3=0x10), packet(), packet(byte_3=0x10), packet()))
        assert got.flags == {Flag.SENSOR_OFF}
        assert not any(reading.usable for reading in got.readings)

    def test_a_bit_in_one_packet_alone_is_not_believed(self) -> None:
        assert one(stream(packet(), packet(byte_3=0x10), packet())).flags == frozenset()

    def test_two_bits_in_a_packet_each_are_no_bit_in_two(self) -> None:
        got = one(stream(packet(), packet(byte_3=0x10), packet(byte_1=0x10), packet()))
        assert got.flags == frozenset()

    def test_and_the_next_one_not(self) -> None:
        data = stream(*[packet(byte_3=0x10)] * 2, packet(), reports=2)
        assert [item.flags for item in measurements(Cms50Codec(CONTEC).feed(data))] == [
            {Flag.SENSOR_OFF},
            frozenset(),
        ]


class TestBci:
    @pytest.mark.parametrize(
        ("bits", "flags", "quality"),
        [
            ({}, set(), Quality.GOOD),
            ({"byte_1": 0x20}, {Flag.SENSOR_DISCONNECTED}, Quality.REJECTED),
            ({"byte_3": 0x10}, {Flag.SENSOR_OFF}, Quality.REJECTED),
            ({"byte_1": 0x10}, {Flag.NO_PULSE}, Quality.POOR),
            ({"byte_3": 0x20}, {Flag.NO_PULSE}, Quality.POOR),
        ],
        ids=str,
    )
    def test_its_status_bits_are_others(
        self, bits: dict[str, int], flags: set[Flag], quality: Quality
    ) -> None:
        got = one(stream(packet(**bits), per_report=34), BCI)
        assert got.flags == flags
        assert {reading.quality for reading in got.readings} == {quality}

    def test_its_pleth_has_100_samples_a_second(self) -> None:
        [wave] = [
            item
            for item in Cms50Codec(BCI).feed(stream(packet(), per_report=34))
            if isinstance(item, Waveform)
        ]
        assert (wave.rate_hz, len(wave.samples)) == (100.0, 34)


class TestV7:
    def test_the_finger_out_as_captured(self) -> None:
        got = one(stream(NO_FINGER), CONTEC_V7)
        assert got.flags == {Flag.SENSOR_OFF}
        assert [reading.value for reading in got.readings] == [None] * 3

    @pytest.mark.parametrize("pulse", [30, 72, 127, 128, 150, 250])
    def test_the_pulses_bit_7_is_in_byte_2(self, pulse: int) -> None:
        assert value(one_9(pulse=pulse), Vital.PULSE) == pulse

    def test_its_values(self) -> None:
        got = one_9(spo2=97, pulse=150, perfusion=1234)
        assert [(r.vital, r.value) for r in got.readings] == [
            (Vital.SPO2, 97),
            (Vital.PULSE, 150),
            (Vital.PERFUSION, 12.34),
        ]

    @pytest.mark.parametrize(
        "fields", [{"perfusion": 0xFFFF}, {"perfusion": 0}, {"perfusion": 350, "byte_5": 0x10}]
    )
    def test_a_perfusion_that_is_none_is_missing(self, fields: dict[str, int]) -> None:
        got = one_9(**fields)
        assert (value(got, Vital.PERFUSION), value(got, Vital.SPO2)) == (None, 97)

    @pytest.mark.parametrize(
        ("bits", "flags", "quality"),
        [
            ({"byte_3": 0x80}, {Flag.SENSOR_OFF}, Quality.REJECTED),
            ({"byte_3": 0x10}, {Flag.NO_PULSE}, Quality.POOR),
            ({"byte_4": 0x80}, {Flag.NO_PULSE}, Quality.POOR),
            ({"byte_3": 0x6F}, set(), Quality.GOOD),
        ],
        ids=str,
    )
    def test_a_bit_flags_the_report_and_marks_its_values(
        self, bits: dict[str, int], flags: set[Flag], quality: Quality
    ) -> None:
        got = one_9(**bits)
        assert got.flags == flags
        assert {reading.quality for reading in got.readings} == {quality}

    def test_searching_is_no_part_of_the_pleth(self) -> None:
        items = Cms50Codec(CONTEC_V7).feed(stream(packet_9(pleth=99, byte_4=0x80)))
        assert waves(items) == [(99,) * REPORT]

    def test_it_is_told_to_start_and_every_few_seconds_to_go_on(self) -> None:
        codec = Cms50Codec(CONTEC_V7)
        codec.opened(10.0)
        assert (codec.data_to_send(), codec.deadline_s) == (START, 14.0)
        codec.handle_deadline(13.9)
        assert codec.data_to_send() == b""
        codec.handle_deadline(14.0)
        assert (codec.data_to_send(), codec.deadline_s) == (KEEP_ALIVE, 18.0)

    def test_the_others_are_told_nothing(self) -> None:
        for layout in (CONTEC, BCI):
            codec = Cms50Codec(layout)
            codec.opened(10.0)
            assert (codec.data_to_send(), codec.deadline_s) == (b"", None)


class TestDialect:
    def test_the_two_lines_are_tried_in_turn(self) -> None:
        codec = AnyDialect(DRIVER.dialects, {})
        assert [str(line) for line in codec.lines] == ["19200 8O1", "115200 8N1"]

    def test_on_the_second_one_a_start_is_sent_and_both_are_listened_for(self) -> None:
        codec = AnyDialect(DRIVER.dialects, {})
        codec.try_next_line()
        codec.opened(0.0)
        assert codec.data_to_send() == START
        codec.feed(packet() * 6)
        assert codec.dialect == "bci"
        codec.handle_deadline(10.0)
        assert codec.data_to_send() == b""


class TestDamage:
    def test_nothing_is_said_before_five_packets_in_a_row(self) -> None:
        codec = Cms50Codec(CONTEC)
        codec.feed((packet() * 4 + b"\x00") * 30)
        assert codec.stats.frames == 0
        codec.feed(packet() * 6)
        assert codec.stats.frames == 1

    def test_a_lost_byte_costs_its_packet(self) -> None:
        packets = [packet(pleth=n) for n in range(30)]
        packets[10] = packets[10][:3] + packets[10][4:]
        codec = Cms50Codec(CONTEC)
        got = waves(codec.feed(stream(*packets, reports=2)))
        assert got[:2] == [tuple(range(10)), tuple(range(11, 21))]
        assert codec.stats.damaged == {"bad-frame": 1, "skipped-byte": 4}

    def test_an_added_byte_costs_its_packet_and_gives_no_wrong_value(self) -> None:
        packets = [packet(spo2=95) for n in range(30)]
        packets[19] = packets[19][:2] + b"\x05" + packets[19][2:]
        got = measurements(Cms50Codec(CONTEC).feed(stream(*packets, reports=2)))
        assert value(got[0], Vital.SPO2) == 95

    def test_after_a_long_gap_packets_in_a_row_are_wanted_again(self) -> None:
        codec = Cms50Codec(CONTEC)
        codec.feed(packet() * 10 + b"\x00" * 10 + packet() * 5)
        assert codec.stats.frames == 5
        codec.feed(packet() * 2)
        assert codec.stats.frames == 7

    def test_a_damaged_first_byte_costs_two_packets_and_no_more(self) -> None:
        codec = Cms50Codec(CONTEC)
        codec.feed(packet() * 10 + b"\x00" + packet()[1:] + packet() * 5)
        assert codec.stats.frames == 9

    def test_a_new_link_begins_with_nothing_seen(self) -> None:
        codec = Cms50Codec(CONTEC)
        codec.feed(packet(byte_3=0x10) * 10)
        codec.opened(0.0)
        assert [item.flags for item in measurements(codec.feed(stream(packet())))] == [frozenset()]
