"""A session: one dose at one bed, folded from its events.

`Session.evolve` is the only way a session changes; it decides nothing. What may happen
when is decided in `monitor.decisions`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from drivers.clock import parse_rfc3339
from monitor.events import Event
from monitor.regimen import Regimen


class Phase(StrEnum):
    """Where a session is. `ready` falls back to `observing` when a criterion fails again."""

    BASELINE = "baseline"
    DOSING = "dosing"
    OBSERVING = "observing"
    READY = "ready"
    CLOSED = "closed"
    ABORTED = "aborted"


OPEN = frozenset({Phase.BASELINE, Phase.DOSING, Phase.OBSERVING, Phase.READY})
"""The phases in which the patient is at the bed."""


@dataclass(frozen=True, slots=True)
class Dose:
    """One administration."""

    product: str
    mg: float
    lot: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """One assessment on a scale."""

    scale: str
    total: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pressure:
    """One blood pressure, in mmHg; `mean` and `pulse` where the device gave them."""

    sys: float
    dia: float
    mean: float | None
    pulse: float | None
    device: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Infusion:
    """When an infusion ran. `running` is false while paused and after its end."""

    started_at: datetime
    ended_at: datetime | None = None
    running: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """Everything recorded of one session so far."""

    id: str
    bed: str
    patient: str
    age: int | None
    weight_kg: float | None
    regimen: Regimen
    medicines: tuple[str, ...]
    rules: Mapping[str, str]
    by: str
    started_at: datetime
    phase: Phase = Phase.BASELINE
    doses: tuple[Dose, ...] = ()
    infusion: Infusion | None = None
    scores: tuple[Score, ...] = ()
    pressures: tuple[Pressure, ...] = ()
    baseline: Mapping[str, float] = field(default_factory=dict)
    escort: bool = False
    ended_at: datetime | None = None
    ended_by: str | None = None
    against_criteria: Mapping[str, str] | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the patient is still at the bed."""
        return self.phase in OPEN

    @property
    def first_dose_at(self) -> datetime | None:
        """When the first administration, or the infusion, began."""
        begun = [dose.at for dose in self.doses]
        if self.infusion is not None:
            begun.append(self.infusion.started_at)
        return min(begun, default=None)

    @property
    def last_dose_at(self) -> datetime | None:
        """When the last administration was given, or the infusion ended.

        None before that, and while an infusion runs.
        """
        given = [dose.at for dose in self.doses]
        if self.infusion is not None:
            if self.infusion.ended_at is None:
                return None
            given.append(self.infusion.ended_at)
        return max(given, default=None)

    @property
    def window_ends_at(self) -> datetime | None:
        """When the observation window is over; while an infusion runs, its planned end counts."""
        start = self.last_dose_at
        if self.infusion is not None and start is None:
            planned = timedelta(minutes=self.regimen.infusion_min or 0)
            start = self.infusion.started_at + planned
        return None if start is None else start + timedelta(minutes=self.regimen.window_min)

    @property
    def given_mg(self) -> float:
        """The sum of the doses so far."""
        return sum(dose.mg for dose in self.doses)

    def last_score(self, scale: str) -> Score | None:
        """The latest assessment on that scale; of two at one time, the one recorded last."""
        found = [score for score in reversed(self.scores) if score.scale == scale]
        return max(found, key=lambda score: score.at, default=None)

    @classmethod
    def begin(cls, event: Event) -> "Session":
        """The session that a `session.started` event starts."""
        data = event.payload
        return cls(
            id=str(event.session),
            bed=event.bed,
            patient=data["patient"],
            age=data["age"],
            weight_kg=data["weight_kg"],
            regimen=Regimen.model_validate(data["regimen"]),
            medicines=tuple(data["medicines"]),
            rules=data["rules"],
            by=data["by"],
            started_at=event.at,
        )

    def evolve(self, event: Event) -> "Session":
        """The session after `event`; unchanged by events that are not about it."""
        step = _STEPS.get(event.type)
        return self if step is None else step(self, event.payload, event.at)


