"""A bed with what the ward knows of it, and what is asked of one.

A bed itself is declared in `monitor.bed.bed_view`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.alarms import Alarm
from api.schemas.fields import By, FreeText, described
from api.schemas.model import Request, Response
from api.schemas.patients import SessionSummary
from monitor.bed import bed_view
from monitor.session.shown import Json, documented, sent_as


@dataclass(frozen=True, slots=True)
class Bed(bed_view.Bed):
    """Everything about a bed now."""

    name: Annotated[
        str | None, documented("What people call it, as the configuration says.", "Room 3")
    ]
    alarms: Annotated[
        Sequence[Json], sent_as(list[Alarm]), documented("Its open alarms, most urgent first.")
    ]
    alarms_120min: Annotated[int, documented("How many alarms there were in the last 120 min.", 3)]
    failing: Annotated[
        str | None,
        documented("Said while the bed's own software is restarting.", "restarting after a fault"),
    ]
    history: Annotated[
        Sequence[Json] | None,
        sent_as(list[SessionSummary] | None),
        documented("The patient's last sessions, while this one waits for its first dose."),
    ]


class DeviceLink(Response):
    """The link to a device, and what has come over it since the daemon was started."""

    id: str = described("Its id at the bed.", "oximeter")
    link: str = described("The link to it: connecting, up or down.", "up")
    detail: str | None = described(
        "Why the link is not up.", "/dev/ttyUSB0: no such port; plugged in?"
    )
    url: str = described("Where it is connected.", "/dev/serial/by-id/usb-Nonin_oximeter-if00")
    frames: int = described("Good frames.", 5400)
    damaged: dict[str, int] = described("What was lost, by its reason.", {"checksum": 2})
    rejected: dict[str, int] = described("Values that were refused, by their reason.", {"spo2": 1})
    bytes_in: int = described("Bytes received.", 27000)
    bytes_out: int = described("Bytes sent.", 12)
    reconnects: int = described("How often it was opened again.", 1)
    last_item_at: str | None = described("When it last gave something.", "2026-01-05T09:40:00.000Z")
    last_bytes: str = described(
        "The last bytes received, up to 64, in hexadecimal digits.", "01 7f 61 48"
    )
    capture_lost: int | None = described(
        "Records that its capture has lost; null where it is not captured.", 0
    )


class MeasurementAccepted(Response):
    """The cuff was asked to measure; the pressure comes on the stream."""

    bed: str = described("The bed.", "bed-1")
    requested: bool = described("Always true.", True, default=True)


class MeasurePressure(Request):
    """Start the cuff now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a"}]})

    by: By


class ControlCuff(Request):
    """Stop the cuff, with a reason, or allow it again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "stop", "reason": "line in that arm", "by": "nurse.a"},
                {"action": "allow", "by": "nurse.a"},
            ]
        }
    )

    action: Literal["stop", "allow"] = described("What to do with it.", "stop")
    reason: FreeText | None = described("Why; needed to stop it.", "line in that arm", default=None)
    by: By


class PauseAudio(Request):
    """Pause a bed's sound for a while, at most 120 s."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a", "for_s": 60}]})

    by: By
    for_s: Annotated[int, Field(strict=True, ge=1, le=120)] = described(
        "For how long, in seconds.", 60, default=120
    )
