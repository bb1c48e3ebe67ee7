"""The vitals of one bed now: which value is shown, how old it is, and what a rule may judge.

Pure; the present is always an argument. A vital that several devices give is taken from
the one with the shortest promise that is keeping it, so that a pulse oximeter's pulse
comes before a cuff's. When that one stops, another takes its place only with a value taken
since: an older one says nothing of what happened in between.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerts.evaluation import Value
from drivers.clock import Instant
from drivers.readings import UNITS, Quality, Reading, Vital
from drivers.registry import DeviceSpec
from monitor.session import BY_HAND

SPOT_CHECK_S = 30.0
"""A value promised for longer than this is a measurement of its own, not one of a stream: a
rule looks at it also when it is the same as the last."""


_BY_HAND_S: Final = {Vital.SYS: 2400.0, Vital.DIA: 2400.0}
"""How long a pressure measured by hand says something of now, as long as a cuff's [default]."""


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

    `windows_s` are how many seconds anybody looks back.
    """

    def __init__(self, *windows_s: float) -> None:
        self._window_s = max(windows_s)
        self._several = len(windows_s) > 1
        self._falling: deque[tuple[float, float]] = deque()

    def add(self, at: float, value: float) -> bool:
        """Take a value; whether the highest over any of the windows may be another now.

        One taken before the last is not looked at.
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

    def highest(self, since: float) -> float:
        """The highest value taken at or after `since`. Raises `ValueError` if there is none."""
        for at, value in self._falling:
            if at >= since:
                return value
        raise ValueError(f"no value since {since}")


class Channel:
    """One vital of one device. After `stale_at` its value says nothing of now."""

    def __init__(self, vital: Vital, device: str, promise_s: float, least_s: float) -> None:
        self.vital = vital
        self.device = device
        self.stale_after_s = max(promise_s, least_s)
        self.is_spot_check = promise_s > SPOT_CHECK_S
        self.last: Reading | None = None
        self.value: float | None = None
        self.at: Instant | None = None
        self.missing_since: Instant | None = None
        self.stale_at = float("-inf")

    def take(self, reading: Reading, at: Instant) -> None:
        """Take `reading`; one that was taken before the last says nothing of now."""
        if self.at is not None and at.mono < self.at.mono:
            return
        self.last = reading
        if reading.usable:
            self.value = reading.value
            self.at = at
            self.stale_at = at.mono + self.stale_after_s
            self.missing_since = None
        elif self.missing_since is None:
            self.missing_since = at

    def is_stale(self, now: Instant) -> bool:
        return now.mono > self.stale_at

    def forget(self) -> None:
        self.last = self.value = self.at = self.missing_since = None
        self.stale_at = float("-inf")

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


