"""The technical conditions of a bed: of its devices, of the bed itself, and of the site. Pure.

A technical condition is a fault that keeps the bed from being watched, not one of the patient
(IEC 60601-1-8). Which alarm it raises is a rule's matter.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from alerts.evaluation import ConditionAt, Signal
from alerts.rules import BED_CONDITIONS, CHECK_CONDITIONS, OXIMETERS_DIFFER, SITE_CONDITIONS
from drivers.clock import NEVER, Instant
from drivers.registry import DeviceSpec
from monitor.bed.device_status import DeviceStatus, conditions_of
from monitor.bed.state import BedState
from monitor.bed.vitals import Vitals
from monitor.session import CheckKind, Draft, alarm_path, infusion_delays

UPDATE_S: Final = 10.0
"""How often all conditions are updated although nothing is known to have changed."""

_NONE: Final[frozenset[str]] = frozenset()


def possible_conditions(devices: Iterable[DeviceSpec]) -> dict[str | None, Iterable[str]]:
    """Every condition that each device can have, each kind of check, and under None the bed."""
    possible: dict[str | None, Iterable[str]] = {None: SITE_CONDITIONS | BED_CONDITIONS}
    possible |= {kind.value: CHECK_CONDITIONS for kind in CheckKind}
    return possible | {spec.id: conditions_of(spec) for spec in devices}


class TechnicalConditions:
    """The technical conditions of one bed, and the status of its devices.

    `present` gives the reason for each condition that is there; `unknown` are those that
    cannot be determined, because the device that would report them does not respond. Both
    are by name and source: a device, a kind of check, or None for the bed and the site.
    `next_update` is when `update_bed` and each `update_device` are due although nothing is
    known to have changed, in monotonic seconds; `session_due_at` when `update_bed` is due
    because of an infusion, or of a test alarm, by the wall clock.
    """

    def __init__(
        self,
        devices: Iterable[DeviceSpec],
        state: BedState,
        vitals: Vitals,
        min_silence_s: float = 0.0,
    ) -> None:
        self.devices = {spec.id: DeviceStatus(spec, min_silence_s) for spec in devices}
        self.present: Mapping[ConditionAt, str] = {}
        self.unknown: frozenset[ConditionAt] = frozenset()
        self.next_update = float("-inf")
        self.session_due_at = NEVER
        self._state = state
        self._vitals = vitals
        self._site: dict[str, str] = {}
        self._by_source: dict[str | None, tuple[Mapping[str, str], frozenset[str]]] = {}

    def set_site_condition(self, name: str, reason: str | None) -> None:
        """A condition of the daemon began, with its reason, or ended with None."""
        if reason is None:
            self._site.pop(name, None)
        else:
            self._site[name] = reason

    def update_bed(self, now: Instant) -> set[Signal]:
        """Determine the conditions of the bed and the site; those that changed."""
        found = dict(self._site)
        if missing := self._vitals.not_provided(self._state.continuous):
            found["signal-missing"] = "no device here gives " + ", ".join(missing)
        session = self._state.open_session
        if session is not None and session.nurse is None:
            found["nobody-watching"] = "no nurse has taken over"
        if session is not None and session.alarm_path.is_testing(now.wall):
            found[alarm_path.CONDITION] = "a test of the alarm path"
        if (difference := self._vitals.spo2_difference) is not None:
            found[OXIMETERS_DIFFER] = difference
        if self._state.inhibited is not None:
            found["nibp-inhibited"] = self._state.inhibited
        delays = [*infusion_delays(session, now.wall)]
        found |= {delay.condition: delay.reason for delay in delays if delay.from_at <= now.wall}
        to_come = [delay.from_at for delay in delays if delay.from_at > now.wall]
        if session is not None and (ends_at := alarm_path.ends_at(session.alarm_path)) is not None:
            to_come.append(ends_at)
        self.session_due_at = min(to_come, default=NEVER)
        return self._update(None, found, self._unknown_of_bed())

    def _unknown_of_bed(self) -> frozenset[str]:
        """Whether two oximeters differ is not known while one of them does not respond."""
        oximeters = self._vitals.oximeters
        is_known = len(oximeters) < 2 or all(self.devices[id_].responding for id_ in oximeters)
        return _NONE if is_known else frozenset({OXIMETERS_DIFFER})

    def update_difference(self, now: Instant) -> set[Signal]:
        """Take whether the oximeters differ now; the conditions that changed."""
        before, _ = self._by_source.get(None, ({}, _NONE))
        is_same = before.get(OXIMETERS_DIFFER) == self._vitals.spo2_difference
        return set() if is_same else self.update_bed(now)

    def update_checks(self, overdue: Mapping[CheckKind, str]) -> set[Signal]:
        """Take the checks that are overdue, in words; the conditions that changed."""
        changed: set[Signal] = set()
        for kind in CheckKind:
            found = {"check-overdue": overdue[kind]} if kind in overdue else {}
            changed |= self._update(kind.value, found)
        return changed

    def update_device(self, id_: str, now: Instant) -> tuple[Draft | None, set[Signal]]:
        """Determine the conditions of a device; those that changed.

        The draft announces that the device is connected now, or no longer.
        """
        device = self.devices[id_]
        missing = self._vitals.missing(id_, self._state.continuous, now)
        device.missing_signals = bool(missing)
        found = device.conditions(missing, now)
        unreachable = found.get("link-lost") or found.get("device-silent")
        if unreachable is None and id_ in self._state.nibp:
            found |= self._state.nibp[id_].conditions
        changed = self._update(id_, found, device.unknown_conditions())
        return self._announcement(device, unreachable), changed

    def _announcement(self, device: DeviceStatus, unreachable: str | None) -> Draft | None:
        id_ = device.spec.id
        if self._state.announced[id_]:
            down = {"device": id_, "reason": unreachable}
            return None if unreachable is None else ("device.disconnected", down)
        if not device.responding:
            return None
        model = device.identity.model if device.identity else None
        return "device.connected", {"device": id_, "model": model}

    def check_silence(self, now: Instant) -> bool:
        """Whether a device fell silent, or time alone may have made a lost link a condition."""
        is_news = False
        for device in self.devices.values():
            is_news |= device.check_silence(now) or device.may_be_lost
        return is_news

    def due_at(self, now: Instant) -> float:
        """When time alone may next change a condition, in monotonic seconds."""
        devices = self.devices.values()
        due = [now.mono if device.may_be_lost else device.silent_at for device in devices]
        return min([self.next_update, *due])

    def _update(
        self, source: str | None, found: Mapping[str, str], unknown: frozenset[str] = _NONE
    ) -> set[Signal]:
        before, unknown_before = self._by_source.get(source, ({}, _NONE))
        if found == before and unknown == unknown_before:
            return set()
        self._by_source[source] = found, unknown
        self.present = {
            (name, at): reason
            for at, (present, _) in self._by_source.items()
            for name, reason in present.items()
        }
        self.unknown = frozenset(
            (name, at) for at, (_, names) in self._by_source.items() for name in names
        )
        changed = (found.keys() ^ before.keys()) | (unknown ^ unknown_before)
        return {(name, source) for name in changed}
