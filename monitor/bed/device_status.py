"""What is known of each device at a bed: link, last words, flags, and what troubles it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from drivers.clock import Instant
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Identity,
    Item,
    LinkState,
    Measurement,
    MeasurementFailed,
    Vital,
)
from drivers.registry import DeviceSpec

FLAG_CONDITIONS: Final[Mapping[Flag, tuple[str, str]]] = {
    Flag.SENSOR_OFF: ("sensor-off", "no finger"),
    Flag.SENSOR_DISCONNECTED: ("sensor-disconnected", "sensor disconnected"),
    Flag.NO_PULSE: ("no-pulse", "finds no pulse"),
    Flag.ARTEFACT: ("artefact", "values disturbed"),
    Flag.LOW_PERFUSION: ("low-perfusion", "low perfusion"),
    Flag.LOW_BATTERY: ("low-battery", "battery low"),
    Flag.DEVICE_FAULT: ("device-fault", "reports a fault"),
}
"""The trouble that each flag of a device is, with its reason in words."""

_EXPLAIN_SILENCE: Final = frozenset({Flag.SENSOR_OFF, Flag.SENSOR_DISCONNECTED, Flag.NO_PULSE})
_IDLE: Final = CuffState(CuffPhase.IDLE)
_OF_THE_LINK: Final = frozenset({"device-silent", "link-lost"})


def conditions_of(spec: DeviceSpec) -> frozenset[str]:
    """Every trouble that a device of this kind can have."""
    driver = spec.kind
    own = {FLAG_CONDITIONS[flag][0] for flag in driver.flags if flag in FLAG_CONDITIONS}
    kind = "cuff-failed" if driver.can_measure else "signal-missing"
    return _OF_THE_LINK | own | {kind}


@dataclass(slots=True)
class DeviceStatus:
    """One device as the bed hears it.

    `heard_at` is when it last said anything; `lost` that nothing has been heard since the
    link was lost; `silent` that it stopped talking on a link that was up. `flags` is None
    until the device has said which are set. A device is silent that says nothing for
    `least_s` and its own promise, and troubled by its link when it was lost for `least_s`.
    `misses` that it gave no fresh value of something wanted when that was looked at last.
    """

    spec: DeviceSpec
    min_silence_s: float = 0.0
    link: LinkState = LinkState.CONNECTING
    reason: str | None = None
    last_valid_at: Instant | None = None
    up_since: Instant | None = None
    lost: bool = True
    lost_since: float | None = None
    silent: bool = False
    flags: frozenset[Flag] | None = None
    identity: Identity | None = None
    cuff: CuffState | None = None
    missing_signals: bool = False

    def receive(self, item: Item, at: Instant) -> bool:
        """The device said `item`; whether that may have changed what troubles or occupies it.

        A failed measurement may be said in the device's absence.
        """
        is_news = not self.responding
        match item:
            case Measurement(flags=flags):
                is_news |= flags != self.flags
                self.flags = flags
                if self.spec.kind.can_measure:
                    is_news |= self._cuff_is(_IDLE)
            case MeasurementFailed(flag=flag):
                self._cuff_is(_IDLE)
                if flag is Flag.DEVICE_FAULT:
                    self.flags = frozenset({flag})
                return True
            case CuffState():
                is_news |= self._cuff_is(item)
            case Identity():
                self.identity = item
            case _:
                pass
        self.last_valid_at = at
        self.lost = False
        self.lost_since = None
        self.silent = False
        return is_news

    @property
    def may_be_lost(self) -> bool:
        """Whether the passing of time alone can make its link a trouble."""
        return self.lost and self.min_silence_s > 0

    @property
    def responding(self) -> bool:
        """Whether the device is there and talks."""
        return not (self.lost or self.silent)

    def _cuff_is(self, state: CuffState) -> bool:
        """Take the cuff's state; whether it is another phase than before."""
        before, self.cuff = self.cuff, state
        return before is None or before.phase is not state.phase

    def link_changed(self, state: LinkState, reason: str | None, at: Instant) -> None:
        """The link is now `state`. One that ended because nobody spoke was no lost link."""
        if state is LinkState.UP:
            self.up_since = at
        else:
            self.check_silence(at)
            self.lost = not self.silent
            self.cuff = None
        if self.lost and self.lost_since is None:
            self.lost_since = at.mono
        self.link = state
        if reason is not None or state is LinkState.UP:
            self.reason = reason

    def check_silence(self, now: Instant) -> bool:
        """Notice when the device has said nothing for too long; whether that is so from now on."""
        if now.mono < self.silent_at:
            return False
        self.silent = True
        self.lost = False
        return True

    @property
    def silent_at(self) -> float:
        """When it will have said nothing for too long, in monotonic seconds; inf when it has."""
        if self.silent or self.link is not LinkState.UP or self.up_since is None:
            return float("inf")
        heard = self.up_since.mono
        if self.last_valid_at is not None:
            heard = max(heard, self.last_valid_at.mono)
        return heard + max(self.spec.kind.silent_after_s, self.min_silence_s)

    def conditions(self, missing: Iterable[Vital], now: Instant) -> dict[str, str]:
        """The troubles present, with reasons; `missing` are the vitals it should give."""
        if self.silent:
            return {"device-silent": self.reason or "says nothing"}
        if self.lost:
            since = now.mono if self.lost_since is None else self.lost_since
            is_long = now.mono - since >= self.min_silence_s
            return {"link-lost": self.reason or "connecting"} if is_long else {}
        flags = self.flags or frozenset()
        found = dict(FLAG_CONDITIONS[flag] for flag in flags if flag in FLAG_CONDITIONS)
        if not self.spec.kind.can_measure and missing and not flags & _EXPLAIN_SILENCE:
            found["signal-missing"] = "gives no " + ", ".join(missing)
        return found

    def unknown_conditions(self) -> frozenset[str]:
        """The troubles of which nobody can say whether they are present."""
        if not self.responding:
            return conditions_of(self.spec) - _OF_THE_LINK
        return _OF_FLAGS if self.flags is None else frozenset()


_OF_FLAGS: Final = frozenset(trouble for trouble, _ in FLAG_CONDITIONS.values())
