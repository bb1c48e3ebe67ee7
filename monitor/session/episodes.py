"""Sedation, dissociation and respiratory depression: whether, from when, until when. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.session.baseline import is_after_dose
from monitor.session.coverage import Coverage
from monitor.session.history import AlarmOccurrence, SessionHistory
from monitor.session.records import Observation, Record, Score
from monitor.session.regimen import DischargeLimits
from monitor.session.session import Session
from monitor.session.signals import wakefulness

DISSOCIATED_OVER: Final = 4
"""A CADSS over this is dissociation [clinical.md]."""

ALERT: Final = 5
"""A MOAA/S under this is sedation [label]."""

DESATURATIONS: Final = frozenset({"spo2.low", "spo2.very-low"})
"""The rules whose alarms, raised by valid readings, are respiratory depression [clinical.md]."""

LOW_RATE: Final = 8
"""A respiratory rate of this or less, in /min, is respiratory depression [clinical.md]."""

SAFE_RATE: Final = 12
"""A later rate of this or more ends what a low one was a sign of [clinical.md]."""

STEP: Final = timedelta(minutes=1)
"""How finely the time at which SpO2 had recovered is found."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that came and went after the first dose.

    `seen` is what shows it, oldest first: records, or alarms. Where it was
    looked for and not found, `seen` is what shows that, and `onset_at` is None. `over_at` is
    when it was seen to be over for good, None when it was not. `began_before` is whether it
    had begun before the first dose.
    """

    seen: tuple[AlarmOccurrence | Record, ...]
    onset_at: datetime | None = None
    over_at: datetime | None = None
    worst: str | None = None
    began_before: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it came and was not seen to be over."""
        return self.onset_at is not None and self.over_at is None


def sedation(history: SessionHistory) -> Episode:
    """MOAA/S under 5 after the first dose, by whatever record.

    That there was none is seen by scores alone: who is `alert` may be of MOAA/S 4 as well. `seen`
    is empty without any.
    """
    found = wakefulness(history.session)
    episode = _scored(history, found, lambda total: total < ALERT, min, "MOAA/S")
    if episode.onset_at is not None:
        return episode
    return Episode(tuple(record for record in episode.seen if isinstance(record, Score)))


def dissociation(history: SessionHistory) -> Episode:
    """CADSS over 4 after the first dose; `seen` is empty when it was never scored."""
    found = [(s, s.total) for s in history.session.scores if s.scale == "cadss"]
    return _scored(history, found, lambda total: total > DISSOCIATED_OVER, max, "CADSS")


def _scored(
    history: SessionHistory,
    scores: Iterable[tuple[Record, int]],
    present: Callable[[int], bool],
    worst: Callable[[list[int]], int],
    name: str,
) -> Episode:
    after = [each for each in scores if is_after_dose(history.session, each[0])]
    after.sort(key=lambda each: each[0].at)
    found = [each for each in after if present(each[1])]
    if not found:
        return Episode(tuple(record for record, _ in after))
    later = [each for each in after[after.index(found[-1]) :] if not present(each[1])]
    shown = tuple(record for record, _ in (*found, *later[:1]))
    total = worst([value for _, value in found])
    onset_at, over_at = found[0][0].at, later[0][0].at if later else None
    return Episode(shown, onset_at, over_at, f"{name} {total}")


Recovered = Callable[[datetime], datetime | None]
"""When SpO2 had met the limit for leaving for as long as leaving asks, counted from that time
or later; None when it had not yet."""


