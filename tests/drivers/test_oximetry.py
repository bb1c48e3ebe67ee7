"""Status bits, and what they make of values."""

import pytest

from drivers.oximetry import Status, StatusBit, StatusTable
from drivers.readings import Flag, Quality

TABLE = StatusTable(
    StatusBit(0x10, Flag.NO_PULSE, Quality.POOR, "no pulse"),
    StatusBit(0x20, Flag.ARTEFACT, Quality.POOR, "artefact"),
    StatusBit(0x0C, Flag.SENSOR_OFF, Quality.REJECTED, "no finger"),
    StatusBit(0x100, Flag.LOW_BATTERY),
)


def status(*flags: Flag, quality: Quality = Quality.GOOD, reason: str | None = None) -> Status:
    return Status(frozenset(flags), quality, reason)


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0x00, status()),
        (0x43, status()),
        (0x100, status(Flag.LOW_BATTERY)),
        (0x10, status(Flag.NO_PULSE, quality=Quality.POOR, reason="no pulse")),
        (0x30, status(Flag.NO_PULSE, Flag.ARTEFACT, quality=Quality.POOR, reason="no pulse")),
        (0x04, status(Flag.SENSOR_OFF, quality=Quality.REJECTED, reason="no finger")),
        (0x08, status(Flag.SENSOR_OFF, quality=Quality.REJECTED, reason="no finger")),
        (
            0x118,
            status(
                *(Flag.SENSOR_OFF, Flag.NO_PULSE, Flag.LOW_BATTERY),
                quality=Quality.REJECTED,
                reason="no finger",
            ),
        ),
    ],
)
def test_bits_raise_their_flags_and_the_worst_one_judges_the_values(
    bits: int, expected: Status
) -> None:
    assert TABLE.judge(bits) == expected
    assert TABLE.judge(bits) == expected


def test_a_table_names_every_flag_it_can_raise() -> None:
    assert TABLE.flags == {Flag.NO_PULSE, Flag.ARTEFACT, Flag.SENSOR_OFF, Flag.LOW_BATTERY}
