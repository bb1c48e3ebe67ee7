"""What pulse oximeters have in common: status bits that raise flags and spoil values.

Which flag for what:

| the device says | flag |
| --- | --- |
| no finger, or a "probe error" that a finger out is said as too | sensor-off |
| the sensor is unplugged, as distinct from empty | sensor-disconnected |
| no signal, no pulse, still searching for one | no-pulse |
| movement, interference, light, a signal too poor to trust its numbers | artefact |
| a weak pulse | low-perfusion |
| its battery runs out | low-battery |
| it is broken itself; its sensor or cable is, or is of the wrong kind | device-fault |

While the sensor is off, disconnected or broken the values are rejected; otherwise a spoilt value is
poor.
No bytes and no protocol here.
"""

from dataclasses import dataclass
from typing import Final

from drivers.readings import Flag, Quality


@dataclass(frozen=True, slots=True)
class StatusBit:
    """What the bits of `mask` mean when any is set: a flag, and how far values may be trusted.

    `reason` says why they may not, None where they may.
    """

    mask: int
    flag: Flag
    quality: Quality = Quality.GOOD
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What a device says of itself at one time, and what its values are worth then."""

    flags: frozenset[Flag]
    quality: Quality
    reason: str | None


_WORST_FIRST: Final = (Quality.REJECTED, Quality.POOR, Quality.GOOD)


class StatusTable:
    """The status bits of one dialect; of two rows that are equally bad the upper gives the reason.

    `flags` are all that it can raise. A device's own conclusions (a pulse's colour, a byte
    elsewhere) may be rows too, on bits that its status does not use.
    """

    def __init__(self, *rows: StatusBit) -> None:
        self.flags = frozenset(row.flag for row in rows)
        self._rows = rows
        self._mask = 0
        for row in rows:
            self._mask |= row.mask
        self._known: dict[int, Status] = {}

    def judge(self, bits: int) -> Status:
        """What `bits` say; those that no row knows mean nothing."""
        bits &= self._mask
        status = self._known.get(bits)
        if status is None:
            status = self._known[bits] = self._judged(bits)
        return status

    def _judged(self, bits: int) -> Status:
        rows = [row for row in self._rows if row.mask & bits]
        flags = frozenset(row.flag for row in rows)
        for quality in _WORST_FIRST:
            for row in rows:
                if row.quality is quality:
                    return Status(flags, quality, row.reason)
        return Status(flags, Quality.GOOD, None)
