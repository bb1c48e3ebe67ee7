"""The codec of GE monitors against its protocol page: values, the cuff's last result, requests."""

from pathlib import Path

import pytest

from drivers.datex_s5 import DRIVER, DatexS5Codec
from drivers.readings import (
    CuffPhase,
    CuffState,
    DeviceMessages,
    Flag,
    Identity,
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
    Waveform,
)
from simulators.devices import build
from simulators.ports import PtyPort
from tests.drivers.benches import bench
from tests.drivers.examples import Example
from tests.simulators.steady import steady
from tests.simulators.test_ports import serving

NONE = -32767
T = 1_767_225_600
VALUES = {10: 71, 18: 15, 82: 12000, 84: 8000, 86: 9300, 128: 9700, 130: 72, 132: 240}
STATUS = {4: 3 | 1 << 3, 76: 3, 122: 3, 136: 1}


def frame(main: int, *parts: tuple[int, bytes], at: int = 0, level: int = 11) -> bytes:
    table, data = b"", b""
    for type_, body in parts:
        table += len(data).to_bytes(2, "little") + bytes([type_])
        data += body
    table = (table + b"\0\0\xff").ljust(24, b"\0")[:24]
    head = bytes([7, level, 1, 0]) + (T + at).to_bytes(4, "little") + bytes(4) + bytes([main, 0])
    record = (40 + len(data)).to_bytes(2, "little") + head + table + data
    whole = record + bytes([sum(record) % 256])
    out = b"".join(
        bytes([0x7D, byte - 0x20]) if byte in (0x7D, 0x7E) else bytes([byte]) for byte in whole
    )
    return b"\x7e" + out + b"\x7e"


def basic(*, label: int = 0, status: dict[int, int] = STATUS, class_: int = 0, **at: int) -> bytes:
    """Displayed values; `at_128=NONE` sets the word at offset 128."""
    data = bytearray(NONE.to_bytes(2, "little", signed=True) * 139)
    values = VALUES | {int(name.removeprefix("at_")): value for name, value in at.items()}
    for offset, value in values.items():
        data[offset : offset + 2] = value.to_bytes(2, "little", signed=True)
    for offset, bits in status.items():
        data[offset : offset + 4] = bits.to_bytes(4, "little")
    data[80:82] = label.to_bytes(2, "little")
    data[274:278] = bytes([0, 0, 0, class_])
    return bytes(data)


def shown(at: int = 0, **of: int) -> bytes:
    return frame(0, (1, basic(**of)), at=at)  # type: ignore[arg-type]


def timed(taken: int | None, at: int = 0) -> bytes:
    """When the cuff measured last; None is not known."""
    time = 0 if taken is None else T + taken
    return frame(0, (4, time.to_bytes(4, "little") + bytes(110)), at=at)


def pleth(*samples: int, status: int = 0) -> bytes:
    words = [len(samples), status, 0, *samples]
    return frame(1, (8, b"".join(word.to_bytes(2, "little", signed=True) for word in words)))


def alarms(*texts: tuple[str, int]) -> bytes:
    lines = [
        text.encode("latin-1").ljust(80, b"\0") + bytes([1, 0, c, 0, 1, 0]) for text, c in texts
    ]
    data = bytes(10) + b"".join(line + bytes(12) for line in lines)
    return frame(4, (1, data.ljust(510, b"\0")))


def five_seconds(n: int) -> tuple[bytes, ...]:
    waves = [pleth(*range(second, second + 100)) for second in range(5)]
    return (*waves, shown(5 * n, at_128=9000 + 100 * (n % 10), at_130=60 + n))


EXAMPLES = {
    dialect: Example(
        frames=(timed(-20), *(part for n in range(12) for part in five_seconds(n))),
        missing=(
            shown(at_10=NONE, at_18=NONE, at_128=NONE, at_130=-32766, at_132=-32762, at_82=NONE),
            shown(at_10=NONE, at_18=NONE, at_128=-32764, at_130=-32763, at_132=-32001),
        ),
        impossible=shown(at_128=10100),
        lasts_s=60.0,
    )
    for dialect in ("19200", "115200")
}


