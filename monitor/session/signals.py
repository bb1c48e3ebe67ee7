"""What a session's record says to the rules: scores, symptoms, observations, NEWS2. Pure."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from alerts import news2
from alerts.evaluation import Value, Values
from alerts.rules import DEVICE_ONLY, SYMPTOMS
from drivers.clock import NEVER, Instant, rfc3339
from monitor.session.baseline import is_after_dose
from monitor.session.records import Correction, Observation, Record, Score, Symptom
from monitor.session.session import Session

FRESH: Final = timedelta(minutes=60)
"""What a person observed says something of now for so long [default]."""

RENEWED_AFTER: Final = timedelta(minutes=1)
"""NEWS2 is scored anew no sooner for what a device gives again: a loose sensor makes no flood
[default]."""

ALERT_FROM: Final = 4
"""From this MOAA/S on a patient counts as alert: 4 answers to the name, slowly [default]."""

SCORED_AT: Final = frozenset(
    """pressure.measured observation.recorded score.recorded record.retracted
    news2-scale.chosen""".split()
)
"""The events at whose time NEWS2 is scored anew."""

ChartedValue = tuple[float, datetime]
"""What a person recorded, and of when it is."""

T = TypeVar("T")


class ChartedSignals:
    """What people recorded of a session, as values for the rules."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self._said: dict[str, ChartedValue] = {}

    def update(self, session: Session, now: Instant) -> set[str]:
        """Take the record as it stands; the signals that a rule has to look at.

        A value is as old as the record it is from.
        """
        before = self._said
        self._said = signals_of(session)
        changed = {
            name
            for name in before.keys() | self._said.keys()
            if before.get(name) != self._said.get(name)
        }
        self.values = {
            name: Value(value, now.past(at).mono) if name in changed else self.values[name]
            for name, (value, at) in self._said.items()
        }
        return changed


def signals_of(session: Session) -> dict[str, ChartedValue]:
    """The latest of everything a person recorded, as the signals of rules.

    A symptom that nobody has recorded is absent from the patient: 0. In NEWS2 a parameter
    that has gone missing keeps its points, so that loss of data makes no patient better; one
    of nothing at all is not known.
    """
    found: dict[str, ChartedValue] = {
        f"symptom.{name}": (0.0, session.started_at) for name in SYMPTOMS
    }
    for symptom in session.symptoms:
        found[f"symptom.{symptom.name}"] = symptom.grade, symptom.at
    for score in session.scores:
        found[score.scale] = score.total, score.at
    for observation in session.observations:
        if observation.resp is not None:
            found["resp"] = observation.resp, observation.at
        if observation.temperature is not None:
            found["temperature"] = observation.temperature, observation.at
    if (consciousness := consciousness_of(session)) is not None:
        found["consciousness"] = consciousness
    latest = session.news2[-1] if session.news2 else None
    if latest is not None and (latest.points or latest.held):
        found["news2"] = latest.total + sum(latest.held.values()), latest.at
        found["news2-single"] = max(latest.single, *latest.held.values(), 0), latest.at
    return found


AS_MOAAS: Final[Mapping[str, int]] = {"alert": 5, "voice": 3, "pain": 1, "unresponsive": 0}
"""ACVPU in terms of MOAA/S; confusion says nothing of how easily one wakes [clinical.md]."""

STANDING: Final = timedelta(minutes=5)
"""For so long a better record does not take back a worse one [clinical.md]."""


def consciousness_of(session: Session) -> ChartedValue | None:
    """Consciousness in terms of MOAA/S, by whatever record, None where nothing tells of it.

    It is of the latest record, and the worst of those at most `STANDING` before it.
    """
    said = [(record.at, value) for record, value in wakefulness(session)]
    if not said:
        return None
    latest = max(at for at, _ in said)
    return min(value for at, value in said if latest - at <= STANDING), latest


SERIOUS_SYMPTOMS: Final = frozenset({"seizure", "loss-of-consciousness", "focal-deficit"})
"""After one of these nobody leaves without a clinician's clearance."""

