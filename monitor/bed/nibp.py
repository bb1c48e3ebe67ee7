"""When the NIBP devices of a bed measure: what may be requested, and what came of it. Pure.

Everything is decided from the devices' folded state (`monitor.bed.state`) and their status;
a decision is a draft that changes nothing until it is an event.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import takewhile
from typing import Final, TypeGuard

from alerts.alarm import Alarm, State
from alerts.evaluation import AlarmEngine
from alerts.rules import Priority, RuleSet, signals_in
from drivers.clock import Instant, rfc3339
from drivers.readings import CuffPhase, LinkState, Measurement, MeasurementFailed, Vital
from monitor.bed.device_status import DeviceStatus
from monitor.bed.state import NibpState
from monitor.session import (
    CheckKind,
    CheckState,
    Draft,
    PlannedCheck,
    Pressure,
    Refusal,
    Refused,
    Session,
)

APART_S: Final = 60.0
"""No two measurements start within this of each other, except by hand [clinical.md]."""

RHYTHM: Final = timedelta(minutes=5)
LOW_RHYTHM: Final = timedelta(minutes=15)
CLEAR_ENOUGH: Final = 2
"""While a pressure alarm lasts one is taken so often, the other under low ones alone, until so
many are clear [clinical.md]."""

_OPEN: Final = frozenset({CheckState.DUE, CheckState.OVERDUE})

PRESSURES: Final = (Vital.SYS, Vital.DIA, Vital.MAP)
"""What a cuff measures."""

ANSWER_S: Final = 200.0
"""A measurement that was requested and has given nothing by then has failed."""

NEVER: Final = float("inf")


class NibpDevice:
    """One NIBP device: its status and what its requests came to, and what follows from both."""

    def __init__(self, status: DeviceStatus, state: NibpState) -> None:
        self.id = status.spec.id
        self.status = status
        self.state = state

    # ── what may be requested, and what came of it ──────────────────────────────────────

    def inhibit(self, by: str, reason: str) -> Draft:
        """A nurse forbids its start. Raises `Refused` when that was done before."""
        if self.state.inhibited is not None:
            raise Refused(Refusal.CONFLICT, f"the cuff is stopped already: {self.state.inhibited}")
        return "nibp.inhibited", {"device": self.id, "by": by, "reason": reason}

    def enable(self, by: str) -> Draft:
        """It may be started again. Raises `Refused` when it was not inhibited."""
        if self.state.inhibited is None:
            raise Refused(Refusal.CONFLICT, "the cuff is not stopped")
        return "nibp.enabled", {"device": self.id, "by": by}

    def request(self, why: str, by: str | None = None) -> Draft:
        """A measurement is requested, by a person or by the bed itself."""
        return "pressure.requested", {"device": self.id, "why": why, "by": by}

    def request_by_hand(self, by: str) -> Draft:
        """A person requests a measurement. Raises `Refused` when none can start now."""
        if self.state.inhibited is not None:
            raise Refused(
                Refusal.CONFLICT,
                f"{self.id} is stopped ({self.state.inhibited}); allow it, or use your own",
            )
        if self.status.link is not LinkState.UP:
            reason = self.status.why or "connecting"
            raise Refused(Refusal.CONFLICT, f"{self.id} is not connected ({reason})")
        if self.is_busy:
            raise Refused(Refusal.CONFLICT, f"{self.id} is measuring; wait for its result")
        return self.request("by-hand", by)

    def result(self, item: Measurement | MeasurementFailed, at: Instant | None = None) -> Draft:
        """What it reported: a systolic and a diastolic that can be used, or a failure.

        `at` is when it was measured, where the device says so itself.
        """
        if isinstance(item, MeasurementFailed):
            return self.failed(item.reason, item.code)
        values = {r.vital: r.value for r in item.readings if r.usable}
        if Vital.SYS not in values or Vital.DIA not in values:
            reasons = [r.reason for r in item.readings if r.reason]
            return self.failed(reasons[0] if reasons else "no valid pressure")
        vitals = {vital.value: values.get(vital) for vital in (*PRESSURES, Vital.PULSE)}
        own = {} if at is None else {"at": rfc3339(at.wall)}
        return "pressure.measured", {"device": self.id, **vitals, **own}

    def failed(self, reason: str, code: int | None = None) -> Draft:
        """A measurement gave nothing; `code` is the device's own error code."""
        return "pressure.failed", {"device": self.id, "reason": reason, "code": code}

    # ── when it measures ────────────────────────────────────────────────────────────────

    @property
    def is_busy(self) -> bool:
        """Whether a measurement is requested or under way."""
        cuff = self.status.cuff
        return self.state.pending or (cuff is not None and cuff.phase is CuffPhase.MEASURING)

    @property
    def is_ready(self) -> bool:
        """Whether a measurement can start."""
        is_there = self.status.link is LinkState.UP and self.status.responding
        return is_there and self.state.inhibited is None and not self.is_busy

    @property
    def overdue_at(self) -> float:
        """When a result has to have come, in monotonic seconds; inf when none is awaited."""
        if not self.state.pending or self.state.requested_mono is None:
            return NEVER
        return self.state.requested_mono + ANSWER_S

    def wanted(
        self,
        now: Instant,
        *,
        confirm_at: float | None,
        follow_up_s: float,
        planned: Iterable[PlannedCheck],
    ) -> str | None:
        """Why a measurement should start now, None when none should.

        `confirm_at` is when a measurement should confirm another, `follow_up_s` how long after
        the last one another follows, inf for never, `planned` are the session's checks in the
        order they are due. Every second failure in a row gives up for this time.
        """
        state = self.state
        if not self.is_ready:
            return None
        requested = float("-inf") if state.requested_mono is None else state.requested_mono
        if now.mono < requested + APART_S:
            return None
        if state.failures % 2:
            return "retry"
        if confirm_at is not None:
            return "confirm" if now.mono >= confirm_at else None
        if now.mono >= requested + follow_up_s:
            return "follow-up"
        due = takewhile(lambda check: check.state is not CheckState.UPCOMING, planned)
        return "schedule" if any(map(self._requires, due)) else None

    def _requires(self, planned: PlannedCheck) -> bool:
        """Whether that check, which is due, calls for a measurement."""
        if planned.check is not CheckKind.PRESSURE or planned.state not in _OPEN:
            return False
        return self.state.failed_at is None or planned.due_at > self.state.failed_at

    def next_change(self, now: Instant, confirm_at: float | None, follow_up_s: float) -> float:
        """When time alone may next make a measurement `wanted`, but for what is planned.

        In monotonic seconds, and inf for never.
        """
        return _next_change(now, confirm_at, follow_up_s, self.state.requested_mono)