class Bedside:
    """A codec on a line, with time that passes when told."""

    def __init__(self) -> None:
        self.codec, self.now_s = DatexS5Codec(), 100.0
        self.codec.opened(self.now_s)
        self.opening = self.codec.data_to_send()
        self.hears(pleth())

    def hears(self, *frames: bytes) -> list[Item]:
        items = self.codec.feed(b"".join(frames))
        return items + self.codec.handle_deadline(self.now_s)

    def waits(self, seconds: float) -> bytes:
        """What is sent in that time."""
        self.now_s += seconds
        self.codec.handle_deadline(self.now_s)
        return self.codec.data_to_send()

    def measured(self, *frames: bytes) -> Measurement:
        [item] = [
            i for i in self.hears(*frames) if isinstance(i, Measurement) and not i.has_pressure
        ]
        return item

    def cuff(self, *frames: bytes) -> list[Item]:
        """What is said of the cuff alone."""
        items = self.hears(*frames)
        return [i for i in items if not isinstance(i, Measurement) or i.has_pressure]


def values(measurement: Measurement) -> dict[Vital, float | None]:
    return {reading.vital: reading.value for reading in measurement.readings}


PRESSURES = (Reading(Vital.SYS, 120), Reading(Vital.DIA, 80), Reading(Vital.MAP, 93))
IDLE, MEASURES = CuffState(CuffPhase.IDLE), CuffState(CuffPhase.MEASURING)
MEASURING, OLD = 1 << 5, 1 << 8


# ── requests ────────────────────────────────────────────────────────────────────────────


def test_what_is_wanted_is_asked_for_when_the_link_opens() -> None:
    empty = bytes(14).hex()
    values = f"7e3100{empty[:24]}0000{'00' * 5}ff{'00' * 18}01050000000000000036" + "7e"
    assert Bedside().opening[: len(bytes.fromhex(values))] == bytes.fromhex(values)
    inside = [part for part in Bedside().opening.split(b"\x7e") if part]
    asked = [(part[0], part[14], part[40:-1].hex()) for part in inside]
    assert asked == [
        (49, 0, "010500000000000000"),
        (49, 0, "040500000000000000"),
        (52, 4, "020000000000000000000000"),
        (72, 1, "0000000008" + "ff" * 7 + "00" * 20),
    ]


def test_what_stops_is_asked_for_again_and_nothing_else() -> None:
    bed = Bedside()
    wave = [part for part in bed.opening.split(b"\x7e") if part][-1]
    assert bed.waits(3.9) == b""
    bed.hears(shown())
    assert bed.waits(0.2) == b"\x7e" + wave + b"\x7e"
    for _ in range(3):
        bed.waits(2.0)
        bed.hears(pleth(1, 2))
    asked = bed.waits(2.0)
    assert [part[14] for part in asked.split(b"\x7e") if part] == [0, 0, 4]
    assert bed.waits(1.0) == b""


# ── values ──────────────────────────────────────────────────────────────────────────────


def test_every_displayed_value_has_its_unit() -> None:
    got = values(Bedside().measured(shown()))
    assert got == {Vital.SPO2: 97, Vital.PULSE: 72, Vital.PERFUSION: 2.4, Vital.RESP: 15}


@pytest.mark.parametrize("raw", [-32767, -32766, -32764, -32763, -32762, -32001])
def test_a_value_that_is_none_is_missing(raw: int) -> None:
    assert values(Bedside().measured(shown(at_128=raw)))[Vital.SPO2] is None


def test_respiration_of_the_gas_comes_before_that_of_the_ecg() -> None:
    with_gas = basic(status=STATUS | {136: 3}, at_146=12)
    assert values(Bedside().measured(frame(0, (1, with_gas))))[Vital.RESP] == 12
    without = basic(status=STATUS | {136: 3})
    assert values(Bedside().measured(frame(0, (1, without))))[Vital.RESP] == 15


