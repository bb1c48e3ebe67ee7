"""The Nellcor codec against its protocol page, and against what a real N-560 printed."""

from pathlib import Path

import pytest

from drivers.dialects import AnyDialect
from drivers.nellcor import DRIVER, LONGEST_LINE, XON, NellcorCodec
from drivers.readings import Flag, Identity, Item, Measurement, Quality, Reading, Vital
from tests.drivers.examples import Example

TRACE = (Path(__file__).parents[1] / "data" / "nellcor_n560.txt").read_bytes()
"""An excerpt of what a real N-560 printed."""

_LIMITS = b"SpO2 Limit: 90-100%    PR Limit: 60-170BPM\r\n"
HEADERS = {
    "n595": (
        b"N-595    VERSION 2.4.0    CRC:1A2B  " + _LIMITS,
        b"                             ADULT            0SAT-S SPO2 RESP MODE: NORMAL\r\n"
        b"TIME                 %SPO2   BPM     PA     Status\r\n",
    ),
    "n560": (
        b"N-560    VERSION 1.56.00    CRC:XXXX  " + _LIMITS,
        b"                             ADULT            0SAT-S \r\n"
        b"TIME                 %SpO2   BPM     PA     Status\r\n",
    ),
    "npb290": (
        b"NPB-290  VERSION 1.5.0    CRC: 1A2B  " + _LIMITS,
        b"TIME                 %SPO2   BPM     PA     Status\r\n",
    ),
}


def line(
    spo2: str = "97 ",
    bpm: str = "72 ",
    pa: str = "12",
    status: str = "",
    *,
    second: int = 0,
    month: str = "Dec",
) -> bytes:
    """A line of values; the character behind each value is its `*` or a blank."""
    clock = f"29-{month}-17 07:18:{second:02d}"
    return f"{clock}{spo2:>7}{bpm:>8}{pa:>7}    {status:<17}\r\n".encode("ascii")


def example(dialect: str) -> Example:
    header = b"".join(HEADERS[dialect])
    return Example(
        frames=(
            HEADERS[dialect][0],
            HEADERS[dialect][1] + line("90 ", "104 "),
            *(line(f"{90 + n} ", f"{104 + n} ", f"{n}", second=2 * n) for n in range(1, 10)),
        ),
        missing=(
            header + line("--- ", "--- ", "---", "SD          AS") * 2,
            header + line("0 ", "0 ", "---", "PS") * 2,
        ),
        impossible=header + line("101*", "301*") * 2,
        lasts_s=20.0,
        is_checked=False,
    )


EXAMPLES = {dialect: example(dialect) for dialect in HEADERS}

EVERY = pytest.mark.parametrize("dialect", HEADERS)


def codec_of(dialect: str = "n560") -> NellcorCodec:
    made = next(each for each in DRIVER.dialects if each.name == dialect).make({})
    assert isinstance(made, NellcorCodec)
    made.opened(0.0)
    return made


def measured(items: list[Item]) -> list[Measurement]:
    return [item for item in items if isinstance(item, Measurement)]


def values(items: list[Item]) -> list[tuple[float | None, ...]]:
    return [tuple(reading.value for reading in item.readings) for item in measured(items)]


def said(data: bytes) -> Measurement:
    """What a line says once it is believed."""
    return measured(codec_of().feed(data * 2))[-1]


