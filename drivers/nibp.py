"""What codecs of blood pressure modules share: why a measurement gave nothing, and its pressures.

No bytes and no protocol here.
"""

from collections.abc import Iterable
from typing import Final

from drivers.codec import Codec
from drivers.readings import Flag, MeasurementFailed, Reading, Vital


def failed(reason: str, code: int | None = None) -> MeasurementFailed:
    """A measurement that gave nothing, because of `reason`; `code` is the device's own."""
    return MeasurementFailed(Flag.MEASUREMENT_FAILED, reason, code)


LINK_LOST: Final = failed("the link was lost during the measurement")


class NibpCodec(Codec):
    """A codec whose device measures blood pressures."""

    def _upside_down(
        self, pressures: Iterable[tuple[Vital, float | None]]
    ) -> tuple[Reading, ...] | None:
        """The pressures, rejected, where the diastolic is above the systolic; None elsewhere."""
        values = {vital: value for vital, value in pressures if value is not None}
        if values.get(Vital.DIA, 0) <= values.get(Vital.SYS, float("inf")):
            return None
        return tuple(
            self._rejected(vital, value, "upside-down", "diastolic above systolic")
            for vital, value in values.items()
        )
