"""The status of each device at a bed: link, response, flags, technical conditions. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from drivers.clock import Instant
from drivers.readings import (
    CuffPhase,
    CuffState,
    DeviceMessages,
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
    Flag.FROZEN: ("frozen", "its values stand still, and its waveform is flat"),
}
"""The technical condition that each flag of a device is, with its reason in words."""

_EXPLAIN_MISSING: Final = frozenset(
    {Flag.SENSOR_OFF, Flag.SENSOR_DISCONNECTED, Flag.NO_PULSE, Flag.FROZEN}
)
_IDLE: Final = CuffState(CuffPhase.IDLE)
_LINK_CONDITIONS: Final = frozenset({"device-silent", "link-lost"})
_ALL_FLAG_CONDITIONS: Final = frozenset(name for name, _ in FLAG_CONDITIONS.values())


def conditions_of(spec: DeviceSpec) -> frozenset[str]:
    """Every technical condition that a device of this kind can have."""
    driver = spec.kind
    flags = driver.flags | {Flag.FROZEN} if driver.has_pleth else driver.flags
    own = {FLAG_CONDITIONS[flag][0] for flag in flags if flag in FLAG_CONDITIONS}
    if driver.gives_pressure:
        own.add("cuff-failed")
    if driver.streams:
        own.add("signal-missing")
    return _LINK_CONDITIONS | own


@dataclass(slots=True)
class DeviceStatus:
    """The status of one device.

    `last_valid_at` is when it last reported anything; `lost` says that it reported nothing
    since its link was lost, `silent` that it stopped reporting on a link that is up. `flags`
    is None until it has reported which are set. `missing_signals` says that it gave no fresh
    value of a vital that it should stream when its conditions were last determined. `messages` are
    the texts that it shows itself.

    It is silent once it has reported nothing for its driver's `silent_after_s`, and its link
    a technical condition once that is lost; either no sooner than after `min_silence_s`.
    """

    spec: DeviceSpec
    min_silence_s: float = 0.0
    link: LinkState = LinkState.CONNECTING
    reason: str | None = None
    plain: str | None = None
    last_valid_at: Instant | None = None
    up_since: Instant | None = None
    lost: bool = True
    lost_since: float | None = None
    silent: bool = False
    flags: frozenset[Flag] | None = None
    identity: Identity | None = None
    cuff: CuffState | None = None
    messages: tuple[str, ...] = ()
    missing_signals: bool = False

    def receive(self, item: Item, at: Instant) -> bool:
        """Take a reported item; whether that may have changed its conditions or its activity.

        A failed measurement may be reported by the driver in the device's absence.
        """
        is_news = not self.responding
        match item:
            case Measurement(flags=flags):
                is_news |= flags != self.flags
                self.flags = flags
                if item.has_pressure:
                    is_news |= self._set_cuff(_IDLE)
            case MeasurementFailed(flag=flag):
                self._set_cuff(_IDLE)
                if flag is Flag.DEVICE_FAULT:
                    self.flags = frozenset({flag})
                return True
            case CuffState():
                is_news |= self._set_cuff(item)
            case Identity():
                self.identity = item
            case DeviceMessages(texts):
                is_news |= texts != self.messages
                self.messages = texts
            case _:
                pass
        self.last_valid_at = at
        self.lost = False
        self.lost_since = None
        self.silent = False
        return is_news

    @property
    def may_be_lost(self) -> bool:
        """Whether time alone can make its lost link a technical condition."""
        return self.lost and self.min_silence_s > 0

    @property
    def responding(self) -> bool:
        """Whether the device is connected and reports."""
        return not (self.lost or self.silent)

    def _set_cuff(self, state: CuffState) -> bool:
        """Take the cuff's state; whether it is another phase than before."""
        before, self.cuff = self.cuff, state
        return before is None or before.phase is not state.phase

    def link_changed(
        self, state: LinkState, reason: str | None, at: Instant, plain: str | None = None
    ) -> None:
        """Take the link's new state. One closed for silence leaves the device silent, not lost."""
        if state is LinkState.UP:
            self.up_since = at
        else:
            self.check_silence(at)
            self.lost = not self.silent
            self.cuff = None
            self.messages = ()
        if self.lost and self.lost_since is None:
            self.lost_since = at.mono
        self.link = state
        if reason is not None or state is LinkState.UP:
            self.reason, self.plain = reason, plain

    @property
    def why(self) -> str | None:
        """Why its link is not up, in words for a nurse."""
        return self.plain or self.reason

    def check_silence(self, now: Instant) -> bool:
        """Whether the device has been silent for too long since the last check."""
        if now.mono < self.silent_at:
            return False
        self.silent = True
        self.lost = False
        return True

    @property
    def silent_at(self) -> float:
        """When it will have been silent for too long, in monotonic seconds; inf when it has."""
        if self.silent or self.link is not LinkState.UP or self.up_since is None:
            return float("inf")
        since = self.up_since.mono
        if self.last_valid_at is not None:
            since = max(since, self.last_valid_at.mono)
        return since + max(self.spec.kind.silent_after_s, self.min_silence_s)

    def conditions(self, missing: Iterable[Vital], now: Instant) -> dict[str, str]:
        """The conditions present, with reasons; `missing` are the vitals that it should give."""
        if self.silent:
            return {"device-silent": self.why or "says nothing"}
        if self.lost:
            since = now.mono if self.lost_since is None else self.lost_since
            is_long = now.mono - since >= self.min_silence_s
            return {"link-lost": self.why or "connecting"} if is_long else {}
        flags = self.flags or frozenset()
        found = dict(FLAG_CONDITIONS[flag] for flag in flags if flag in FLAG_CONDITIONS)
        if missing and not flags & _EXPLAIN_MISSING:
            found["signal-missing"] = "gives no " + ", ".join(missing)
        return found

    def unknown_conditions(self) -> frozenset[str]:
        """The conditions that cannot be determined now."""
        if not self.responding:
            return conditions_of(self.spec) - _LINK_CONDITIONS
        return _ALL_FLAG_CONDITIONS if self.flags is None else frozenset()
