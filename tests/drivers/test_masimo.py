"""The Masimo codec against its protocol page."""

import pytest

from drivers.dialects import AnyDialect
from drivers.masimo import DRIVER, LONGEST_LINE, MasimoCodec
from drivers.readings import Flag, Identity, Item, Measurement, Quality, Reading, Vital
from tests.drivers.examples import Example

HEALTHY = (
    b"02/22/16 22:47:45 SN=0000056661 SPO2=098% BPM=097 PI=03.60% SPCO=--.-% SPMET=--.-% "
    b"DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000800\r\n"
)
PULSE_LOW = (
    b"03/06/05 21:11:30 SN=0000066575 SPO2=098% BPM=057 PI=07.02% SPCO=--.-% SPMET=--.-% "
    b"DESAT=-- PIDELTA=+-- ALARM=0038 EXC=000800\r\n"
)
SENSOR_OFF = (
    b"05/20/21 14:06:02 SN=0000182948 SPO2=098% BPM=101 PI=--.--% SPCO=--.-% SPMET=--.-% "
    b"DESAT=-- PIDELTA=+-- ALARM=0010 EXC=000824\r\n"
)
NOTHING_YET = (
    b"05/15/07 08:12:21 SN=0000070986 SPO2=---% BPM=--- PI=--.--% SPCO=--.-% SPMET=--.-% "
    b"DESAT=-- PIDELTA=+-- PVI=--- ALARM=0000 EXC=000000\r\n"
)
COLOUR = (
    b"03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55 SPCO=--% SPMET=--.-% SPHB=--.- "
    b"SPOC=-- RESVD=--- DESAT=-- PIDELTA=+-- PVI=--- ALARM=000000 EXC=0000C00 EXC1=00000000\r\n"
)
RADICAL_5 = b"09/15/10 15:10:29 SPO2=097% BPM=064 PI=11.82% ALARM=20 EXC=800\r\n"
"""The lines of the page."""


def line(
    dialect: str = "rad7",
    *,
    spo2: str = "097%",
    pulse: str = "072",
    perfusion: str = "03.60%",
    alarm: int = 0,
    exc: int = 0x800,
    second: int = 0,
) -> bytes:
    """A line as a Radical-7 with the blue display and a Rad-8 write it."""
    pvi = " PVI=---" if dialect == "rad7" else ""
    end = "\r\n" if dialect == "rad7" else "\r\n\r\n"
    return (
        f"02/22/16 22:47:{second:02d} SN=0000056661 SPO2={spo2} BPM={pulse} PI={perfusion} "
        f"SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+--{pvi} ALARM={alarm:04X} EXC={exc:06X}{end}"
    ).encode("ascii")


def example(dialect: str) -> Example:
    return Example(
        frames=tuple(
            line(
                dialect,
                spo2=f"{85 + n:03d}%",
                pulse=f"{115 + n:03d}",
                perfusion=f"{3 + n / 4:05.2f}%",
                second=n,
            )
            for n in range(14)
        ),
        missing=(
            line(dialect, spo2="---%", pulse="---", perfusion="--.--%") * 3,
            line(dialect, spo2="000%", pulse="000", perfusion="00.00%", exc=0x820) * 3,
        ),
        impossible=line(dialect, spo2="101%", pulse="301", perfusion="20.01%") * 3,
        lasts_s=14.0,
        is_checked=False,
    )


EXAMPLES = {"rad7": example("rad7"), "rad8": example("rad8")}

EVERY = pytest.mark.parametrize("dialect", ["rad7", "rad8"])


def codec_of(dialect: str = "rad7") -> MasimoCodec:
    made = next(each for each in DRIVER.dialects if each.name == dialect).make({})
    assert isinstance(made, MasimoCodec)
    made.opened(0.0)
    return made


def measured(items: list[Item]) -> list[Measurement]:
    return [item for item in items if isinstance(item, Measurement)]


def values(measurement: Measurement) -> dict[Vital, float | None]:
    return {reading.vital: reading.value for reading in measurement.readings}


def said(data: bytes, dialect: str = "rad7") -> Measurement:
    """What the last of `data` says once the dialect is certain of it."""
    return measured(codec_of(dialect).feed(data * 2))[-1]


# ── the page's lines ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "dialect", "spo2", "pulse", "perfusion"),
    [
        (HEALTHY, "rad8", 98, 97, 3.60),
        (PULSE_LOW, "rad8", 98, 57, 7.02),
        (NOTHING_YET, "rad7", None, None, None),
        (COLOUR, "rad7", 98, 123, 0.55),
        (RADICAL_5, "rad8", 97, 64, 11.82),
    ],
)
def test_a_line_of_the_page_gives_its_values(
    data: bytes,
    dialect: str,
    spo2: float | None,
    pulse: float | None,
    perfusion: float | None,
) -> None:
    assert values(said(data, dialect)) == {
        Vital.SPO2: spo2,
        Vital.PULSE: pulse,
        Vital.PERFUSION: perfusion,
    }


