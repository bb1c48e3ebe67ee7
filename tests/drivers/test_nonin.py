"""The Nonin codec against its protocol page."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects import AnyDialect
from drivers.nonin import (
    ANSWERS_BYTES,
    DRIVER,
    FORMATS,
    GET_SERIAL,
    GET_TYPE,
    CommandedCodec,
    NoninCodec,
    set_format,
)
from drivers.readings import Flag, Identity, Item, Measurement, Quality, Reading, Vital, Waveform
from drivers.registry import DeviceSpec
from tests.drivers.examples import Example
from tests.drivers.streams import FINGER_OFF, nonin_data, nonin_packet, split

EXAMPLE = bytes.fromhex("01810100 83 01800148 CA 01800161 E3 01800130 B2")

both = pytest.mark.parametrize("dialect", ["2", "7"])


def measurements(items: list[Item]) -> list[Measurement]:
    return [item for item in items if isinstance(item, Measurement)]


def reading(item: Measurement, vital: Vital) -> Reading:
    return next(reading for reading in item.readings if reading.vital is vital)


def values(items: list[Item], vital: Vital = Vital.SPO2) -> list[float | None]:
    return [reading(item, vital).value for item in measurements(items)]


def any_format(model: str = "oem") -> AnyDialect:
    return AnyDialect(DRIVER.dialects, DRIVER.whole({"model": model}))


def one(packet: bytes, dialect: str | None = None, model: str = "oem") -> Measurement:
    codec = NoninCodec(dialect, model) if dialect else any_format(model)
    [item] = measurements(codec.feed(packet))
    return item


def stream(dialect: str, spo2: list[int]) -> bytes:
    return b"".join(nonin_packet(dialect, nonin_data(spo2=value)) for value in spo2)


def frames(dialect: str, packets: int = 12) -> tuple[bytes, ...]:
    data = b"".join(
        nonin_packet(dialect, nonin_data(pulse=120 + n, spo2=88 + n)) for n in range(packets)
    )
    return tuple(data[at : at + 5] for at in range(0, len(data), 5))


EXAMPLES = {
    dialect: Example(
        frames=frames(dialect),
        missing=(nonin_packet(dialect, nonin_data(pulse=511, spo2=127)) * 3,),
        impossible=nonin_packet(dialect, nonin_data(pulse=400, spo2=110)) * 3,
        lasts_s=4.0,
    )
    for dialect in FORMATS
}

ACCEPTED = b"\x06"
ANSWERS = {
    "wristox2": bytes.fromhex("02 F3 03 18 05 09 03") + b"\x02\xf4\x0a\x02501234567\x03",
    "9560": bytes.fromhex("02 F3 02 9E 09 03") + b"\x02\xf4\x0a\x02501234567\x03",
}
EXAMPLES |= {
    model: replace(
        EXAMPLES["7"],
        frames=(answers + ACCEPTED, *EXAMPLES["7"].frames),
        missing=tuple(answers + ACCEPTED + each for each in EXAMPLES["7"].missing),
        impossible=answers + ACCEPTED + (EXAMPLES["7"].impossible or b""),
    )
    for model, answers in ANSWERS.items()
}


def desk(spo2: str = "097", pulse: str = "072", more: str = "") -> bytes:
    return f"SPO2={spo2} HR={pulse}{more}\r\n".encode("ascii")


EXAMPLES["desk"] = Example(
    frames=tuple(desk(f"{85 + n:03d}", f"{115 + n:03d}") for n in range(12)),
    missing=(desk("---", "---"), desk("---", "---", " F *")),
    impossible=desk("101", "400"),
    lasts_s=12.0,
    is_checked=False,
)


class TestPackets:
    def test_the_pages_example_is_how_a_packet_begins(self) -> None:
        pleth = [1] * 25
        packet = nonin_packet("2", nonin_data(pulse=72, spo2=97), pleth=pleth)
        assert packet.startswith(EXAMPLE)
        item = one(EXAMPLE + packet[len(EXAMPLE) :])
        assert (reading(item, Vital.SPO2).value, reading(item, Vital.PULSE).value) == (97, 72)

    @both
    @pytest.mark.parametrize("pulse", range(512))
    def test_the_heart_rate_has_nine_bits(self, dialect: str, pulse: int) -> None:
        got = reading(one(nonin_packet(dialect, nonin_data(pulse=pulse))), Vital.PULSE)
        assert got.value == (None if pulse == 511 else pulse)

    @both
    def test_bits_beside_the_heart_rates_nine_mean_nothing(self, dialect: str) -> None:
        data = nonin_data(at_1=0xFC | 1, at_2=0x80 | 22)
        assert reading(one(nonin_packet(dialect, data)), Vital.PULSE).value == 150

    @both
    @pytest.mark.parametrize("pulse", [0, 17, 322, 510])
    def test_a_pulse_that_no_device_prints_is_rejected(self, dialect: str, pulse: int) -> None:
        codec = NoninCodec(dialect)
        [item] = measurements(codec.feed(nonin_packet(dialect, nonin_data(pulse=pulse))))
        assert reading(item, Vital.PULSE).quality is Quality.REJECTED
        assert codec.stats.rejected == {"pulse-out-of-range": 1}

    @both
    @pytest.mark.parametrize("spo2", [101, 126])
    def test_a_saturation_above_100_is_rejected(self, dialect: str, spo2: int) -> None:
        got = reading(one(nonin_packet(dialect, nonin_data(spo2=spo2))), Vital.SPO2)
        assert (got.quality, got.usable) == (Quality.REJECTED, False)

    @both
    def test_a_saturation_of_127_is_missing(self, dialect: str) -> None:
        assert reading(one(nonin_packet(dialect, nonin_data(spo2=127))), Vital.SPO2).value is None

    def test_the_pleth_of_format_2_is_the_packets_25_bytes(self) -> None:
        packet = nonin_packet("2", pleth=range(200, 225))
        assert Waveform("pleth", 75.0, tuple(range(200, 225))) in any_format().feed(packet)

    def test_the_pleth_of_format_7_has_16_bits(self) -> None:
        pleth = tuple(range(0, 50000, 2000))
        assert Waveform("pleth", 75.0, pleth) in any_format().feed(nonin_packet("7", pleth=pleth))

    @both
    def test_the_items_come_with_the_packets_last_byte(self, dialect: str) -> None:
        codec, packet = any_format(), nonin_packet(dialect)
        assert codec.feed(packet[:-1]) == []
        assert len(codec.feed(packet[-1:])) == 2

    @both
    def test_every_data_byte_is_exposed(self, dialect: str) -> None:
        data = [
            *(1, 22, 96, 0x31, 5, 2, 3, 0x21, 95, 94, 93, 12, 13, 1, 23, 92, 91),
            *(18, 19, 1, 24, 1, 25, 24, 25),
        ]
        packet = FORMATS[dialect].packet(nonin_packet(dialect, data), None)
        assert (packet.heart_rate, packet.spo2, packet.firmware) == (150, 96, 0x31)
        assert (packet.timer, packet.stat2) == (2 << 7 | 3, 0x21)
        assert (packet.smartpoint, packet.low_battery) == (True, True)
        assert (packet.spo2_display, packet.spo2_fast, packet.spo2_beat) == (95, 94, 93)
        assert (packet.heart_rate_extended, packet.spo2_extended) == (151, 92)
        assert packet.spo2_extended_display == 91
        assert (packet.heart_rate_display, packet.heart_rate_extended_display) == (152, 153)
        assert packet.reserved == bytes([5, 12, 13, 18, 19, 24, 25])


class TestStatus:
    @pytest.mark.parametrize(
        ("bit", "flag", "quality"),
        [
            (0x40, Flag.SENSOR_DISCONNECTED, Quality.REJECTED),
            (0x20, Flag.ARTEFACT, Quality.POOR),
            (0x10, Flag.NO_PULSE, Quality.POOR),
            (0x08, Flag.SENSOR_OFF, Quality.REJECTED),
        ],
    )
    @both
    def test_a_status_bit_flags_the_packet_and_marks_its_values(
        self, dialect: str, bit: int, flag: Flag, quality: Quality
    ) -> None:
        item = one(nonin_packet(dialect, status=bit))
        assert item.flags == {flag}
        assert {got.quality for got in item.readings} == {quality}

    @both
    def test_a_bit_in_the_last_frame_alone_flags_the_whole_packet(self, dialect: str) -> None:
        item = one(nonin_packet(dialect, status=[0] * 24 + [FINGER_OFF]))
        assert item.flags == {Flag.SENSOR_OFF}

    @both
    def test_display_values_are_not_reported_with_the_finger_off(self, dialect: str) -> None:
        data = nonin_data(pulse=511, spo2=127, at_9=97, at_17=97, at_20=0, at_21=72)
        item = one(nonin_packet(dialect, data, status=FINGER_OFF))
        assert [got.value for got in item.readings] == [None, None]

    @both
    def test_a_healthy_packet_has_good_values_and_no_flags(self, dialect: str) -> None:
        item = one(nonin_packet(dialect, status=[0x02] * 12 + [0] * 13))
        assert item.flags == frozenset()
        assert {got.quality for got in item.readings} == {Quality.GOOD}

    @both
    def test_red_perfusion_lasts_through_the_packets_between_two_pulses(self, dialect: str) -> None:
        red, none = nonin_packet(dialect, status=[0x04] * 12 + [0] * 13), nonin_packet(dialect)
        got = measurements(any_format().feed(red + none * 2))
        assert [item.flags for item in got] == [{Flag.LOW_PERFUSION}] * 3
        assert {r.quality for item in got for r in item.readings} == {Quality.POOR}

    @both
    def test_red_perfusion_ends_with_the_next_green_pulse(self, dialect: str) -> None:
        red = nonin_packet(dialect, status=[0x04] * 12 + [0] * 13)
        green = nonin_packet(dialect, status=[0] * 13 + [0x02] * 12)
        assert measurements(any_format().feed(red + green))[-1].flags == frozenset()

    @both
    def test_red_perfusion_is_forgotten_when_no_pulse_follows(self, dialect: str) -> None:
        red, none = nonin_packet(dialect, status=[0x04] * 12 + [0] * 13), nonin_packet(dialect)
        assert measurements(any_format().feed(red + none * 11))[-1].flags == frozenset()

    @pytest.mark.parametrize(
        ("dialect", "model", "flags"),
        [
            ("7", "oem", {Flag.LOW_BATTERY}),
            ("2", "9560", {Flag.LOW_BATTERY}),
            ("2", "oem", frozenset()),
        ],
    )
    def test_low_battery_is_read_only_where_stat2_is_valid(
        self, dialect: str, model: str, flags: frozenset[Flag]
    ) -> None:
        assert one(nonin_packet(dialect, nonin_data(at_8=1)), dialect, model).flags == flags

    def test_status_bit_6_is_reserved_on_a_9560(self) -> None:
        assert one(nonin_packet("2", status=0x40), "2", "9560").flags == frozenset()


class TestDamage:
    @both
    @given(cuts=st.lists(st.integers(0, 10_000)))
    def test_any_split_gives_the_same_items(self, dialect: str, cuts: list[int]) -> None:
        data = b"\x00\x01\x81" + stream(dialect, [97, 96, 95]) + b"\xff" + stream(dialect, [94, 93])
        whole, pieces = any_format(), any_format()
        expected = whole.feed(data)
        assert [item for part in split(data, cuts) for item in pieces.feed(part)] == expected
        assert pieces.stats == whole.stats
        assert values(expected) == [97, 96, 95, 94, 93]

    @both
    @given(noise=st.binary(max_size=400))
    def test_no_noise_before_a_packet_hides_it(self, dialect: str, noise: bytes) -> None:
        got = any_format().feed(noise + stream(dialect, [91, 90, 89]))
        assert values(got)[-2:] == [90, 89]

    @both
    @given(noise=st.binary(min_size=1, max_size=60), at=st.integers(1, 124))
    def test_inserted_bytes_cost_the_packet_they_fall_into(
        self, dialect: str, noise: bytes, at: int
    ) -> None:
        data = stream(dialect, [91, 90, 89, 88])
        got = values(NoninCodec(dialect).feed(data[: 125 + at] + noise + data[125 + at :]))
        assert got in ([91, 89, 88], [91, 90, 89, 88])

    @both
    @given(at=st.integers(0, 124), length=st.integers(1, 124))
    def test_lost_bytes_never_give_a_wrong_value(self, dialect: str, at: int, length: int) -> None:
        data = stream(dialect, [91, 90, 89, 88])
        got = values(NoninCodec(dialect).feed(data[: 125 + at] + data[125 + at + length :]))
        assert got[0] == 91
        assert got[-1] == 88
        assert set(got) <= {91, 90, 89, 88}

    @both
    def test_two_packets_joined_by_a_great_loss_are_not_taken_for_one(self, dialect: str) -> None:
        data = stream(dialect, [91, 90, 89, 88])
        joined = data[: 125 + 10] + data[250 + 5 :]
        assert values(NoninCodec(dialect).feed(joined)) == [91, 88]

    @both
    def test_another_firmware_revision_is_taken_once_the_next_packet_begins(
        self, dialect: str
    ) -> None:
        old, new = nonin_packet(dialect), nonin_packet(dialect, nonin_data(spo2=90, at_4=0x31))
        codec = any_format()
        assert values(codec.feed(old + new)) == [97]
        assert values(codec.feed(new[:5])) == [90]
        assert values(codec.feed(new[5:])) == [90]

    @both
    def test_a_frame_lost_as_a_whole_shifts_no_byte_into_anothers_place(self, dialect: str) -> None:
        data = stream(dialect, [91, 90, 89])
        for frame in range(25):
            cut = data[: 125 + frame * 5] + data[130 + frame * 5 :]
            assert values(NoninCodec(dialect).feed(cut)) == [91, 89]

    @both
    @pytest.mark.parametrize("frame", range(25))
    def test_one_damaged_frame_costs_only_what_it_held(self, dialect: str, frame: int) -> None:
        data = bytearray(stream(dialect, [91, 90, 89]))
        data[125 + frame * 5 + 3] ^= 0x55
        codec = NoninCodec(dialect)
        got = measurements(codec.feed(bytes(data)))[1]
        lost = {0: Vital.PULSE, 1: Vital.PULSE, 2: Vital.SPO2}.get(frame)
        assert {r.vital for r in got.readings} == {Vital.SPO2, Vital.PULSE} - {lost}
        assert codec.stats.damaged == {"bad-frame": 1}
        assert codec.stats.frames == 74

    @both
    def test_the_pleth_around_a_damaged_frame_is_kept(self, dialect: str) -> None:
        data = bytearray(nonin_packet(dialect) * 2)
        data[10 * 5 + 4] ^= 1
        waves = [
            i.samples for i in NoninCodec(dialect).feed(bytes(data)) if isinstance(i, Waveform)
        ]
        assert waves == [tuple(range(10)), tuple(range(11, 25)), tuple(range(25))]

    @both
    def test_a_status_read_from_a_damaged_frame_is_not_believed(self, dialect: str) -> None:
        data = bytearray(nonin_packet(dialect) * 2)
        data[50 + FORMATS[dialect].status_at] |= FINGER_OFF
        assert measurements(NoninCodec(dialect).feed(bytes(data)))[0].flags == frozenset()

    @both
    def test_a_packet_with_two_damaged_frames_is_given_up(self, dialect: str) -> None:
        data = bytearray(stream(dialect, [91, 90, 89]))
        data[125 + 24] ^= 1
        data[125 + 44] ^= 1
        codec = NoninCodec(dialect)
        assert values(codec.feed(bytes(data))) == [91, 89]
        assert codec.stats.damaged["lost-packet"] == 1

    @both
    def test_a_truncated_packet_costs_itself_alone(self, dialect: str) -> None:
        data = stream(dialect, [91, 90, 89])
        for length in range(1, 125):
            cut = data[: 125 + length] + data[250:]
            assert values(NoninCodec(dialect).feed(cut)) == [91, 89]

    @both
    @given(garbage=st.lists(st.binary(max_size=600), max_size=8))
    def test_any_bytes_are_survived_in_bounded_memory(
        self, dialect: str, garbage: list[bytes]
    ) -> None:
        codec = NoninCodec(dialect)
        for piece in garbage:
            codec.feed(piece)
            assert len(codec._buffer) < 130

    @both
    @pytest.mark.parametrize("byte", [0x00, 0x01, 0x81, 0xFF])
    def test_any_bytes_cost_a_bounded_number_of_looks(
        self, dialect: str, byte: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks = 0
        layout = type(FORMATS[dialect])
        damaged = layout.damaged

        def counted(form: object, raw: bytes) -> list[int]:
            nonlocal looks
            looks += 1
            return damaged(FORMATS[dialect], raw)

        monkeypatch.setattr(layout, "damaged", counted)
        rng = random.Random(byte)
        data = bytes(byte if rng.random() < 0.5 else rng.randrange(256) for _ in range(20_000))
        NoninCodec(dialect).feed(data)
        assert looks <= len(data) / 50

    def test_a_new_link_begins_with_an_empty_buffer(self) -> None:
        codec, packet = NoninCodec("2"), nonin_packet("2")
        codec.feed(packet[:60])
        codec.opened(0.0)
        assert values(codec.feed(packet)) == [97]
        assert codec.stats.damaged == {}


class TestDialect:
    @both
    def test_it_is_found_out(self, dialect: str) -> None:
        codec = any_format()
        codec.feed(stream(dialect, [97])[40:] + stream(dialect, [97]))
        assert codec.dialect == dialect

    def test_it_is_found_out_again_on_the_next_link(self) -> None:
        codec = any_format()
        codec.feed(stream("2", [97] * 3))
        assert codec.dialect == "2"
        codec.closed()
        codec.opened(0.0)
        codec.feed(stream("7", [96] * 8))
        assert codec.dialect == "7"

    def test_a_given_one_is_kept(self) -> None:
        codec = DeviceSpec("oximeter", "nonin", "memory://o", "2").codec()
        assert codec.feed(stream("7", [96] * 8)) == []
        assert codec.dialect == "2"


class TestCommands:
    def test_set_format_is_as_on_the_page(self) -> None:
        assert set_format(7) == bytes.fromhex("02 70 02 02 07 03")

    def test_a_9560_is_told_its_format_on_opening(self) -> None:
        codec = NoninCodec("7", model="9560")
        codec.opened(0.0)
        assert codec.data_to_send() == set_format(7)
        assert codec.data_to_send() == b""

    def test_a_9560_whose_format_is_not_given_is_told_the_usual_one(self) -> None:
        codec = any_format("9560")
        codec.opened(0.0)
        assert codec.data_to_send() == set_format(2)

    @pytest.mark.parametrize("dialect", ["2", "7", "desk"])
    def test_others_are_told_nothing(self, dialect: str) -> None:
        codec = DeviceSpec("oximeter", "nonin", "/dev/ttyUSB0", dialect).codec()
        codec.opened(0.0)
        assert codec.data_to_send() == b""

    def test_while_the_dialect_is_looked_for_the_silent_ones_are_asked(self) -> None:
        codec = any_format()
        codec.opened(0.0)
        assert codec.data_to_send() == GET_TYPE + GET_SERIAL + set_format(7)
        codec.feed(nonin_packet("2"))
        assert (codec.dialect, codec.data_to_send()) == ("2", b"")


class TestCommanded:
    @pytest.mark.parametrize("model", ANSWERS)
    def test_it_is_asked_who_it_is_and_then_told_its_format(self, model: str) -> None:
        codec = CommandedCodec(model)
        codec.opened(0.0)
        assert codec.data_to_send() == bytes.fromhex(
            "02 73 00 03 02 74 02 02 02 03 02 70 02 02 07 03"
        )

    @pytest.mark.parametrize(
        ("model", "name"), [("wristox2", "Nonin WristOx2"), ("9560", "Nonin Onyx 9560")]
    )
    def test_its_answers_are_its_identity_and_come_before_its_packets(
        self, model: str, name: str
    ) -> None:
        codec = CommandedCodec(model)
        codec.opened(0.0)
        assert codec.feed(ANSWERS[model] + ACCEPTED) == [Identity(name, "501234567")]
        assert codec.stats.frames == 1
        assert values(codec.feed(nonin_packet("7"))) == [97]

    def test_another_type_code_of_an_onyx_is_one_too(self) -> None:
        codec = CommandedCodec("9560")
        codec.opened(0.0)
        codec.feed(bytes.fromhex("02 F3 02 93 06 03"))
        assert codec.stats.frames == 1

    def test_one_that_does_not_answer_is_read_all_the_same(self) -> None:
        codec = CommandedCodec("wristox2")
        codec.opened(0.0)
        assert values(codec.feed(ACCEPTED + nonin_packet("7"))) == [97]

    def test_the_other_ones_packets_are_none_of_its_own(self) -> None:
        codec = CommandedCodec("wristox2")
        codec.opened(0.0)
        assert codec.feed(ANSWERS["9560"] + nonin_packet("7") * 5) == []
        assert (codec.stats.frames, codec.stats.damaged["other-dialect"]) == (0, 1)

    def test_what_looks_like_an_answer_later_is_none(self) -> None:
        codec = CommandedCodec("wristox2")
        codec.opened(0.0)
        assert codec.feed(b"\x80" * ANSWERS_BYTES + ANSWERS["wristox2"]) == []
        assert codec.stats.frames == 0


class TestDesk:
    def codec(self) -> AnyDialect:
        codec = AnyDialect([each for each in DRIVER.dialects if each.name == "desk"], {})
        codec.opened(0.0)
        return codec

    @pytest.mark.parametrize(
        ("line", "spo2", "pulse"),
        [
            (desk(), 97, 72),
            (desk(more=" F"), 97, 72),
            (desk(more=" *"), 97, 72),
            (desk(more=" F*"), 97, 72),
            (desk(more="*  "), 97, 72),
            (desk("100", "145"), 100, 145),
            (desk("---", "072"), None, 72),
            (desk("097", "---"), 97, None),
            (b"\xff\x00" + desk(), 97, 72),
        ],
    )
    def test_a_line(self, line: bytes, spo2: int | None, pulse: int | None) -> None:
        [item] = measurements(self.codec().feed(line))
        assert [each.value for each in item.readings] == [spo2, pulse]
        assert item.flags == frozenset()

    @pytest.mark.parametrize(
        "bad", [b"SPO2=97 HR=072", b"SPO2=097HR=072", b"SPO2=0970 HR=072", b"SPO2=097 HR=072 G"]
    )
    def test_a_line_that_is_not_whole_costs_itself(self, bad: bytes) -> None:
        codec = self.codec()
        assert len(measurements(codec.feed(desk() + bad + b"\r\n" + desk()))) == 2
        assert codec.stats.damaged == {"bad-frame": 1}

    def test_its_name_at_power_on_is_its_identity(self) -> None:
        codec = self.codec()
        assert codec.feed(b"NONIN  8600\r\n" + desk())[0] == Identity("NONIN 8600")
        assert not codec.stats.damaged

    def test_it_is_found_out_beside_the_binary_formats(self) -> None:
        codec = any_format()
        codec.opened(0.0)
        assert values(codec.feed(desk() * 3)) == [97] * 3
        assert codec.dialect == "desk"
