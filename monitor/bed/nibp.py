"""A bed's cuff: what was asked of it, what came of that, and when it is wanted again. Pure.

Its failures and its last start follow from the bed's events; a request does not outlive
the process that made it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from alerts.alarm import Alarm, State
from drivers.clock import Instant
from drivers.readings import CuffPhase, LinkState, Measurement, MeasurementFailed, Vital
from monitor.bed.device_status import DeviceStatus
from monitor.session import (
    SESSION_ENDINGS,
    CheckKind,
    CheckState,
    Draft,
    Event,
    PlannedCheck,
    Pressure,
    Refusal,
    Refused,
)

APART_S: Final = 60.0
"""No two measurements start within this of each other, except by hand [clinical.md]."""

FOLLOW_UP_S: Final = 300.0
CLEAR_ENOUGH: Final = 2
"""While a pressure alarm lasts one is taken so often, until so many are clear [clinical.md]."""

PRESSURES: Final = (Vital.SYS, Vital.DIA, Vital.MAP)
"""What a cuff measures."""

ANSWER_S: Final = 200.0
"""A measurement that was asked for and has not been answered by then has failed."""


@dataclass(slots=True)
class NibpScheduler:
    """The cuff that a bed can start, unless a nurse has `stopped` it, for that reason.

    `asked_at` is in monotonic seconds. `failures` counts the measurements that gave nothing
    since the last that gave values; every second one in a row gives up for this time.
    """

    device_status: DeviceStatus
    asked_at: float | None = None
    pending: bool = False
    failures: int = 0
    failure: str | None = None
    failed_at: datetime | None = None
    inhibited: str | None = None

    def evolve(self, event: Event, mono: float) -> None:
        """Take an event of this bed that was decided at `mono`."""
        if event.type == "clock.stepped" and self.failed_at is not None:
            self.failed_at += timedelta(seconds=event.payload["by_s"])
        if event.type in SESSION_ENDINGS:
            self.inhibited = None
        if event.payload.get("device") != self.device_status.spec.id:
            return
        match event.type:
            case "nibp.inhibited":
                self.inhibited = event.payload["reason"]
            case "nibp.enabled":
                self.inhibited = None
            case "pressure.requested":
                self.asked_at = mono
                self.pending = True
            case "pressure.measured":
                self.pending = False
                self.failures = 0
                self.failure = self.failed_at = None
            case "pressure.failed":
                self.pending = False
                if self.inhibited is not None:
                    return
                self.failures += 1
                self.failure = event.payload["reason"]
                self.failed_at = event.at

    @property
    def conditions(self) -> dict[str, str]:
        """The cuff's own trouble: it failed, and again when it was tried once more."""
        return {"cuff-failed": self.failure or "no result"} if self.failures > 1 else {}

    def inhibit(self, by: str, reason: str) -> Draft:
        """A nurse stops it. Raises `Refused` when that was done before."""
        if self.inhibited is not None:
            raise Refused(Refusal.CONFLICT, f"the cuff is stopped already: {self.inhibited}")
        return "nibp.inhibited", {"device": self.device_status.spec.id, "by": by, "reason": reason}

    def enable(self, by: str) -> Draft:
        """It may be started again. Raises `Refused` when it was not stopped."""
        if self.inhibited is None:
            raise Refused(Refusal.CONFLICT, "the cuff is not stopped")
        return "nibp.enabled", {"device": self.device_status.spec.id, "by": by}

    @property
    def is_busy(self) -> bool:
        """Whether a measurement is asked for or under way."""
        state = self.device_status.cuff
        return self.pending or (state is not None and state.phase is CuffPhase.MEASURING)

    def request(self, why: str, by: str | None = None) -> Draft:
        """A measurement is asked for, by a person or by the bed itself."""
        return "pressure.requested", {"device": self.device_status.spec.id, "why": why, "by": by}

    def answer(self, item: Measurement | MeasurementFailed) -> Draft:
        """What the device gave: a systolic and a diastolic that can be used, or a failure."""
        if isinstance(item, MeasurementFailed):
            return self.failed(item.reason, item.code)
        values = {r.vital: r.value for r in item.readings if r.usable}
        if Vital.SYS not in values or Vital.DIA not in values:
            reasons = [r.reason for r in item.readings if r.reason]
            return self.failed(reasons[0] if reasons else "no valid pressure")
        vitals = {vital.value: values.get(vital) for vital in (*PRESSURES, Vital.PULSE)}
        return "pressure.measured", {"device": self.device_status.spec.id, **vitals}

    def failed(self, reason: str, code: int | None = None) -> Draft:
        """A measurement gave nothing."""
        payload = {"device": self.device_status.spec.id, "reason": reason, "code": code}
        return "pressure.failed", payload

    @property
    def overdue_at(self) -> float:
        """When an answer has to have come, in monotonic seconds; inf when none is awaited."""
        if not self.pending or self.asked_at is None:
            return float("inf")
        return self.asked_at + ANSWER_S

    def check_can_start(self) -> None:
        """Raises `Refused` when it cannot be started by hand now."""
        device = self.device_status.spec.id
        if self.inhibited is not None:
            raise Refused(
                Refusal.CONFLICT,
                f"{device} is stopped ({self.inhibited}); allow it, or use your own",
            )
        if self.device_status.link is not LinkState.UP:
            reason = self.device_status.reason or "connecting"
            raise Refused(Refusal.CONFLICT, f"{device} is not connected ({reason})")
        if self.is_busy:
            raise Refused(Refusal.CONFLICT, f"{device} is measuring; wait for its result")

    def wanted(
        self,
        now: Instant,
        *,
        confirm_at: float | None,
        follow_up: bool,
        planned: Iterable[PlannedCheck],
    ) -> str | None:
        """Why a measurement should start now, None when none should.

        `planned` are the session's checks in the order they are due.
        """
        hearing = self.device_status
        if self.inhibited is not None:
            return None
        if hearing.link is not LinkState.UP or not hearing.responding or self.is_busy:
            return None
        asked_at = float("-inf") if self.asked_at is None else self.asked_at
        if now.mono < asked_at + APART_S:
            return None
        if self.failures % 2:
            return "retry"
        if confirm_at is not None:
            return "confirm" if now.mono >= confirm_at else None
        if follow_up and now.mono >= asked_at + FOLLOW_UP_S:
            return "follow-up"
        come = takewhile(lambda check: check.state is not CheckState.UPCOMING, planned)
        return "schedule" if any(map(self._calls, come)) else None

    def next_change(self, now: Instant, confirm_at: float | None) -> float:
        """When time alone may next make a measurement `wanted`, but for what is planned.

        In monotonic seconds, and inf for never.
        """
        turns = [] if confirm_at is None else [confirm_at]
        if self.asked_at is not None:
            turns += [self.asked_at + APART_S, self.asked_at + FOLLOW_UP_S]
        return min((at for at in turns if at > now.mono), default=float("inf"))

    def _calls(self, planned: PlannedCheck) -> bool:
        if planned.check is not CheckKind.PRESSURE or planned.state is CheckState.DONE:
            return False
        return self.failed_at is None or planned.due_at > self.failed_at


def needs_follow_up(alarms: Iterable[Alarm], pressures: Iterable[Pressure]) -> bool:
    """Whether any of these pressure alarms lasts, or has not been clear often enough since."""
    taken = [pressure.at for pressure in pressures]
    return any(
        alarm.state is State.ACTIVE
        or (
            alarm.condition_ended_at is not None
            and sum(at >= alarm.condition_ended_at for at in taken) < CLEAR_ENOUGH
        )
        for alarm in alarms
    )