def test_numbers_beside_sensor_off_are_rejected() -> None:
    got = said(SENSOR_OFF, "rad8")
    assert got.flags == {Flag.SENSOR_OFF, Flag.LOW_PERFUSION}
    assert got.readings == (
        Reading(Vital.SPO2, 98, Quality.REJECTED, "sensor off"),
        Reading(Vital.PULSE, 101, Quality.REJECTED, "sensor off"),
        Reading(Vital.PERFUSION, None, Quality.REJECTED, "sensor off"),
    )


@pytest.mark.parametrize("data", [HEALTHY, PULSE_LOW, RADICAL_5])
def test_full_set_and_the_instrument_s_own_alarms_raise_nothing(data: bytes) -> None:
    got = said(data, "rad8")
    assert got.flags == frozenset()
    assert {reading.quality for reading in got.readings} == {Quality.GOOD}


def test_low_signal_iq_of_the_colour_display() -> None:
    got = said(COLOUR)
    assert got.flags == {Flag.ARTEFACT}
    assert {reading.quality for reading in got.readings} == {Quality.POOR}


# ── bits ────────────────────────────────────────────────────────────────────────────────


@EVERY
@pytest.mark.parametrize(
    ("bit", "flag", "quality"),
    [
        (0x00001, Flag.SENSOR_DISCONNECTED, Quality.REJECTED),
        (0x00002, Flag.DEVICE_FAULT, Quality.REJECTED),
        (0x00004, Flag.LOW_PERFUSION, Quality.POOR),
        (0x00008, Flag.NO_PULSE, Quality.POOR),
        (0x00010, Flag.ARTEFACT, Quality.POOR),
        (0x00020, Flag.SENSOR_OFF, Quality.REJECTED),
        (0x00040, Flag.ARTEFACT, Quality.POOR),
        (0x00080, Flag.DEVICE_FAULT, Quality.REJECTED),
        (0x00400, Flag.ARTEFACT, Quality.POOR),
        (0x01000, Flag.SENSOR_DISCONNECTED, Quality.REJECTED),
        (0x04000, Flag.DEVICE_FAULT, Quality.REJECTED),
        (0x08000, Flag.DEVICE_FAULT, Quality.REJECTED),
        (0x10000, Flag.DEVICE_FAULT, Quality.REJECTED),
    ],
)
def test_a_bit_of_exc(dialect: str, bit: int, flag: Flag, quality: Quality) -> None:
    got = said(line(dialect, exc=0x800 | bit), dialect)
    assert got.flags == {flag}
    assert {reading.quality for reading in got.readings} == {quality}


@EVERY
@pytest.mark.parametrize("bit", [0x100, 0x200, 0x800, 0x2000, 0x20000])
def test_a_bit_of_exc_that_raises_nothing(dialect: str, bit: int) -> None:
    got = said(line(dialect, exc=bit), dialect)
    assert (got.flags, got.readings[0].quality) == (frozenset(), Quality.GOOD)


@EVERY
@pytest.mark.parametrize(
    ("alarm", "flags"),
    [
        *((bit, set()) for bit in (0x01, 0x02, 0x04, 0x08, 0x10, 0x20)),
        (0x40, {Flag.LOW_BATTERY}),
    ],
)
def test_a_bit_of_alarm(dialect: str, alarm: int, flags: set[Flag]) -> None:
    got = said(line(dialect, alarm=alarm), dialect)
    assert got.flags == flags
    assert {reading.quality for reading in got.readings} == {Quality.GOOD}


# ── identity ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "dialect", "identity"),
    [
        (HEALTHY, "rad8", Identity("Masimo Rad-8", "0000056661")),
        (COLOUR, "rad7", Identity("Masimo Radical-7")),
        (RADICAL_5, "rad8", Identity("Masimo Rad-8")),
    ],
)
def test_it_says_once_a_link_who_it_is(data: bytes, dialect: str, identity: Identity) -> None:
    codec = codec_of(dialect)
    assert [item for item in codec.feed(data * 5) if isinstance(item, Identity)] == [identity]
    codec.opened(9.0)
    assert [item for item in codec.feed(data * 5) if isinstance(item, Identity)] == [identity]


# ── which lines are believed ────────────────────────────────────────────────────────────


@EVERY
def test_the_first_line_is_not_believed_alone(dialect: str) -> None:
    codec = codec_of(dialect)
    assert (codec.feed(line(dialect)), codec.stats.frames) == ([], 0)
    assert (len(measured(codec.feed(line(dialect)))), codec.stats.frames) == (1, 1)


