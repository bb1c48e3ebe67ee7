"""The vitals of one bed now: which value is shown, how old it is, and what a rule may judge.

Pure; the present is always an argument. A vital that several devices give is taken from
the fresh channel with the shortest maximum age, so that a pulse oximeter's pulse comes before
a cuff's. When that one goes stale, another takes its place only with a value taken since: an
older one says nothing of what happened in between.

Where the rule set says how far apart two oximeters may be, the lower one counts while they are
further apart.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final

from alerts.evaluation import Value
from drivers.clock import Instant
from drivers.driver import SPOT_CHECK_S
from drivers.readings import UNITS, Quality, Reading, Vital
from drivers.registry import DeviceSpec
from monitor.session import BY_HAND, REOPENED, Event, Pressure

_BY_HAND_S: Final = {Vital.SYS: 2400.0, Vital.DIA: 2400.0}
"""The maximum age of a pressure measured by hand, the same as a cuff's [default]."""


@dataclass(frozen=True, slots=True)
class VitalView:
    """A vital as people see it.

    `value` is None while the device gives none; `at` is then when its last value was
    taken, None if it never gave one, and `missing_since` when it stopped.
    """

    vital: Vital
    value: float | None
    at: Instant | None
    quality: Quality
    reason: str | None
    missing_since: Instant | None
    stale: bool
    device: str

    @property
    def unit(self) -> str:
        """The value's unit, in UCUM."""
        return UNITS[self.vital]


class History:
    """The highest value of the last seconds, in time linear in the values.

    `windows_s` are how many seconds the rules look back.
    """

    def __init__(self, *windows_s: float) -> None:
        self._window_s = max(windows_s)
        self._several = len(windows_s) > 1
        self._falling: deque[tuple[float, float]] = deque()

    def add(self, at: float, value: float) -> bool:
        """Take a value; whether the highest over any of the windows may be another now.

        One taken before the last is ignored.
        """
        falling = self._falling
        if falling and at < falling[-1][0]:
            return False
        before = falling[0][1] if falling else None
        while falling and falling[-1][1] <= value:
            falling.pop()
        falling.append((at, value))
        oldest = at - self._window_s
        while falling[0][0] < oldest:
            falling.popleft()
        return falling[0][1] != before or (self._several and len(falling) > 1)

    def clear(self) -> None:
        """Forget every value."""
        self._falling.clear()

    def highest(self, since: float) -> float:
        """The highest value taken at or after `since`. Raises `ValueError` if there is none."""
        for at, value in self._falling:
            if at >= since:
                return value
        raise ValueError(f"no value since {since}")


class Channel:
    """One vital of one device. After `stale_at`, in monotonic seconds, its value is stale.

    One that is above `SPOT_CHECK_S` by its driver is a spot check, not a stream: a rule is
    evaluated on each of its values, also on one that equals the last.
    `moved` is what its own `history`, where it has one, said of the last value.
    """

    def __init__(self, vital: Vital, device: str, max_age_s: float, min_silence_s: float) -> None:
        self.vital = vital
        self.device = device
        self.max_age_s = max(max_age_s, min_silence_s)
        self.min_silence_s = min_silence_s
        self.is_spot_check = max_age_s > SPOT_CHECK_S
        self.last: Reading | None = None
        self.value: float | None = None
        self.at: Instant | None = None
        self.missing_since: Instant | None = None
        self.stale_at = float("-inf")
        self.history: History | None = None
        self.moved = False

    def take(self, reading: Reading, at: Instant) -> None:
        """Take `reading`, which was taken at `at`; one that is older than the last is ignored."""
        if self.at is not None and at.mono < self.at.mono:
            return
        self.last = reading
        if reading.usable:
            self.value = reading.value
            self.at = at
            self.stale_at = at.mono + self.max_age_s
            self.missing_since = None
            if self.history is not None and reading.value is not None:
                self.moved = self.history.add(at.mono, reading.value)
        elif self.missing_since is None:
            self.missing_since = at

    def is_stale(self, now: Instant) -> bool:
        return now.mono > self.stale_at

    def age(self, stale_at: Callable[[datetime], datetime], now: Instant) -> bool:
        """Become stale at another time; whether it is another."""
        assert self.at is not None
        before, ago = self.stale_at, timedelta(seconds=now.mono - self.at.mono)
        taken = now.wall - ago
        age_s = (stale_at(taken) - taken).total_seconds()
        self.stale_at = self.at.mono + max(age_s, self.min_silence_s)
        return self.stale_at != before

    def clear(self) -> None:
        self.last = self.value = self.at = self.missing_since = None
        self.stale_at = float("-inf")
        self.moved = False
        if self.history is not None:
            self.history.clear()

    def view(self, now: Instant) -> VitalView:
        last = self.last
        return VitalView(
            vital=self.vital,
            value=self.value if last is not None and last.usable else None,
            at=self.at,
            quality=last.quality if last is not None else Quality.GOOD,
            reason=last.reason if last is not None else None,
            missing_since=self.missing_since,
            stale=self.is_stale(now),
            device=self.device,
        )


