"""What a bed's events fold into: the same live as when they are read back. Pure.

Every event changes this state by `evolve` alone, so that a bed rebuilt from its stored
events is the bed that was. Nothing is decided here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.alarm import audio_pause
from drivers.clock import Instant, parse_rfc3339
from drivers.readings import Vital
from drivers.registry import DeviceSpec
from monitor.session import (
    MOVED_IN,
    MOVED_OUT,
    REOPENED,
    Arrival,
    ChartedSignals,
    Event,
    Pressure,
    Session,
    leaves_bed,
)

FAILURES: Final = 2
"""So many measurements in a row that give nothing are a technical condition."""

SAME_PRESSURE: Final = timedelta(seconds=5)
"""Two pressures of one device that were taken within this of each other are one, said twice."""


@dataclass(slots=True)
class NibpState:
    """What was requested of one NIBP device, and what came of it.

    `requested_mono` is when a measurement was last requested, in monotonic seconds. `failures`
    counts those that gave nothing since the last that gave values; `failure` and `failed_at`
    say why and when the last of them did. `inhibited` is why a nurse does not let it start.
    `measured_at` is of when its last pressure is, also of one that was retracted.
    """

    requested_mono: float | None = None
    pending: bool = False
    failures: int = 0
    failure: str | None = None
    failed_at: datetime | None = None
    inhibited: str | None = None
    measured_at: datetime | None = None

    def evolve(self, event: Event, mono: float) -> None:
        """Take an event about this device that was decided at `mono`."""
        match event.type:
            case "nibp.inhibited":
                self.inhibited = event.payload["reason"]
            case "nibp.enabled":
                self.inhibited = None
            case "pressure.requested":
                self.requested_mono = mono
                self.pending = True
            case "pressure.measured":
                self.pending = False
                self.failures = 0
                self.failure = self.failed_at = None
                at = event.payload.get("at")
                self.measured_at = event.at if at is None else parse_rfc3339(at)
            case "pressure.failed":
                self.pending = False
                if self.inhibited is None:
                    self.failures += 1
                    self.failure = event.payload["reason"]
                    self.failed_at = event.at

    def is_known(self, at: datetime) -> bool:
        """Whether what it measured at `at`, or later than that, is on record."""
        return self.measured_at is not None and at <= self.measured_at + SAME_PRESSURE

    @property
    def conditions(self) -> dict[str, str]:
        """The device's own technical condition, with its reason, after repeated failures."""
        return {"cuff-failed": self.failure or "no result"} if self.failures >= FAILURES else {}


class BedState:
    """The state of one bed.

    `session` is the last one, `open_session` the same while it is open; there is none after it was
    moved to another bed, at `vacated_at`. `arriving` is the session that is moved here, as it was
    at the bed before. `announced` says of
    each device whether it was last announced as connected, `nibp` holds the NIBP devices, those
    that can be started before the others; the bed starts the first. `charted` is what the session's
    record says to the rules.
    """

    def __init__(self, devices: Iterable[DeviceSpec]) -> None:
        specs = [*devices]
        self.session: Session | None = None
        self.open_session: Session | None = None
        self.arriving: Arrival | None = None
        self.vacated_at: datetime | None = None
        self.audio_pause: audio_pause.AudioPause | None = None
        self.announced = {spec.id: False for spec in specs}
        nibp = [spec for spec in specs if spec.kind.gives_pressure]
        nibp.sort(key=lambda spec: not spec.kind.can_measure)
        self.nibp = {spec.id: NibpState() for spec in nibp}
        self.charted = ChartedSignals()
        self._inhibited_before: dict[str, str | None] = {}

    def evolve(self, event: Event, mono: float) -> None:
        """Take an event of this bed that was decided at `mono`, in monotonic seconds."""
        self.audio_pause = audio_pause.evolve(
            self.audio_pause, event.type, event.payload, event.at, mono
        )
        if event.type == "session.started":
            self.session = Session.begin(event)
            self.charted = ChartedSignals()
        elif event.type == MOVED_IN:
            self.session = self._arrived(event)
            self.charted = ChartedSignals()
        elif event.type in ("device.connected", "device.disconnected"):
            self.announced[event.payload["device"]] = event.type == "device.connected"
        elif self.session is not None and event.session == self.session.id:
            self.session = self.session.evolve(event)
        session = self.session
        self.open_session = session if session is not None and session.is_open else None
        if leaves_bed(event.type, event.payload):
            self._end_session(event)
        elif event.type == REOPENED and event.payload["was_ended"]:
            self._reopen_session()
        elif event.type == "clock.stepped":
            self._shift_clock(timedelta(seconds=event.payload["by_s"]))
        elif (nibp := self.nibp.get(event.payload.get("device", ""))) is not None:
            nibp.evolve(event, mono)

    def _arrived(self, event: Event) -> Session | None:
        """The session with which `event` begins; None where it is not what is awaited."""
        arrival = self.arriving
        if arrival is None or not arrival.is_of(event):
            return None
        self.arriving = None
        return arrival.session.evolve(event)

    def _end_session(self, event: Event) -> None:
        if event.type == MOVED_OUT:
            self.session = self.open_session = None
            self.vacated_at = event.at
            self.drop_requests()
        self.charted = ChartedSignals()
        self._inhibited_before = {id_: nibp.inhibited for id_, nibp in self.nibp.items()}
        for nibp in self.nibp.values():
            nibp.inhibited = None

    def _reopen_session(self) -> None:
        for id_, reason in self._inhibited_before.items():
            self.nibp[id_].inhibited = self.nibp[id_].inhibited or reason

    def _shift_clock(self, by: timedelta) -> None:
        if self.vacated_at is not None:
            self.vacated_at += by
        for nibp in self.nibp.values():
            if nibp.failed_at is not None:
                nibp.failed_at += by
            if nibp.measured_at is not None:
                nibp.measured_at += by

    def drop_requests(self) -> None:
        """Forget the measurements under way: a request does not outlive its process."""
        for nibp in self.nibp.values():
            nibp.pending = False

    def update_charted(self, now: Instant) -> set[str]:
        """Take the open session's record as it stands; the signals that changed."""
        return set() if self.open_session is None else self.charted.update(self.open_session, now)

    @property
    def session_id(self) -> str | None:
        """The open session's id."""
        return None if self.open_session is None else self.open_session.id

    @property
    def patient_since(self) -> datetime | None:
        """What was measured before is another patient's; None while there was no session."""
        session = self.session
        if session is None:
            return self.vacated_at
        return session.here_since if session.is_open else session.ended_at

    @property
    def pressures(self) -> Sequence[Pressure]:
        """The pressures that stand in the open session, of those put on record at this bed."""
        return () if self.open_session is None else self.open_session.pressures_here

    @property
    def continuous(self) -> Iterable[Vital]:
        """The vitals that the devices should stream now."""
        return () if self.open_session is None else self.open_session.regimen.continuous

    @property
    def inhibited(self) -> str | None:
        """Why the NIBP device that the bed starts must not be started; None when it may."""
        return next((nibp.inhibited for nibp in self.nibp.values()), None)

    def minutes(self, now: Instant) -> float | None:
        """Minutes since the open session's first dose; None before it."""
        first = self.open_session.first_dose_at if self.open_session is not None else None
        return None if first is None else (now.wall - first) / timedelta(minutes=1)

    def minutes_since_last(self, now: Instant) -> float | None:
        """Minutes since the open session's last dose; None before it, or in an infusion."""
        last = self.open_session.last_dose_at if self.open_session is not None else None
        return None if last is None else (now.wall - last) / timedelta(minutes=1)
