"""What a session's record says to the rules: scores, symptoms, observations, NEWS2. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from alerts import news2
from alerts.conditions import Value, Values
from alerts.rules import SYMPTOMS
from drivers.clock import Instant
from monitor.session import Session

FRESH: Final = timedelta(minutes=60)
"""What a person observed says something of now for so long [default]."""

ALERT_FROM: Final = 4
"""From this MOAA/S on a patient counts as alert: 4 answers to the name, slowly [default]."""

SCORED_AT: Final = frozenset({"pressure.measured", "observation.recorded", "score.recorded"})
"""The events at whose time NEWS2 is scored anew."""

T = TypeVar("T")


class Recorded:
    """What people recorded of a session, as values for the rules."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}

    def see(self, session: Session, now: Instant) -> set[str]:
        """Take the record as it stands; the signals that a rule has to look at.

        A value is as old as its last change.
        """
        before = self.values
        self.values = {
            name: before[name]
            if name in before and before[name].value == value
            else Value(value, now.mono)
            for name, value in signals_of(session).items()
        }
        return {
            name
            for name in before.keys() | self.values.keys()
            if before.get(name) != self.values.get(name)
        }

    def clear(self) -> None:
        """Forget it, as of a patient who has left."""
        self.values = {}


def signals_of(session: Session) -> dict[str, float]:
    """The latest of everything a person recorded, as the signals of rules.

    A symptom that nobody has recorded is absent from the patient: 0. In NEWS2 a parameter
    that has gone missing keeps its points, so that loss of data makes no patient better.
    """
    found: dict[str, float] = {f"symptom.{name}": 0.0 for name in SYMPTOMS}
    for symptom in session.symptoms:
        found[f"symptom.{symptom.name}"] = symptom.grade
    for score in session.scores:
        found[score.scale] = score.total
    for observation in session.observations:
        if observation.resp is not None:
            found["resp"] = observation.resp
        if observation.temperature is not None:
            found["temperature"] = observation.temperature
    if session.news2:
        latest = session.news2[-1]
        found["news2"] = latest.total + sum(latest.held.values())
        found["news2-single"] = max(latest.single, *latest.held.values(), 0)
    return found


def score(session: Session, values: Values, now: datetime) -> dict[str, Any] | None:
    """The payload of a NEWS2 scored now from what is present and fresh, None from nothing."""

    def observed(of: Callable[[Any], T | None]) -> T | None:
        fresh = (of(o) for o in reversed(session.observations) if now - o.at <= FRESH)
        return next((value for value in fresh if value is not None), None)

    def measured(name: str) -> float | None:
        return values[name].value if name in values else None

    resp = measured("resp")
    found = news2.news2(
        news2.Observation(
            resp=observed(lambda o: o.resp) if resp is None else resp,
            spo2=measured("spo2"),
            oxygen=observed(lambda o: o.oxygen),
            sys=measured("sys"),
            pulse=measured("pulse"),
            alert=_alert(session, now),
            temperature=observed(lambda o: o.temperature),
        )
    )
    if found is None:
        return None
    known = {name: points for scored in session.news2 for name, points in scored.points.items()}
    return {
        "total": found.total,
        "single": found.single,
        "points": dict(found.points),
        "missing": list(found.missing),
        "held": {name: known[name] for name in found.missing if name in known},
    }


def _alert(session: Session, now: datetime) -> bool | None:
    """Whether the patient is alert, by what was observed last: ACVPU or MOAA/S."""
    said = [(o.at, o.consciousness == "alert") for o in session.observations if o.consciousness]
    moaas = session.last_score("moaas")
    if moaas is not None:
        said.append((moaas.at, moaas.total >= ALERT_FROM))
    at, alert = max(said, default=(None, None))
    return alert if at is not None and now - at <= FRESH else None