@EVERY
def test_a_damaged_line_costs_no_other(dialect: str) -> None:
    codec = codec_of(dialect)
    good, bad = line(dialect), line(dialect).replace(b"BPM=", b"B\xffM=")
    assert len(measured(codec.feed(good * 3 + bad + good))) == 3
    assert codec.stats.damaged == {"bad-frame": 1}


@EVERY
def test_after_two_damaged_lines_it_has_to_be_certain_again(dialect: str) -> None:
    codec = codec_of(dialect)
    good, bad = line(dialect), line(dialect).replace(b"BPM=", b"B\xffM=")
    assert len(measured(codec.feed(good * 3 + bad * 2 + good))) == 2
    assert len(measured(codec.feed(good))) == 1


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"SPO2=097%", b"SPO2=09%"),
        (b"SPO2=097%", b"SPO2=0977%"),
        (b"BPM=072", b"BPM=72"),
        (b"BPM=072", b"BPM=07-"),
        (b"PI=03.60%", b"PI=3.60%"),
        (b"PI=03.60%", b"PI=0360%"),
        (b"BPM=", b"BPM"),
        (b" BPM", b"BPM"),
        (b"BPM=072", b"SPO2=072"),
        (b"EXC=000800", b"EXC=0008G0"),
        (b"EXC=000800", b"EXC="),
        (b"02/22/16", b"02/2/16"),
        (b"22:47", b"22-47"),
    ],
)
def test_a_line_that_is_not_whole_is_damaged(was: bytes, becomes: bytes) -> None:
    codec = codec_of()
    codec.feed(line() * 2)
    assert codec.feed(line().replace(was, becomes)) == []
    assert codec.stats.damaged == {"bad-frame": 1}


def test_what_stands_before_a_good_line_is_skipped() -> None:
    codec = codec_of()
    assert len(measured(codec.feed(line() + b"\x00\xff9" + line()))) == 1
    assert codec.stats.damaged == {"skipped-byte": 3}


@pytest.mark.parametrize("end", [b"\r", b"\n", b""])
def test_a_line_s_end_that_is_lost_costs_that_line(end: bytes) -> None:
    codec = codec_of()
    items = codec.feed(line() * 2 + line(spo2="090%").rstrip() + end + line(spo2="091%"))
    assert [values(each)[Vital.SPO2] for each in measured(items)] == [97, 91]


def test_a_line_feed_in_the_middle_costs_one_line_only() -> None:
    codec = codec_of()
    items = codec.feed(line() * 2 + line().replace(b"/22/", b"\n22/") + line(spo2="091%"))
    assert [values(each)[Vital.SPO2] for each in measured(items)] == [97, 91]


@pytest.mark.parametrize("between", [b"", b"\r\n", b"\r\n\r\n", b" \r\n"])
def test_empty_lines_mean_nothing(between: bytes) -> None:
    codec = codec_of()
    assert len(measured(codec.feed((line() + between) * 4))) == 3
    assert not codec.stats.damaged


def test_any_white_space_separates_fields() -> None:
    assert values(said(line().replace(b" ", b" \t ")))[Vital.SPO2] == 97


def test_what_never_ends_is_forgotten() -> None:
    codec = codec_of()
    codec.feed(b"x" * 10 * LONGEST_LINE)
    assert codec.stats.damaged == {"skipped-byte": 9 * LONGEST_LINE - 1}
    assert len(measured(codec.feed(b"\r\n" + line() * 2))) == 1


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_a_line_that_is_too_long_counts_the_same_in_any_pieces(piece: int) -> None:
    codec, data = codec_of(), line() * 2 + b"x" * 500 + b"\r\n" + b"y" * 500 + line()
    items = [
        each for at in range(0, len(data), piece) for each in codec.feed(data[at : at + piece])
    ]
    assert len(measured(items)) == 2
    assert codec.stats.damaged == {"skipped-byte": 600, "bad-frame": 1}


# ── which dialect it is ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "dialect"),
    [(HEALTHY, "rad8"), (RADICAL_5, "rad8"), (COLOUR, "rad7"), (NOTHING_YET, "rad7")],
)
def test_the_dialect_is_found_out(data: bytes, dialect: str) -> None:
    codec = AnyDialect(DRIVER.dialects, {})
    codec.opened(0.0)
    assert len(measured(codec.feed(data * 4))) == 3
    assert codec.dialect == dialect


def test_a_damaged_pvi_does_not_make_a_rad_8_of_it() -> None:
    codec = AnyDialect(DRIVER.dialects, {})
    codec.opened(0.0)
    codec.feed(line().replace(b"PVI", b"QVI") + line() * 2)
    assert codec.dialect == "rad7"


def test_a_line_of_the_other_dialect_is_counted_as_that() -> None:
    codec = codec_of("rad7")
    assert codec.feed(line("rad8") * 3) == []
    assert (codec.stats.damaged, codec.stats.frames) == ({"other-dialect": 3}, 0)