class NibpScheduler:
    """The NIBP devices of one bed, the first of which the bed starts where it can be started.

    `next_plan` is when it has to be planned again although nothing was decided, in monotonic
    seconds.
    """

    def __init__(
        self,
        devices: Mapping[str, DeviceStatus],
        states: Mapping[str, NibpState],
        rules: RuleSet,
    ) -> None:
        self.devices = {id_: NibpDevice(devices[id_], state) for id_, state in states.items()}
        self.next_plan = float("-inf")
        self._pressure_rules = pressure_rules(rules)

    @property
    def _started(self) -> NibpDevice | None:
        first = next(iter(self.devices.values()), None)
        return first if first is not None and first.status.spec.kind.can_measure else None

    def primary(self, bed: str) -> NibpDevice:
        """The device that the bed starts. Raises `Refused` when it has none."""
        if (device := self._started) is not None:
            return device
        by = next((f"press start on {id_}" for id_ in self.devices), "measure by hand")
        raise Refused(Refusal.CONFLICT, f"{bed} has no cuff that can be started; {by}")

    def plan(
        self, session: Session, engine: AlarmEngine, planned: Iterable[PlannedCheck], now: Instant
    ) -> Draft | None:
        """The request for a measurement that should start now; None when none should.

        `planned` are the session's checks in the order they are due.
        """
        device = self._started
        if device is None:
            self.next_plan = NEVER
            return None
        alarms = [
            alarm
            for alarm in engine.alarms.values()
            if alarm.rule in self._pressure_rules and alarm.session == session.id
        ]
        confirm_at = engine.confirm_at
        follow_up_s = _follow_up_s(session, alarms)
        why = device.wanted(now, confirm_at=confirm_at, follow_up_s=follow_up_s, planned=planned)
        if why is None:
            self.next_plan = device.next_change(now, confirm_at, follow_up_s)
            return None
        self.next_plan = _next_change(now, confirm_at, follow_up_s, requested_mono=now.mono)
        return device.request(why)

    def request_on_arrival(self) -> Draft | None:
        """The request for a measurement of who was just moved here; None where none can start."""
        device = self._started
        return None if device is None or not device.is_ready else device.request("moved")

    def unanswered(self, now: Instant) -> Iterator[Draft]:
        """The failure of each measurement that has given nothing in time."""
        for device in self.devices.values():
            if now.mono > device.overdue_at:
                yield device.failed(f"no answer for {ANSWER_S:.0f} s")

    @property
    def overdue_at(self) -> float:
        """When the first result that is awaited has to have come; inf when none is."""
        return min((device.overdue_at for device in self.devices.values()), default=NEVER)


def is_nibp_result(item: object) -> TypeGuard[Measurement | MeasurementFailed]:
    """Whether `item` is what came of a cuff's measurement; a monitor reports more than that."""
    if isinstance(item, Measurement):
        return item.has_pressure
    return isinstance(item, MeasurementFailed)


def pressure_rules(rules: RuleSet) -> frozenset[str]:
    """The rules, by id, that look at what a cuff measures."""
    return frozenset(
        rule.id for rule in rules.rules if not {*signals_in(rule.condition)}.isdisjoint(PRESSURES)
    )


def _next_change(
    now: Instant, confirm_at: float | None, follow_up_s: float, requested_mono: float | None
) -> float:
    turns = [] if confirm_at is None else [confirm_at]
    if requested_mono is not None:
        turns += [requested_mono + APART_S, requested_mono + follow_up_s]
    return min((at for at in turns if at > now.mono), default=NEVER)


def rhythm(priorities: Iterable[Priority]) -> timedelta | None:
    """How often a pressure is taken because of alarms on it; None without one."""
    worst = max(priorities, default=None)
    if worst is None:
        return None
    return LOW_RHYTHM if worst is Priority.LOW else RHYTHM


def _follow_up_s(session: Session, alarms: Iterable[Alarm]) -> float:
    """How long after a pressure another follows because of these alarms on it; inf for never.

    In sessions of an edition before 3 it is as long under every alarm.
    """
    followed = [alarm.priority for alarm in alarms if _is_followed(alarm, session.pressures)]
    every = rhythm(followed if session.regimen.edition >= 3 else [Priority.HIGH for _ in followed])
    return NEVER if every is None else every.total_seconds()


def _is_followed(alarm: Alarm, pressures: Iterable[Pressure]) -> bool:
    """Whether this pressure alarm lasts, or has not been clear often enough since."""
    over_at = alarm.condition_ended_at
    return alarm.state is State.ACTIVE or (
        over_at is not None and sum(each.at >= over_at for each in pressures) < CLEAR_ENOUGH
    )
