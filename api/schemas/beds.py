"""Beds: their devices, vitals and cuff, and what is asked of them."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.alarms import Alarm
from api.schemas.fields import By, FreeText, described
from api.schemas.model import Request, Response
from api.schemas.patients import SessionSummary
from api.schemas.sessions import Session


class LatestVital(Response):
    """A vital now."""

    value: float | None = described(
        "The last value, in `unit`; null while the device gives none.", 97
    )
    unit: str = described("Its unit (UCUM).", "%")
    at: str | None = described("When the last value was taken.", "2026-01-05T09:40:00.000Z")
    age_s: float | None = described("How old the last value is, in seconds.", 0.4)
    quality: Literal["good", "poor", "rejected"] = described(
        "What the device thinks of it.", "good"
    )
    stale: bool = described("Whether nobody renews it: then it is not to be shown as live.", False)
    reason: str | None = described("Why there is no value.", "finger out of the sensor")
    missing_since: str | None = described(
        "Since when there has been no value.", "2026-01-05T09:39:57.000Z"
    )
    device: str = described("The device that gives it.", "oximeter")


class Device(Response):
    """A device at a bed and the link to it."""

    id: str = described("Its id at the bed.", "oximeter")
    driver: str = described("The driver that reads it.", "nonin")
    title: str = described("What it is.", "Nonin pulse oximeter")
    url: str = described("Where it is connected.", "/dev/serial/by-id/usb-Nonin_oximeter-if00")
    link: Literal["connecting", "up", "down"] = described("The link to it.", "up")
    silent: bool = described("Whether nothing comes although the link is there.", False)
    reason: str | None = described("Why the link is not up.", "no such port; is it plugged in?")
    model: str | None = described("What it says it is.", "Advantage A")
    can_measure: bool = described("Whether it measures when asked, as a cuff does.", False)


class Cuff(Response):
    """What the cuff is doing."""

    phase: Literal["idle", "measuring"] = described("Whether it measures.", "measuring")
    pressure_mmhg: int | None = described("The pressure in it, in mmHg.", 142)


class AudioState(Response):
    """Whether the bed's sound is paused."""

    paused_until: str | None = described(
        "Until when it is paused; null when it sounds.", "2026-01-05T09:42:00.000Z"
    )
    by: str | None = described("Who paused it; null when it sounds.", "nurse.a")


class Bed(Response):
    """Everything about a bed now."""

    id: str = described("Its id in the configuration.", "bed-1")
    simulated: bool = described("Whether its time is simulated.", False)
    devices: list[Device] = described("Its devices, in the order of the configuration.")
    vitals: dict[str, LatestVital] = described("Every vital its devices can give, by name.")
    cuff: Cuff | None = described("Its cuff; null without one.")
    session: Session | None = described("Its session, open or last; null before its first.")
    alarms: list[Alarm] = described("Its open alarms, most urgent first.")
    audio: AudioState = described("Whether its sound is paused.")
    alarms_120min: int = described("How many alarms there were in the last 120 min.", 3)
    failing: str | None = described(
        "Said while the bed's own software is restarting.", "restarting after a fault"
    )
    history: list[SessionSummary] | None = described(
        "The patient's last sessions, while this one waits for its first dose."
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