UNCONSCIOUS: Final = 1
"""A MOAA/S of so much or less is loss of consciousness [clinical.md]."""


def serious_events(session: Session) -> list[Record]:
    """Each record of a seizure, loss of consciousness or focal deficit since the first dose."""
    records = (*session.symptoms, *session.scores, *session.observations)
    return [each for each in records if _is_serious(each) and is_after_dose(session, each)]


def withdrawn_events(session: Session) -> list[Correction]:
    """Where such a record was withdrawn, or corrected to what is none since the first dose."""
    told = [c for c in session.corrections if _is_serious(c.was)]
    told = [correction for correction in told if is_after_dose(session, correction.was)]
    serious = {each.id for each in serious_events(session)} | {c.was.id for c in told}
    return [correction for correction in told if correction.now not in serious]


def _is_serious(record: Record) -> bool:
    if isinstance(record, Symptom) and record.name in SERIOUS_SYMPTOMS and record.grade > 0:
        return True
    told = _as_moaas(record)
    return told is not None and told <= UNCONSCIOUS


def worst_told(session: Session, score: Score) -> int:
    """That MOAA/S, or less where about that time or since it was told so in another way."""
    since = score.at - STANDING
    told = (n for r, n in wakefulness(session) if not isinstance(r, Score) and r.at >= since)
    return min([score.total, *told])


def wakefulness(session: Session) -> list[tuple[Record, int]]:
    """Every record of consciousness, with what it says in terms of MOAA/S."""
    records = (*session.scores, *session.observations, *session.symptoms)
    return [(each, value) for each in records if (value := _as_moaas(each)) is not None]


def _as_moaas(record: Record) -> int | None:
    """What it says of consciousness in terms of MOAA/S; None where that is nothing."""
    match record:
        case Score(scale="moaas"):
            return record.total
        case Observation(consciousness=str()):
            return AS_MOAAS.get(record.consciousness or "")
        case Symptom(name="loss-of-consciousness") if record.grade:
            return 0
        case _:
            return None


def news2_highest(session: Session) -> list[str]:
    """The parameters of the last NEWS2 that have the highest points of a single one."""
    if not session.news2:
        return []
    points = {**session.news2[-1].held, **session.news2[-1].points}
    most = max(points.values(), default=0)
    return [name for name, own in points.items() if own == most]


def news2_score(session: Session, values: Values, now: datetime) -> dict[str, Any] | None:
    """The payload of a NEWS2 scored now from what is present and fresh, None when nothing ever was.

    What is not fresh is held: by the record that stands, however old, and by the last score
    where a device gave it.
    """
    found = news2.news2(_current(session, values, now))
    held = {
        name: points
        for scored in session.news2
        for name, points in {**scored.held, **scored.points}.items()
        if name in DEVICE_ONLY
    }
    pressures = {"sys": Value(session.pressures[-1].sys, 0.0)} if session.pressures else {}
    stands = news2.news2(_observed(session, pressures, lambda _: True))
    if stands is not None:
        held |= stands.points
    if found is None:
        if not (held or session.news2):
            return None
        found = news2.News2(0, 0, {}, news2.PARAMETERS)
    scale = {} if session.news2_scale == 1 else {"scale": session.news2_scale}
    held = {name: held[name] for name in found.missing if name in held}
    since: dict[str, Any] = {}
    if session.regimen.edition >= 3:
        before = session.news2[-1].held_since if session.news2 else None
        since = {"held_since": dict.fromkeys(held, rfc3339(now)) | _only(before or {}, held)}
    return {
        "total": found.total,
        "single": found.single,
        "points": dict(found.points),
        "missing": list(found.missing),
        "held": held,
        **scale,
        **since,
    }


def _only(of: Mapping[str, T], names: Collection[str]) -> dict[str, T]:
    return {name: each for name, each in of.items() if name in names}


def news2_outdated(session: Session, values: Values, now: datetime) -> list[str]:
    """The parameters in the points of the last NEWS2 that are no longer current.

    None in sessions of an edition before 3.
    """
    if session.regimen.edition < 3 or not session.news2:
        return []
    current = _current(session, values, now)
    points = session.news2[-1].points
    return [n for n in news2.PARAMETERS if n in points and getattr(current, n) is None]