Payload = Mapping[str, Any]


def _dose(session: Session, data: Payload, _: datetime) -> Session:
    at = parse_rfc3339(data["at"])
    dose = Dose(data["product"], data["mg"], data["lot"], data["by"], at)
    first = session.first_dose_at is None
    session = replace(session, doses=(*session.doses, dose), phase=_dosing(session.phase))
    return _with_baseline(session, at) if first else session


def _infusion_started(session: Session, _: Payload, at: datetime) -> Session:
    first = session.first_dose_at is None
    session = replace(session, infusion=Infusion(at), phase=_dosing(session.phase))
    return _with_baseline(session, at) if first else session


def _dosing(phase: Phase) -> Phase:
    return Phase.DOSING if phase in OPEN else phase


def _with_baseline(session: Session, dosed_at: datetime) -> Session:
    """What was found last before the dose, also when the dose is recorded later."""
    baseline: dict[str, float] = {}
    for pressure in session.pressures:
        if pressure.at <= dosed_at:
            baseline |= {"sys": pressure.sys, "dia": pressure.dia}
    for score in sorted(session.scores, key=lambda score: score.at):
        if score.at <= dosed_at:
            baseline[score.scale] = score.total
    return replace(session, baseline=baseline)


def _infusion(session: Session, *, running: bool, ended_at: datetime | None = None) -> Session:
    assert session.infusion is not None
    return replace(session, infusion=replace(session.infusion, running=running, ended_at=ended_at))


def _score(session: Session, data: Payload, _: datetime) -> Session:
    score = Score(data["scale"], data["total"], data["by"], parse_rfc3339(data["at"]))
    return replace(session, scores=(*session.scores, score))


def _pressure(session: Session, data: Payload, at: datetime) -> Session:
    pressure = Pressure(data["sys"], data["dia"], data["map"], data["pulse"], data["device"], at)
    return replace(session, pressures=(*session.pressures, pressure))


def _closed(session: Session, data: Payload, at: datetime) -> Session:
    return replace(
        session,
        phase=Phase.CLOSED,
        ended_at=at,
        ended_by=data["by"],
        escort=session.escort or data["escort"],
        against_criteria=data["against_criteria"],
    )


def _stepped(session: Session, data: Payload, _: datetime) -> Session:
    """The wall clock was set: what was recorded by the old one is restated by the new one."""
    by = timedelta(seconds=data["by_s"])
    infusion = session.infusion
    if infusion is not None:
        ended_at = None if infusion.ended_at is None else infusion.ended_at + by
        infusion = replace(infusion, started_at=infusion.started_at + by, ended_at=ended_at)
    return replace(
        session,
        started_at=session.started_at + by,
        doses=tuple(replace(dose, at=dose.at + by) for dose in session.doses),
        scores=tuple(replace(score, at=score.at + by) for score in session.scores),
        pressures=tuple(replace(taken, at=taken.at + by) for taken in session.pressures),
        infusion=infusion,
    )


_STEPS: Final[Mapping[str, Callable[[Session, Payload, datetime], Session]]] = {
    "dose.given": _dose,
    "infusion.started": _infusion_started,
    "infusion.paused": lambda s, _, __: _infusion(s, running=False),
    "infusion.resumed": lambda s, _, __: _infusion(s, running=True),
    "infusion.ended": lambda s, _, at: _infusion(s, running=False, ended_at=at),
    "score.recorded": _score,
    "pressure.measured": _pressure,
    "escort.confirmed": lambda s, _, __: replace(s, escort=True),
    "session.observing": lambda s, _, __: replace(s, phase=Phase.OBSERVING),
    "clock.stepped": _stepped,
    "session.ready": lambda s, _, __: replace(s, phase=Phase.READY),
    "session.not-ready": lambda s, _, __: replace(s, phase=Phase.OBSERVING),
    "session.closed": _closed,
    "session.aborted": lambda s, data, at: replace(
        s, phase=Phase.ABORTED, ended_at=at, ended_by=data["by"], reason=data["reason"]
    ),
}