# ── what a real N-560 printed ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_real_trace_gives_what_was_printed(end: bytes) -> None:
    codec = codec_of()
    got = [
        (*(reading.value for reading in item.readings), set(item.flags), item.readings[0].quality)
        for item in measured(codec.feed(TRACE.replace(b"\n", end)))
    ]
    shown, good, poor = [], Quality.GOOD, Quality.POOR
    moving: set[Flag] = {Flag.ARTEFACT}
    search: set[Flag] = {Flag.NO_PULSE}
    # As read from the trace by eye; its first line only makes the second one certain.
    shown += [(89, 66, moving, poor), (83, 66, moving, poor), (79, 66, moving, poor)]
    shown += [(77, 66, moving, poor)] * 2 + [(77, 70, set(), good)]
    shown += [(78, 70, moving, poor)] * 3 + [(77, 70, moving, poor)]
    shown += [(75, 71, moving, poor), (73, 71, moving, poor), (74, 70, moving, poor)]
    shown += [(73, 70, moving, poor)] * 3
    assert got[: len(shown)] == shown
    off = (None, None, {Flag.SENSOR_OFF}, Quality.REJECTED)
    out = (None, None, {Flag.SENSOR_DISCONNECTED}, Quality.REJECTED)
    assert (got.count(out), got.count(off)) == (TRACE.count(b" SD"), TRACE.count(b" SO"))
    assert got.count((None, None, search, poor)) == TRACE.count(b"0       0     ---    PS")
    assert got[-2:] == [(96, 63, moving, poor), (96, 63, search, poor)]
    assert not codec.stats.damaged
    assert codec.stats.rejected.total() == 0


def test_a_real_trace_says_who_printed_it() -> None:
    [identity] = [item for item in codec_of().feed(TRACE) if isinstance(item, Identity)]
    assert identity == Identity("Nellcor N-560", firmware="1.56.00")


# ── values ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "spo2", "pulse"),
    [
        (line(), 97, 72),
        (line("100 ", "104 ", "254"), 100, 104),
        (line("7 ", "72 "), 7, 72),
        (line("83*", "55*", "008", "SL PL       AS"), 83, 55),
        (line("97 ", "72 ", month="DEC"), 97, 72),
        (line("--- ", "72 "), None, 72),
        (line("97 ", "--- ", "---"), 97, None),
        (line("0 ", "0 ", "---", "PS"), None, None),
        (line("97 ", "72 ", "12").rstrip() + b"\r\n", 97, 72),
    ],
)
def test_a_line_gives_its_values(data: bytes, spo2: int | None, pulse: int | None) -> None:
    assert [reading.value for reading in said(data).readings] == [spo2, pulse]


def test_values_that_are_held_in_a_search_are_poor() -> None:
    got = said(line("96 ", "63 ", "---", "PS"))
    assert got.flags == {Flag.NO_PULSE}
    assert got.readings == (
        Reading(Vital.SPO2, 96, Quality.POOR, "searching for the pulse"),
        Reading(Vital.PULSE, 63, Quality.POOR, "searching for the pulse"),
    )


@pytest.mark.parametrize(
    ("code", "flags", "quality"),
    [
        ("SD", {Flag.SENSOR_DISCONNECTED}, Quality.REJECTED),
        ("SO", {Flag.SENSOR_OFF}, Quality.REJECTED),
        ("LP", {Flag.NO_PULSE}, Quality.POOR),
        ("PS", {Flag.NO_PULSE}, Quality.POOR),
        ("LM", {Flag.NO_PULSE, Flag.ARTEFACT}, Quality.POOR),
        ("MO", {Flag.ARTEFACT}, Quality.POOR),
        ("LB", {Flag.LOW_BATTERY}, Quality.GOOD),
        *((code, set(), Quality.GOOD) for code in ("AO", "AS", "PH", "PL", "SH", "SL", "ZZ")),
    ],
)
@pytest.mark.parametrize("before", ["", "SL ", "   PL       "])
def test_a_status_code(code: str, flags: set[Flag], quality: Quality, before: str) -> None:
    got = said(line(status=before + code))
    assert got.flags == flags
    assert {reading.quality for reading in got.readings} == {quality}


# ── which lines are believed ────────────────────────────────────────────────────────────


@EVERY
def test_a_first_line_is_believed_behind_its_header_alone(dialect: str) -> None:
    codec = codec_of(dialect)
    assert (codec.feed(line()), codec.stats.frames) == ([], 0)
    codec.opened(5.0)
    assert values(codec.feed(b"".join(HEADERS[dialect]) + line())) == [(97, 72)]
    assert codec.stats.frames == 2