class Vitals:
    """All vitals of one bed.

    `windows` gives, for the signals that a rule holds against their recent past, how many
    seconds back each such rule looks. `least_s` is the shortest promise that anybody can be
    held to.
    """

    def __init__(
        self,
        devices: Iterable[DeviceSpec],
        windows: Mapping[str, Iterable[float]],
        least_s: float = 0.0,
    ) -> None:
        self._tracks: dict[Vital, list[Channel]] = {}
        self._of: dict[str | None, dict[Vital, Channel]] = {}
        promises = [(spec.id, spec.kind.stale_after_s) for spec in devices]
        for device, stale_after_s in (*promises, (BY_HAND, _BY_HAND_S)):
            for vital, promise_s in stale_after_s.items():
                track = Channel(vital, device, promise_s, least_s)
                self._tracks.setdefault(vital, []).append(track)
                self._of.setdefault(device, {})[vital] = track
        for tracks in self._tracks.values():
            tracks.sort(key=lambda track: track.stale_after_s)
        self._histories = {name: History(*windows_s) for name, windows_s in windows.items()}
        self._values: dict[str, Value] = {}
        self._judged: dict[Vital, Channel] = {}

    def take(
        self, device: str, readings: Iterable[Reading], at: Instant, now: Instant | None = None
    ) -> set[str]:
        """Take what `device` read at `at`; the names of the signals a rule has to look at.

        `now` is given for what was read before now, and may be too old to be judged.
        """
        changed: set[str] = set()
        tracks = self._of.get(device, {})
        for reading in readings:
            track = tracks.get(reading.vital)
            if track is not None:
                track.take(reading, at)
                if self._judge(reading.vital, now or at):
                    changed.add(reading.vital)
        return changed

    @property
    def expires_at(self) -> float:
        """No value becomes too old to judge before then, in monotonic seconds."""
        return min((track.stale_at for track in self._judged.values()), default=float("inf"))

    def expire(self, now: Instant) -> set[str]:
        """The signals that a rule has to look at because a value has become too old to judge."""
        return self._judge_all(now) if now.mono >= self.expires_at else set()

    def clear_spot_checks(self, now: Instant) -> set[str]:
        """Drop what was measured once, as of a patient who has left; what a rule then looks at."""
        for tracks in self._of.values():
            for track in tracks.values():
                if track.is_spot_check:
                    track.forget()
        return self._judge_all(now)

    def _judge_all(self, now: Instant) -> set[str]:
        return {vital.value for vital in self._tracks if self._judge(vital, now)}

    def _judge(self, vital: Vital, now: Instant) -> bool:
        track: Channel | None = self._tracks[vital][0]
        assert track is not None
        if track.is_spot_check or track.is_stale(now):
            track = self._present(vital, now)
        if track is None:
            self._judged.pop(vital, None)
            return self._values.pop(vital, None) is not None
        self._judged[vital] = track
        value = track.value
        assert value is not None
        assert track.at is not None
        at = track.at.mono
        before = self._values.get(vital)
        if before is not None and before.at == at and before.value == value:
            return False
        history = self._histories.get(vital)
        moved = history is not None and history.add(at, value)
        if before is not None and before.value == value:
            before.at = at
            return moved or track.is_spot_check
        self._values[vital] = Value(value, at, None if history is None else history.highest)
        return True

    def _present(self, vital: Vital, now: Instant) -> Channel | None:
        """The track to show: the first stream that keeps its promise, or the newest measurement."""
        newest = float("-inf")
        found = None
        for track in self._tracks.get(vital, ()):
            if track.at is None or track.at.mono < newest:
                continue
            if not track.is_stale(now):
                found = track
                if not track.is_spot_check:
                    break
            newest = track.at.mono
        return found

    @property
    def values(self) -> Mapping[str, Value]:
        """What the rules may judge: the values that are not stale."""
        return self._values

    def views(self, now: Instant) -> list[VitalView]:
        """Every vital the bed's devices can give, and what was measured by hand, at `now`."""
        out = []
        for vital, all_tracks in self._tracks.items():
            tracks = [track for track in all_tracks if track.device != BY_HAND or track.at]
            if not tracks:
                continue
            track = self._present(vital, now) or max(
                tracks, key=lambda track: track.at.mono if track.at else float("-inf")
            )
            out.append(track.view(now))
        return out

    def missing(self, device: str, wanted: Iterable[Vital], now: Instant) -> list[Vital]:
        """Those of `wanted` that `device` streams and of which it gives no fresh value."""
        tracks = map(self._of.get(device, {}).get, wanted)
        return [
            t.vital for t in tracks if t is not None and not t.is_spot_check and t.is_stale(now)
        ]

    def signals_lost_by(
        self, trouble: str, device: str | None, wanted: Iterable[Vital], now: Instant
    ) -> set[str]:
        """The signals that nobody gives because of `trouble` at `device`, None for the bed."""
        if trouble != "signal-missing":
            return self._only_from(device, now)
        if device is None:
            return {vital.value for vital in self.not_provided(wanted)}
        missing = {vital.value for vital in self.missing(device, wanted, now)}
        return missing & self._only_from(device, now)

    def _only_from(self, device: str | None, now: Instant) -> set[str]:
        """The vitals that `device` can give and of which no other device gives a fresh value.

        What is measured now and then does not stand in for what is streamed.
        """
        return {
            vital.value
            for vital, own in self._of.get(device, {}).items()
            if not any(
                other.device != device
                and not other.is_stale(now)
                and other.is_spot_check <= own.is_spot_check
                for other in self._tracks[vital]
            )
        }

    def not_provided(self, wanted: Iterable[Vital]) -> list[Vital]:
        """Those of `wanted` that no device here streams."""
        return [v for v in wanted if all(t.is_spot_check for t in self._tracks.get(v, ()))]