@pytest.mark.parametrize(("source", "pulse"), [(1, 71), (2, 71), (6, None), (0, 71)])
def test_the_heart_rate_stands_in_for_a_pulse_that_is_missing(
    source: int, pulse: int | None
) -> None:
    data = basic(status=STATUS | {4: 3 | source << 3}, at_130=NONE)
    assert values(Bedside().measured(frame(0, (1, data))))[Vital.PULSE] == pulse


@pytest.mark.parametrize("bits", [0, 1, 2])
def test_a_sensor_that_does_not_measure_is_said_and_its_values_are_not_used(bits: int) -> None:
    got = Bedside().measured(frame(0, (1, basic(status=STATUS | {122: bits}))))
    assert got.flags == {Flag.SENSOR_DISCONNECTED}
    assert [reading.usable for reading in got.readings] == [False, True, False, True]
    assert values(got)[Vital.PULSE] == 71


def test_asystole_is_no_pulse_and_spoils_the_heart_rate() -> None:
    got = Bedside().measured(frame(0, (1, basic(status=STATUS | {4: 3 | 4}, at_10=0))))
    assert got.flags == {Flag.NO_PULSE}
    assert {reading.quality for reading in got.readings[:2]} == {Quality.POOR}
    inactive = basic(status=STATUS | {4: 1 | 4})
    assert Bedside().measured(frame(0, (1, inactive))).flags == frozenset()


def test_the_interface_level_is_its_identity_once_a_link() -> None:
    codec = DatexS5Codec()
    codec.opened(0.0)
    items = codec.feed(shown() + shown())
    assert [item for item in items if isinstance(item, Identity)] == [
        Identity("GE S/5 Computer Interface", firmware="interface level 11")
    ]


def test_the_pleth_comes_as_it_is_without_control_codes() -> None:
    bed = Bedside()
    assert bed.hears(pleth(5, -6, -32000, 7)) == [Waveform("pleth", 100.0, (5, -6, 7))]
    assert bed.hears(pleth(-32767, -32767)) == []
    assert bed.hears(pleth(8, status=1)) == [Waveform("pleth", 100.0, (8,))]
    assert bed.codec.stats.damaged == {"pleth-gap": 1}


def test_alarm_texts_are_shown_as_the_monitor_s_words() -> None:
    bed = Bedside()
    assert bed.hears(alarms(("HF zu hoch \xb1", 3), ("", 2), ("aus", 0), ("SpO2", 1))) == [
        DeviceMessages(("HF zu hoch \xb1", "SpO2"))
    ]
    assert bed.hears(alarms()) == [DeviceMessages(())]


def test_what_is_not_known_is_counted_and_what_is_of_another_class_is_not_used() -> None:
    bed = Bedside()
    assert bed.hears(frame(8, (1, b"abc")), frame(0, (9, b"")), frame(0, (1, bytes(9)))) == []
    assert bed.codec.stats.damaged == {"unknown-subrecord": 2, "short-subrecord": 1}
    assert bed.hears(frame(0, (1, basic(class_=2)))) == []
    two = frame(0, (1, basic(class_=1)), (1, basic()))
    assert len(bed.hears(two)) == 1


def test_eight_subrecords_fill_the_list() -> None:
    parts = [(1, basic(class_=1))] * 4 + [(4, bytes(114))] * 3
    assert len(Bedside().hears(frame(0, *parts, (1, basic())))) == 1


def test_a_wrong_escape_is_damage() -> None:
    bed = Bedside()
    bed.hears(shown().replace(b"\x0b", b"\x7d\x0b", 1))
    assert bed.codec.stats.damaged["bad-frame"] == 1


# ── the cuff ────────────────────────────────────────────────────────────────────────────


