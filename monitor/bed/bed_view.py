"""A bed as interfaces show it: each field once, with what the documentation says of it. Pure.

The API declares these classes as they stand. A field that is added here is built in
`monitor.bed.view`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from drivers.readings import CuffPhase, LinkState, Quality
from monitor.bed.session_view import Session
from monitor.session.shown import Json, Shown, Time, documented, one_of, sent_as


@dataclass(frozen=True, slots=True)
class LatestVital(Shown):
    """A vital now."""

    value: Annotated[
        float | None, documented("The last value, in `unit`; null while the device gives none.", 97)
    ]
    unit: Annotated[str, documented("Its unit (UCUM).", "%")]
    at: Annotated[
        Time | None, documented("When the last value was taken.", "2026-01-05T09:40:00.000Z")
    ]
    age_s: Annotated[float | None, documented("How old the last value is, in seconds.", 0.4)]
    quality: Annotated[
        Quality, one_of(Quality), documented("What the device thinks of it.", "good")
    ]
    stale: Annotated[
        bool, documented("Whether nobody renews it: then it is not to be shown as live.", False)
    ]
    reason: Annotated[str | None, documented("Why there is no value.", "finger out of the sensor")]
    missing_since: Annotated[
        Time | None, documented("Since when there has been no value.", "2026-01-05T09:39:57.000Z")
    ]
    device: Annotated[str, documented("The device that gives it.", "oximeter")]


@dataclass(frozen=True, slots=True)
class Device(Shown):
    """A device at a bed and the link to it."""

    id: Annotated[str, documented("Its id at the bed.", "oximeter")]
    driver: Annotated[str, documented("The driver that reads it.", "nonin")]
    title: Annotated[str, documented("What it is.", "Nonin pulse oximeter")]
    url: Annotated[
        str, documented("Where it is connected.", "/dev/serial/by-id/usb-Nonin_oximeter-if00")
    ]
    link: Annotated[LinkState, one_of(LinkState), documented("The link to it.", "up")]
    silent: Annotated[bool, documented("Whether nothing comes although the link is there.", False)]
    reason: Annotated[
        str | None, documented("Why the link is not up.", "not found; is it on, and its cable in?")
    ]
    technical_detail: Annotated[
        str | None,
        documented(
            "The same for who looks after the devices.", "/dev/ttyUSB0: no such port; plugged in?"
        ),
    ]
    model: Annotated[str | None, documented("What it says it is.", "Advantage A")]
    can_measure: Annotated[
        bool, documented("Whether it measures when asked, as a cuff does.", False)
    ]
    gives_pressure: Annotated[
        bool,
        documented(
            "Whether it measures blood pressures; where it cannot be asked to, a person presses "
            "start on it.",
            False,
        ),
    ]
    messages: Annotated[
        Sequence[str],
        documented("The alarm texts that it shows itself, in its own language.", ["HR LOW"]),
    ]


@dataclass(frozen=True, slots=True)
class Cuff(Shown):
    """What the cuff is doing."""

    phase: Annotated[CuffPhase, one_of(CuffPhase), documented("Whether it measures.", "measuring")]
    pressure_mmhg: Annotated[int | None, documented("The pressure in it, in mmHg.", 142)]
    inhibited: Annotated[
        str | None,
        documented("Why it is not to be started; null when it may be.", "a line in that arm"),
    ]


@dataclass(frozen=True, slots=True)
class AudioState(Shown):
    """Whether the bed's sound is paused."""

    paused_until: Annotated[
        Time | None,
        documented("Until when it is paused; null when it sounds.", "2026-01-05T09:42:00.000Z"),
    ]
    by: Annotated[str | None, documented("Who paused it; null when it sounds.", "nurse.a")]


@dataclass(frozen=True, slots=True)
class Bed(Shown):
    """Everything about a bed now."""

    id: Annotated[str, documented("Its id in the configuration.", "bed-1")]
    simulated: Annotated[bool, documented("Whether its time is simulated.", False)]
    devices: Annotated[
        Sequence[Device], documented("Its devices, in the order of the configuration.")
    ]
    vitals: Annotated[
        Mapping[str, Json],
        sent_as(dict[str, LatestVital]),
        documented("Every vital its devices can give, by name."),
    ]
    cuff: Annotated[Cuff | None, documented("Its cuff; null without one.")]
    session: Annotated[
        Session | None, documented("Its session, open or last; null before its first.")
    ]
    alarms: Annotated[Sequence[Json], documented("Its open alarms, most urgent first.")]
    audio: Annotated[AudioState, documented("Whether its sound is paused.")]