_VALUE: Final = itemgetter(0)
_NO_CHANNELS: Final[Mapping[Vital, Channel]] = {}


class Vitals:
    """All vitals of one bed.

    `windows` gives, for the signals that a rule compares with their recent past, how many
    seconds back each such rule looks. No value is stale within `min_silence_s`, whatever its
    device's maximum age. `differ_by` is how far apart, in %, the SpO2 of two devices differs.

    `oximeters` are the devices that stream SpO2; `spo2_difference` says in words how two of them
    differ, None where they do not.
    """

    def __init__(
        self,
        devices: Iterable[DeviceSpec],
        windows: Mapping[str, Iterable[float]],
        min_silence_s: float = 0.0,
        differ_by: float | None = None,
    ) -> None:
        self._by_vital: dict[Vital, list[Channel]] = {}
        self._by_device: dict[str | None, dict[Vital, Channel]] = {}
        max_ages = [(spec.id, spec.kind.stale_after_s) for spec in devices]
        for device, stale_after_s in (*max_ages, (BY_HAND, _BY_HAND_S)):
            for vital, max_age_s in stale_after_s.items():
                channel = Channel(vital, device, max_age_s, min_silence_s)
                self._by_vital.setdefault(vital, []).append(channel)
                self._by_device.setdefault(device, {})[vital] = channel
        for channels in self._by_vital.values():
            channels.sort(key=lambda channel: channel.max_age_s)
        self._histories = {name: History(*windows_s) for name, windows_s in windows.items()}
        streams = [c for c in self._by_vital.get(Vital.SPO2, ()) if not c.is_spot_check]
        self.oximeters = tuple(channel.device for channel in streams)
        self.spo2_difference: str | None = None
        self._paired = streams if differ_by is not None and len(streams) > 1 else []
        self._differ_by = differ_by or 0.0
        for channel in self._paired if "spo2" in windows else ():
            channel.history = History(*windows["spo2"])
        self.lost_at: dict[Vital, float] = {}
        self._values: dict[str, Value] = {}
        self._shown: dict[Vital, Channel] = {}

    def take(
        self, device: str, readings: Iterable[Reading], at: Instant, now: Instant | None = None
    ) -> set[str]:
        """Take what `device` read at `at`; the signals that changed.

        `now` is given for what was read before now, and may be stale.
        """
        changed: set[str] = set()
        channels = self._by_device.get(device, _NO_CHANNELS)
        when = at if now is None else now
        for reading in readings:
            vital = reading.vital
            channel = channels.get(vital)
            if channel is not None:
                channel.take(reading, at)
                if self._select(vital, when):
                    changed.add(vital)
        return changed

    def take_record(
        self, event: Event, at: Instant, standing: Sequence[Pressure], now: Instant
    ) -> set[str]:
        """Take the pressures as they stand after `event`, which happened at `at`.

        `standing` are those of the open session, which are all taken again after a correction, and
        when it was reopened.
        The signals that changed.
        """
        changed: set[str] = set()
        pressures: Sequence[Pressure] = ()
        if event.type in ("record.retracted", REOPENED) or "corrects" in event.payload:
            changed = self.clear_spot_checks(now)
            pressures = standing
        elif event.type == "pressure.measured":
            pressures = (Pressure.of(event),)
        for pressure in pressures:
            readings = (
                Reading(Vital.SYS, pressure.sys),
                Reading(Vital.DIA, pressure.dia),
                Reading(Vital.MAP, pressure.map),
                Reading(Vital.PULSE, pressure.pulse),
            )
            changed |= self.take(pressure.device, readings, at.past(pressure.at), now)
        return changed

    def age_pressures(self, stale_at: Callable[[datetime], datetime], now: Instant) -> set[str]:
        """Take when a pressure is stale that was taken at a time; the signals that changed."""
        changed = False
        for vital in (Vital.SYS, Vital.DIA, Vital.MAP):
            for channel in self._by_vital.get(vital, ()):
                if channel.is_spot_check and channel.at is not None:
                    changed |= channel.age(stale_at, now)
        return self._select_all(now) if changed else set()

    @property
    def expires_at(self) -> float:
        """No value becomes stale before then, in monotonic seconds; inf where none will."""
        return min((channel.stale_at for channel in self._shown.values()), default=float("inf"))

    def expire(self, now: Instant) -> set[str]:
        """The signals that changed because a value has become stale."""
        return self._select_all(now) if now.mono >= self.expires_at else set()

    def clear_spot_checks(self, now: Instant) -> set[str]:
        """Clear all spot checks, as of a patient who has left; the signals that changed."""
        return self._clear((c for c in self._channels() if c.is_spot_check), now)

    def clear(self, now: Instant) -> set[str]:
        """Clear every value and its past, as of another patient; the signals that changed."""
        for history in self._histories.values():
            history.clear()
        return self._clear(self._channels(), now)

    def _channels(self) -> Iterator[Channel]:
        return (c for channels in self._by_device.values() for c in channels.values())

    def _clear(self, channels: Iterable[Channel], now: Instant) -> set[str]:
        for channel in channels:
            channel.clear()
        return self._select_all(now)

    def _select_all(self, now: Instant) -> set[str]:
        return {vital.value for vital in self._by_vital if self._select(vital, now)}

    def _select(self, vital: Vital, now: Instant) -> bool:
        channel: Channel | None = self._by_vital[vital][0]
        assert channel is not None
        lower = self._lower_oximeter(now) if vital is Vital.SPO2 and self._paired else None
        if lower is not None:
            channel = lower
        elif channel.is_spot_check or channel.is_stale(now):
            channel = self._current(vital, now)
        if channel is None:
            if (shown := self._shown.pop(vital, None)) is not None:
                self.lost_at[vital] = min(now.mono, shown.stale_at)
            return self._values.pop(vital, None) is not None
        self._shown[vital] = channel
        value = channel.value
        assert value is not None
        assert channel.at is not None
        at = channel.at.mono
        before = self._values.get(vital)
        if before is not None and before.at == at and before.value == value:
            return False
        if lower is not None:
            history, moved = lower.history, lower.moved
        else:
            history = self._histories.get(vital)
            moved = history is not None and history.add(at, value)
        highest = None if history is None else history.highest
        if before is not None and before.value == value:
            moved = moved or before.highest != highest
            before.at, before.highest = at, highest
            before.by_hand = channel.device == BY_HAND
            return moved or channel.is_spot_check
        self._values[vital] = Value(value, at, highest, by_hand=channel.device == BY_HAND)
        return True

    def _lower_oximeter(self, now: Instant) -> Channel | None:
        """The lowest of the oximeters while it differs from the highest; says how they differ."""
        valid = [
            (each.value, each)
            for each in self._paired
            if each.value is not None and each.missing_since is None and not each.is_stale(now)
        ]
        low, high = min(valid, key=_VALUE, default=None), max(valid, key=_VALUE, default=None)
        if low is None or high is None or high[0] - low[0] < self._differ_by:
            self.spo2_difference = None
            return None
        said = " and ".join(f"{value:.0f} % ({each.device})" for value, each in (high, low))
        self.spo2_difference = f"SpO2 {said} differ"
        return low[1]

    def _differs(self, vital: Vital) -> bool:
        return vital is Vital.SPO2 and self.spo2_difference is not None

    def _current(self, vital: Vital, now: Instant) -> Channel | None:
        """The channel to show: the first stream that is fresh, or the newest spot check.

        Where the newest is stale nothing older stands in for it.
        """
        newest = float("-inf")
        found = None
        for channel in self._by_vital.get(vital, ()):
            if channel.at is None or channel.at.mono < newest:
                continue
            found = None if channel.is_stale(now) else channel
            if found is not None and not found.is_spot_check:
                break
            newest = channel.at.mono
        return found

    @property
    def values(self) -> Mapping[str, Value]:
        """What the rules may judge: the values that are not stale."""
        return self._values

    def views(self, now: Instant) -> list[VitalView]:
        """Every vital the bed's devices can give, and what was measured by hand, at `now`."""
        out = []
        for vital, all_channels in self._by_vital.items():
            channels = [each for each in all_channels if each.device != BY_HAND or each.at]
            if not channels:
                continue
            lower = self._shown.get(vital) if self._differs(vital) else None
            channel = (
                lower
                or self._current(vital, now)
                or max(channels, key=lambda each: each.at.mono if each.at else float("-inf"))
            )
            out.append(channel.view(now))
        return out

    def streamed(self, vital: Vital, now: Instant) -> Channel | None:
        """The device's channel that gives a fresh value of it; None where none streams it."""
        channel = self._current(vital, now)
        return None if channel is None or channel.is_spot_check else channel

    def missing(self, device: str, wanted: Iterable[Vital], now: Instant) -> list[Vital]:
        """Those of `wanted` that `device` streams and of which it gives no fresh value."""
        channels = map(self._by_device.get(device, {}).get, wanted)
        return [
            each.vital
            for each in channels
            if each is not None and not each.is_spot_check and each.is_stale(now)
        ]

    def signals_lost_by(
        self, condition: str, device: str | None, wanted: Iterable[Vital], now: Instant
    ) -> set[str]:
        """The signals that a condition at `device`, None for the bed, leaves without data."""
        if condition != "signal-missing":
            return self._only_from(device, now)
        if device is None:
            return {vital.value for vital in self.not_provided(wanted)}
        missing = {vital.value for vital in self.missing(device, wanted, now)}
        return missing & self._only_from(device, now)

    def _only_from(self, device: str | None, now: Instant) -> set[str]:
        """The vitals that `device` can give and of which no other device gives a fresh value.

        A spot check does not stand in for a stream.
        """
        return {
            vital.value
            for vital, own in self._by_device.get(device, {}).items()
            if not any(
                other.device != device
                and not other.is_stale(now)
                and other.is_spot_check <= own.is_spot_check
                for other in self._by_vital[vital]
            )
        }

    def not_provided(self, wanted: Iterable[Vital]) -> list[Vital]:
        """Those of `wanted` that no device here streams."""
        return [
            vital
            for vital in wanted
            if all(channel.is_spot_check for channel in self._by_vital.get(vital, ()))
        ]
