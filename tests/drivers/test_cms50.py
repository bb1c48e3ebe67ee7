"""The CMS50 codec against its protocol page."""

import pytest

from drivers.cms50 import CONTEC, Cms50Codec
from drivers.readings import Flag, Item, Measurement, Quality, Reading, Vital, Waveform
from tests.drivers.examples import Example

REPORT = 20
"""The packets in a third of a second."""


def packet(
    spo2: int = 97, pulse: int = 72, pleth: int = 40, byte_1: int = 0, byte_3: int = 0
) -> bytes:
    """A 5-byte packet; `byte_1` and `byte_3` are the status bits besides sync and pulse."""
    return bytes(
        [0x80 | byte_1, pleth, byte_3 | (pulse & 0x80) >> 1, pulse & 0x7F, spo2],
    )


def stream(*packets: bytes, reports: int = 1) -> bytes:
    """`reports` reports' packets, the last of `packets` repeated; what it takes before them to be
    believed, and the byte after them that shows the last one to be whole."""
    lock = packets[:1] * 4
    body = [*packets, *packets[-1:] * (REPORT * reports - len(packets))]
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
        has_checksum=False,
    )
}


def measurements(items: list[Item]) -> list[Measurement]:
    return [item for item in items if isinstance(item, Measurement)]


def waves(items: list[Item]) -> list[tuple[int, ...]]:
    return [item.samples for item in items if isinstance(item, Waveform)]


def one(data: bytes) -> Measurement:
    [item] = measurements(Cms50Codec(CONTEC).feed(data))
    return item


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

    def test_a_report_is_a_third_of_a_second_with_the_last_values(self) -> None:
        packets = [packet(spo2=90 + n % 5) for n in range(REPORT * 2)]
        got = measurements(Cms50Codec(CONTEC).feed(stream(*packets, reports=2)))
        assert [value(item, Vital.SPO2) for item in got] == [94, 94]

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

    def test_a_bit_in_one_packet_flags_the_whole_report(self) -> None:
        got = one(stream(packet(), packet(byte_3=0x10), packet()))
        assert got.flags == {Flag.SENSOR_OFF}
        assert not any(reading.usable for reading in got.readings)

    def test_and_the_next_one_not(self) -> None:
        data = stream(packet(byte_3=0x10), packet(), reports=2)
        assert [item.flags for item in measurements(Cms50Codec(CONTEC).feed(data))] == [
            {Flag.SENSOR_OFF},
            frozenset(),
        ]


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

    def test_a_new_link_begins_with_nothing_seen(self) -> None:
        codec = Cms50Codec(CONTEC)
        codec.feed(packet(byte_3=0x10) * 10)
        codec.opened(0.0)
        assert [item.flags for item in measurements(codec.feed(stream(packet())))] == [frozenset()]