@EVERY
def test_between_two_headers_two_lines_are_enough(dialect: str) -> None:
    assert values(codec_of(dialect).feed(line() + line("96 "))) == [(96, 72)]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b" 97", b"97"),
        (b" 97", b"  97"),
        (b"97  ", b"97 "),
        (b"97", b"9 7"),
        (b"97", b"9-"),
        (b"72", b"072"),
        (b"72", b"7x"),
        (b"12", b""),
        (b"29-Dec", b"29-De"),
        (b"07:18", b"07-18"),
        (b"MO", b"M0"),
    ],
)
def test_a_line_that_is_not_whole_is_damaged_and_costs_no_other(was: bytes, becomes: bytes) -> None:
    good = line(status="MO")
    codec = codec_of()
    codec.feed(good * 3)
    assert values(codec.feed(good.replace(was, becomes, 1) + good)) == [(97, 72)]
    assert codec.stats.damaged == {"bad-frame": 1}


def test_after_two_bad_lines_one_more_is_enough_and_after_three_it_is_not() -> None:
    codec, bad = codec_of(), b"!\r\n"
    codec.feed(line() * 4)
    assert len(values(codec.feed(bad * 2 + line()))) == 1
    codec.feed(line())
    assert values(codec.feed(bad * 3 + line())) == []


def test_what_stands_before_a_line_is_skipped() -> None:
    codec = codec_of()
    assert len(values(codec.feed(line() * 2 + b"\x00\xff9" + line()))) == 2
    assert codec.stats.damaged == {"skipped-byte": 3}


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_what_never_ends_is_forgotten(piece: int) -> None:
    codec, data = codec_of(), line() * 2 + b"x" * 500 + b"\r\n" + b"y" * 5000 + line()
    items = [
        each for at in range(0, len(data), piece) for each in codec.feed(data[at : at + piece])
    ]
    assert len(values(items)) == 2
    # Of the line at the end all but itself is skipped.
    assert codec.stats.damaged == {"skipped-byte": 500 - LONGEST_LINE + 5000, "bad-frame": 1}


# ── output that was stopped ─────────────────────────────────────────────────────────────


def test_it_is_told_to_go_on_when_a_link_opens_and_while_nothing_comes() -> None:
    codec = codec_of()
    assert (codec.data_to_send(), codec.deadline_s) == (XON, 3.0)
    codec.handle_deadline(3.0)
    assert (codec.data_to_send(), codec.deadline_s) == (XON, 6.0)
    codec.feed(line() * 2)
    codec.handle_deadline(5.0)
    assert (codec.data_to_send(), codec.deadline_s) == (b"", 8.0)
    codec.handle_deadline(8.0)
    assert codec.data_to_send() == XON


# ── which dialect it is ─────────────────────────────────────────────────────────────────


@EVERY
def test_its_header_says_which_dialect_it_is(dialect: str) -> None:
    codec = AnyDialect(DRIVER.dialects, {})
    codec.opened(0.0)
    items = codec.feed(HEADERS[dialect][0])
    assert codec.dialect == dialect
    model = {"n595": "N-595", "n560": "N-560", "npb290": "NPB-290"}[dialect]
    assert [item.model for item in items if isinstance(item, Identity)] == [f"Nellcor {model}"]


def test_between_two_headers_it_is_taken_for_the_usual_one_and_says_later_who_it_is() -> None:
    codec = AnyDialect(DRIVER.dialects, {})
    codec.opened(0.0)
    items = codec.feed(line() * 3 + b"".join(HEADERS["n560"]) * 2 + line())
    assert codec.dialect == "n595"
    assert values(items) == [(97, 72)] * 3
    assert [item for item in items if isinstance(item, Identity)] == [
        Identity("Nellcor N-560", firmware="1.56.00")
    ]


def test_another_models_header_makes_nothing_certain() -> None:
    codec = codec_of("n595")
    assert codec.feed(b"".join(HEADERS["n560"]) + line()) == []
    assert codec.stats.frames == 0
    assert codec.stats.damaged == {"other-dialect": 1}