def next_news2_outdated_at(session: Session, values: Values, now: datetime) -> datetime:
    """When points may next be no longer current by time alone; now where some are not any more.

    `NEVER` for never.
    """
    if news2_outdated(session, values, now):
        return now
    told = (each.at for each in (*session.observations, *session.scores, *session.symptoms))
    return min((at + FRESH for at in told if now - at <= FRESH), default=NEVER)


def news2_renewable(session: Session, now: datetime) -> Collection[str]:
    """What the last NEWS2 holds, for which it is scored anew when a device gives it again.

    None sooner than `RENEWED_AFTER` that score.
    """
    last = session.news2[-1] if session.news2 else None
    if last is None or not last.held_since or now - last.at < RENEWED_AFTER:
        return ()
    return last.held_since.keys()


_SIGNS: Final = {
    "resp": "breathing",
    "spo2": "SpO2",
    "oxygen": "oxygen",
    "sys": "systolic",
    "pulse": "pulse",
    "alert": "consciousness",
    "temperature": "temperature",
}


def news2_words(session: Session) -> dict[str, str]:
    """What the last NEWS2 is made of, as words for texts: its `signs`, and whether `partial`."""
    if not session.news2:
        return {}
    scored = session.news2[-1]
    points = {**scored.held, **scored.points}
    held = scored.held_since or {}
    signs = [
        f"{word} {points[name]}{' held' if name in held else ''}"
        for name, word in _SIGNS.items()
        if points.get(name)
    ]
    partial = " (partial)" if scored.partial else ""
    return {"signs": ", ".join(signs) or "no sign", "partial": partial}


def _current(session: Session, values: Values, now: datetime) -> news2.Observation:
    return _observed(session, values, lambda at: now - at <= FRESH)


def _observed(
    session: Session, values: Values, counts: Callable[[datetime], bool]
) -> news2.Observation:
    """What NEWS2 asks, from `values` and from the latest records of times that count."""

    def observed(of: Callable[[Any], T | None]) -> T | None:
        taken = (of(o) for o in reversed(session.observations) if counts(o.at))
        return next((value for value in taken if value is not None), None)

    def measured(name: str) -> float | None:
        return values[name].value if name in values else None

    resp = measured("resp")
    said = reversed(session.observations)
    return news2.Observation(
        resp=observed(lambda o: o.resp) if resp is None else resp,
        spo2=measured("spo2"),
        oxygen=observed(lambda o: o.oxygen),
        sys=measured("sys"),
        pulse=measured("pulse"),
        alert=_alert(session, counts),
        temperature=observed(lambda o: o.temperature),
        spo2_scale=session.news2_scale,
        last_oxygen=next((o.oxygen for o in said if o.oxygen is not None), None),
    )


def _alert(session: Session, counts: Callable[[datetime], bool]) -> bool | None:
    """Whether the patient is alert: by whatever record, the worst within `STANDING` [clinical.md].

    Confusion is not alert. In sessions of an edition before 3 the last ACVPU or MOAA/S decides.
    """
    if session.regimen.edition < 3:
        return _former_alert(session, counts)
    said = [(record.at, value >= ALERT_FROM) for record, value in wakefulness(session)]
    said += [(o.at, False) for o in session.observations if o.consciousness == "confusion"]
    latest = max((at for at, _ in said), default=None)
    if latest is None or not counts(latest):
        return None
    return all(alert for at, alert in said if latest - at <= STANDING)


def _former_alert(session: Session, counts: Callable[[datetime], bool]) -> bool | None:
    said = [(o.at, o.consciousness == "alert") for o in session.observations if o.consciousness]
    moaas = session.last_score("moaas")
    if moaas is not None:
        said.append((moaas.at, moaas.total >= ALERT_FROM))
    at, alert = max(said, default=(None, None))
    return alert if at is not None and counts(at) else None