def test_a_new_measurement_is_one_whose_time_changed() -> None:
    bed = Bedside()
    assert bed.cuff(timed(-300), shown(0)) == [Measurement(PRESSURES, age_s=300)]
    assert bed.cuff(shown(5), timed(-300), shown(10)) == []
    assert bed.cuff(shown(15, label=MEASURING), timed(15), shown(20, label=MEASURING)) == [
        MEASURES,
        MEASURES,
    ]
    new = shown(40, at_82=13000)
    assert bed.cuff(new, shown(45, at_82=13000)) == [
        IDLE,
        Measurement((Reading(Vital.SYS, 130), *PRESSURES[1:]), age_s=25),
    ]


def test_the_time_may_come_a_record_after_the_end() -> None:
    bed = Bedside()
    bed.cuff(timed(-300), shown(0), shown(15, label=MEASURING))
    assert bed.cuff(shown(40)) == [IDLE]
    assert bed.cuff(timed(38), shown(45)) == [Measurement(PRESSURES, age_s=7)]


@pytest.mark.parametrize(("taken", "sent"), [(-2500, 0), (20, 0)])
def test_what_is_found_too_old_or_of_no_known_age_is_not_reported(taken: int, sent: int) -> None:
    assert Bedside().cuff(timed(taken), shown(sent), shown(sent + 5)) == []


def test_a_measurement_that_ends_without_a_new_time_has_failed() -> None:
    bed = Bedside()
    bed.cuff(timed(-300), shown(0), shown(15, label=MEASURING))
    items = bed.cuff(shown(40), shown(45), shown(50))
    assert isinstance(items[1], MeasurementFailed)
    assert items == [IDLE, items[1]]


def test_a_new_time_without_pressures_is_a_failure() -> None:
    bed = Bedside()
    [failure] = bed.cuff(timed(-10), shown(0, at_82=NONE))
    assert isinstance(failure, MeasurementFailed)


@pytest.mark.parametrize("time", [b"", timed(None)])
def test_without_a_time_the_end_that_is_seen_makes_it_new(time: bytes) -> None:
    bed = Bedside()
    assert bed.cuff(time, shown(0), shown(5)) == []
    assert bed.cuff(shown(10, label=MEASURING)) == [MEASURES]
    assert bed.cuff(shown(40), shown(45)) == [IDLE, Measurement(PRESSURES)]


def test_without_a_time_values_that_are_no_longer_old_are_new() -> None:
    bed = Bedside()
    assert bed.cuff(shown(0, label=OLD), shown(5, label=OLD)) == []
    assert bed.cuff(shown(60)) == [Measurement(PRESSURES)]


def test_without_a_time_old_values_after_a_measurement_are_a_failure() -> None:
    bed = Bedside()
    items = bed.cuff(shown(0), shown(10, label=MEASURING | OLD), shown(40, label=OLD))
    assert isinstance(items[-1], MeasurementFailed)


def test_a_pressure_upside_down_or_of_a_cuff_in_calibration_is_rejected() -> None:
    for of in ({"at_82": 7000}, {"label": 1 << 7}):
        [item] = Bedside().cuff(timed(-9), shown(**of))
        assert isinstance(item, Measurement)
        assert {reading.quality for reading in item.readings} == {Quality.REJECTED}


def test_no_one_can_ask_it_to_measure() -> None:
    assert (DRIVER.can_measure, DRIVER.gives_pressure, DRIVER.streams) == (False, True, True)


# ── at a port ───────────────────────────────────────────────────────────────────────────


async def test_the_simulated_monitor_is_read_at_a_pseudo_terminal(tmp_path: Path) -> None:
    line = build("datex-s5", steady(96, 71, sys=121, dia=77, mean=92), seed=1)
    async with (
        serving(line, PtyPort(tmp_path / "tty"), 20.0) as server,
        bench("datex-s5", server.port.url, dialect="19200") as device,
    ):
        await device.until(lambda seen: bool(seen.values(Vital.SYS)))
    assert {*device.values(Vital.SPO2)} == {96}
    assert device.values(Vital.SYS) == [121]
    kinds = {type(item) for item in device.items}
    assert kinds == {Identity, Measurement, Waveform, CuffState, DeviceMessages}