def respiratory_depression(
    session: Session, alarms: Iterable[AlarmOccurrence], recovered: Recovered
) -> Episode:
    """SpO2 under its alarm limits, a low rate, oxygen started or increased, since the first dose.

    Of `alarms` those count that are of `DESATURATIONS`. It is over when none of them is active,
    SpO2 has `recovered` since the last sign and since that oxygen was taken away, and, where a
    rate was the sign, a later one was `SAFE_RATE` or more [clinical.md]. The readiness to leave
    and the monitoring form both ask here.
    """
    first = session.first_dose_at
    if first is None:
        return Episode(())
    low = [a for a in alarms if a.rule in DESATURATIONS and _was_open_since(a, first)]
    later = [seen for seen in session.observations if is_after_dose(session, seen)]
    slow = [seen for seen in later if _rate(seen, SAFE_RATE) <= LOW_RATE]
    oxygen = _oxygen_since_dose(session)
    signs: list[AlarmOccurrence | Observation] = [*low, *slow, *oxygen.started]
    signs.sort(key=_began_at)
    if not signs:
        return Episode(())
    onset_at, last_at = _began_at(signs[0]), _began_at(signs[-1])
    words = [max(low, key=lambda alarm: alarm.priority).text] if low else []
    if slow:
        words.append(f"{min(_rate(o) for o in slow):g} breaths/min")
    if oxygen.started:
        words.append(f"oxygen {'increased' if oxygen.was_given else 'started'}")
    over_at = None
    is_active = any(alarm.over_at is None for alarm in low)
    if not is_active and (since := _since_signs(session, last_at, slow, oxygen)) is not None:
        met_from, safe_at = since
        recovered_at = recovered(met_from)
        over_at = None if recovered_at is None else max(recovered_at, safe_at)
    seen = tuple({sign.id: sign for sign in signs}.values())
    began_before = isinstance(signs[0], AlarmOccurrence) and onset_at < first
    return Episode(seen, onset_at, over_at, ", ".join(words), began_before)


def _began_at(sign: AlarmOccurrence | Observation) -> datetime:
    return sign.raised_at if isinstance(sign, AlarmOccurrence) else sign.at


def _was_open_since(alarm: AlarmOccurrence, first: datetime) -> bool:
    return alarm.raised_at >= first or alarm.over_at is None or alarm.over_at > first


def _rate(seen: Observation, unknown: float = 0) -> float:
    return unknown if seen.resp is None else seen.resp


@dataclass(frozen=True, slots=True)
class _Oxygen:
    """Where more was given than before the dose, and since when no more is, None while it is.

    `was_given` is whether any was before the dose.
    """

    started: Sequence[Observation]
    off_at: datetime | None
    was_given: bool


def _oxygen_since_dose(session: Session) -> _Oxygen:
    """How much was given before the dose may be unknown: then any known flow may be more."""
    said = [seen for seen in session.observations if seen.oxygen is not None]
    before: float | None = 0.0
    for seen in said:
        if not is_after_dose(session, seen) and (_flow(seen) is not None or not before):
            before = _flow(seen)
    started: list[Observation] = []
    off_at: datetime | None = None
    for seen in (each for each in said if is_after_dose(session, each)):
        flow, is_more_now = _flow(seen), bool(started) and off_at is None
        is_more = before == 0 if flow is None else flow > (before or 0.0)
        if is_more and not is_more_now:
            started.append(seen)
            off_at = None
        elif is_more_now and flow is not None and not is_more:
            off_at = seen.at
    return _Oxygen(started, off_at, before != 0)


def _flow(seen: Observation) -> float | None:
    """How much oxygen is given; None where some is, and nobody said how much."""
    return seen.oxygen_flow if seen.oxygen else 0.0


def _since_signs(
    session: Session, last_at: datetime, slow: Sequence[Observation], oxygen: _Oxygen
) -> tuple[datetime, datetime] | None:
    """From when on SpO2 has to recover, and when the rate was safe again; None while not."""
    off_at = oxygen.off_at if oxygen.started else last_at
    later = [o for o in session.observations if slow and o.at > slow[-1].at]
    safe_at = next((o.at for o in later if _rate(o) >= SAFE_RATE), None) if slow else last_at
    if off_at is None or safe_at is None:
        return None
    return max(last_at, off_at), safe_at


def recovered_by(coverage: Coverage, limits: DischargeLimits, until: datetime) -> Recovered:
    """By the readings of SpO2 up to `until`, to the next of `STEP`, when it had met `limits`."""
    held = timedelta(minutes=limits.spo2_held_min)
    seen_least = timedelta(minutes=limits.spo2_seen_least_min)
    under_most = timedelta(seconds=limits.spo2_under_most_s)

    def at(since: datetime) -> datetime | None:
        found = since + held
        while found <= until:
            begun = found - held
            if (
                coverage.is_live(found)
                and coverage.longest_under(begun, found) < under_most
                and coverage.seen(begun, found) >= seen_least
            ):
                return found
            found += STEP
        return None

    return at
