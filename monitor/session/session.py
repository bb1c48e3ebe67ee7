"""A session: one dose at one bed, or at one after the other, folded from its events.

`Session.evolve` is the only way a session changes; it decides nothing. What may happen
when is decided in `monitor.session.decide`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

from alerts.evaluation import LimitKey
from drivers.clock import parse_rfc3339
from monitor.session.alarm_path import NOT_PROVED, PROVED, STARTED, UNTRIED, AlarmPath, evolve
from monitor.session.attendance import ASSIGNED, PRESENT, Attendance, began, ended
from monitor.session.baseline import Administration, found_before_dose
from monitor.session.events import Event
from monitor.session.infusion import Infusion
from monitor.session.moving import MOVED_IN, MOVED_OUT, Move
from monitor.session.preparation import NOTHING_ASKED, Preparation
from monitor.session.records import (
    Clearance,
    Correction,
    Dose,
    DosingStop,
    News2,
    News2Scale,
    Observation,
    PatientLimit,
    Pressure,
    Record,
    Score,
    SessionCorrection,
    Symptom,
)
from monitor.session.regimen import Regimen
from monitor.session.reopening import REOPENED, Ending, is_session_end, reopened, with_ending


class Phase(StrEnum):
    """Where a session is. `ready` falls back to `observing` when a criterion fails again."""

    BASELINE = "baseline"
    DOSING = "dosing"
    OBSERVING = "observing"
    READY = "ready"
    CLOSED = "closed"
    ABORTED = "aborted"


SPILL: Final = 1.001
"""How far a sum of doses may be from what was planned, for rounding's sake."""

UNDER_WAY: Final = frozenset({Phase.BASELINE, Phase.DOSING, Phase.OBSERVING, Phase.READY})
"""The phases in which treatment goes on."""


@dataclass(frozen=True, slots=True)
class Session:
    """Everything recorded of one session so far.

    It ends when the patient leaves the bed: with the close, with the abort, or after that.
    `to_be_completed` names what a transfer was recorded without; `places` holds the number of
    the event that put each record on record, a correction that of what it corrects. Events are
    numbered by bed: after a move numbers go on from `moved_place`, `n_before` past the bed's own.
    `former_regimens` are those that were corrected after the first dose, each with the time
    until which its checks stand. From `dose_time_doubted_at` on nobody can say how long ago the
    dose was (`monitor.session.dose_time`).
    """

    id: str
    bed: str
    patient: str
    age: int | None
    weight_kg: float | None
    regimen: Regimen
    medicines: tuple[str, ...] | None
    rules: Mapping[str, str]
    by: str
    started_at: datetime
    number: int | None = None
    also_at: str | None = None
    escort_planned: bool | None = None
    preparation: Preparation = NOTHING_ASKED
    prepared_at: datetime | None = None
    dose_time_doubted_at: datetime | None = None
    dose_time_confirmed_by: str | None = None
    nurse: str | None = None
    handover_to: str | None = None
    attendance: tuple[Attendance, ...] = ()
    phase: Phase = Phase.BASELINE
    doses: tuple[Dose, ...] = ()
    dosing_stops: tuple[DosingStop, ...] = ()
    infusion: Infusion | None = None
    scores: tuple[Score, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    observations: tuple[Observation, ...] = ()
    pressures: tuple[Pressure, ...] = ()
    clearances: tuple[Clearance, ...] = ()
    limits: tuple[PatientLimit, ...] = ()
    news2: tuple[News2, ...] = ()
    news2_scales: tuple[News2Scale, ...] = ()
    corrections: tuple[Correction, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    session_corrections: tuple[SessionCorrection, ...] = ()
    former_regimens: tuple[tuple[Regimen, datetime], ...] = ()
    baseline: Mapping[str, float] = field(default_factory=dict)
    escort: bool = False
    criteria_met_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    against_criteria: Mapping[str, str] | None = None
    reason: str | None = None
    aborted_at: datetime | None = None
    outcome: str | None = None
    destination: str | None = None
    to_be_completed: tuple[str, ...] = ()
    ending: Ending | None = None
    alarm_path: AlarmPath = UNTRIED
    moves: tuple[Move, ...] = ()
    n_before: int = 0
    moved_place: int = 0

    @property
    def here_since(self) -> datetime:
        """Since when the patient is at the session's bed."""
        return self.moves[-1].at if self.moves else self.started_at

    @property
    def pressures_here(self) -> list[Pressure]:
        """The blood pressures that were put on record at the session's bed."""
        return [each for each in self.pressures if self.places[each.id] > self.moved_place]

    @property
    def is_open(self) -> bool:
        """Whether the patient is still at the bed."""
        return self.ended_at is None

    @property
    def first_dose_at(self) -> datetime | None:
        """When the first administration, or the infusion, began."""
        first = self.first_administration
        return None if first is None else first.at

    @property
    def first_administration(self) -> Administration | None:
        """The first dose, or the infusion's start; None before that."""
        return next(iter(self._given), None)

    @property
    def last_administration(self) -> Administration | None:
        """The last dose, or the infusion's start or last resumption; None before that."""
        return next(reversed(self._given), None)

    @property
    def last_dose_at(self) -> datetime | None:
        """When the last administration was given, or the infusion ended.

        None before that, and while an infusion runs.
        """
        if self.infusion is not None and self.is_infusion_alone:
            return self.infusion.ended_at
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
            pauses = self.infusion.pauses
            until = pauses[-1][1] or pauses[-1][0] if pauses else self.infusion.started_at
            start = self.infusion.started_at + planned + self.infusion.paused(until)
        return None if start is None else start + timedelta(minutes=self.regimen.window_min)

    @property
    def administrations(self) -> list[Administration]:
        """Each dose, and the infusion's start and each resumption, in order."""
        given = [Administration(dose.at, self.places[dose.id]) for dose in self.doses]
        given += self.infusion.administrations if self.infusion else ()
        if self.regimen.edition < 3:
            return sorted(given)
        return sorted(given, key=lambda each: each.by_minute)

    @property
    def _given(self) -> list[Administration]:
        """The administrations that count: of an infusion its own."""
        if self.infusion is not None and self.is_infusion_alone:
            return self.infusion.administrations
        return self.administrations

    @property
    def is_infusion_alone(self) -> bool:
        """Whether what is given is the infusion, and a dose record beside it only describes it.

        False in sessions recorded before that: there the dose counts as another administration.
        """
        return self.infusion is not None and self.regimen.edition >= 3

    @property
    def planned_mg(self) -> float | None:
        """The whole dose of the regimen for this patient; None where the weight is not known."""
        return self.regimen.planned_mg(self.weight_kg)

    @property
    def infusion_mg(self) -> float | None:
        """What the infusion holds, planned or as a person said; None without one, or unknown."""
        if self.infusion is None:
            return None
        said_mg = self.infusion.holds_mg
        return self.planned_mg if said_mg is None else said_mg

    def ran_in_mg(self, until: datetime) -> float | None:
        """How much of the infusion had run in by `until`; None without one, or a planned dose.

        It runs evenly over its planned minutes, pauses not counted, and holds what is planned,
        or what a person said that it holds.
        """
        holds_mg, minutes = self.infusion_mg, self.regimen.infusion_min
        if self.infusion is None or holds_mg is None or not minutes:
            return None
        return holds_mg * min(self.infusion.ran(until) / timedelta(minutes=minutes), 1.0)

    @property
    def given_mg(self) -> float:
        """What has been given of the regimen's product: by doses, or by an ended infusion."""
        ended_at = None if self.infusion is None else self.infusion.ended_at or self.ended_at
        if self.is_infusion_alone and ended_at is not None:
            return self.ran_in_mg(ended_at) or 0.0
        product = self.regimen.product
        return sum(dose.mg for dose in self.doses if dose.product == product)

    @property
    def is_all_given(self) -> bool:
        """Whether what is planned has been given."""
        planned_mg = self.planned_mg
        return planned_mg is not None and self.given_mg >= planned_mg / SPILL

    @property
    def last_pressure(self) -> Pressure | None:
        """The latest blood pressure."""
        return self.pressures[-1] if self.pressures else None

    def last_score(self, scale: str) -> Score | None:
        """The latest assessment on that scale; of two at one time, the one recorded last."""
        return next((score for score in reversed(self.scores) if score.scale == scale), None)

    def clearance_for(
        self, scope: str, pressure: Pressure, sys_from: float = 0.0
    ) -> Clearance | None:
        """The clinician's decision that covers `pressure`: one on no lower a pressure.

        Nor does it cover one under `sys_from`, unless it was on one as low.
        """
        covering = (
            decision
            for decision in reversed(self.clearances)
            if decision.scope == scope
            and decision.sys is not None
            and decision.dia is not None
            and min(decision.sys, sys_from) <= pressure.sys <= decision.sys
            and pressure.dia <= decision.dia
        )
        return next(covering, None)

    def patient_limits(self) -> dict[LimitKey, float]:
        """The limits that are not the rule set's own."""
        latest = {(one.rule, one.signal, one.comparison): one.limit for one in self.limits}
        return {key: limit for key, limit in latest.items() if limit is not None}

    @property
    def news2_scale(self) -> int:
        """The scale that NEWS2 scores SpO2 on: 1 unless a clinician chose."""
        return self.news2_scales[-1].scale if self.news2_scales else 1

    def records(self) -> Iterator[Record]:
        """Every record that a person can correct, as it stands."""
        for name, _ in _KEPT.values():
            yield from getattr(self, name)

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
            medicines=None if data["medicines"] is None else tuple(data["medicines"]),
            rules=data["rules"],
            by=data["by"],
            started_at=event.at,
            number=data.get("number"),
            also_at=data.get("also_at"),
            escort_planned=data.get("escort_planned"),
            nurse=data["by"],
            attendance=began((), data["by"], ASSIGNED, event.at),
        )

    def evolve(self, event: Event) -> "Session":
        """The session after `event`; unchanged by events that are not about it."""
        if event.type in _KEPT:
            return _with_baseline(_with_record(self, event))
        step = _TRANSITIONS.get(event.type)
        after = with_ending(self, self if step is None else step(self, event), event)
        if not self.is_open or after.ended_at is None:
            return after
        return replace(after, attendance=ended(after.attendance, after.ended_at))


_KEPT: Final[Mapping[str, tuple[str, type[Record]]]] = {
    "dose.given": ("doses", Dose),
    "dosing.stopped": ("dosing_stops", DosingStop),
    "score.recorded": ("scores", Score),
    "symptom.recorded": ("symptoms", Symptom),
    "observation.recorded": ("observations", Observation),
    "pressure.measured": ("pressures", Pressure),
}
"""The records that can be corrected: by the event that makes one, where it is kept."""

_KEPT_ALONE: Final[Mapping[str, tuple[str, type[Record]]]] = {
    "clearance.recorded": ("clearances", Clearance),
    "alarm-limit.set": ("limits", PatientLimit),
    "news2.scored": ("news2", News2),
    "news2-scale.chosen": ("news2_scales", News2Scale),
    "session.corrected": ("session_corrections", SessionCorrection),
}


def _with_record(session: Session, event: Event) -> Session:
    """With the record that `event` makes, in the place of the one it corrects if it does."""
    name, kind = _KEPT[event.type]
    record = kind.of(event)
    corrected = event.payload.get("corrects")
    if corrected is not None:
        session = _without(session, name, corrected, event, now=record.id)
    session = _placed(session, record, session.places.get(corrected or "", _place(session, event)))
    kept = sorted((*getattr(session, name), record), key=attrgetter("at"))
    if isinstance(record, Dose) and not session.is_infusion_alone:
        criteria_met_at = None if corrected is None else session.criteria_met_at
        session = replace(session, phase=_dosing(session.phase), criteria_met_at=criteria_met_at)
    return _keeping(session, name, kept)


def _place(session: Session, event: Event) -> int:
    return session.n_before + event.n


def _placed(session: Session, record: Record, place: int) -> Session:
    return replace(session, places={**session.places, record.id: place})


def _keeping(session: Session, name: str, records: Iterable[Record]) -> Session:
    changed: dict[str, Any] = {name: tuple(records)}
    return replace(session, **changed)


def _without(
    session: Session, name: str, record_id: str, event: Event, *, now: str | None
) -> Session:
    """Without that record, and with the correction that says so."""
    kept = getattr(session, name)
    was = next(record for record in kept if record.id == record_id)
    data = event.payload
    correction = Correction(was, now, data["by"], event.at, data.get("reason"))
    session = replace(session, corrections=(*session.corrections, correction))
    return _keeping(session, name, (record for record in kept if record is not was))


def _retracted(session: Session, event: Event) -> Session:
    record_id = event.payload["record"]
    for name, _ in _KEPT.values():
        if any(record.id == record_id for record in getattr(session, name)):
            session = _without(session, name, record_id, event, now=None)
            if name == "dosing_stops":
                session = replace(session, phase=_dosing(session.phase))
    if session.first_dose_at is None and session.phase in UNDER_WAY:
        session = replace(session, phase=Phase.BASELINE)
    return _with_baseline(session)


def _alone(session: Session, event: Event) -> Session:
    name, kind = _KEPT_ALONE[event.type]
    record = kind.of(event)
    session = _placed(session, record, _place(session, event))
    return _keeping(session, name, (*getattr(session, name), record))


def _dosing(phase: Phase) -> Phase:
    return Phase.DOSING if phase in UNDER_WAY else phase


def _with_baseline(session: Session) -> Session:
    baseline = found_before_dose(session)
    return session if baseline == session.baseline else replace(session, baseline=baseline)


def _infusion(session: Session, event: Event) -> Session:
    at = parse_rfc3339(event.payload["at"]) if "at" in event.payload else event.at
    before = session.infusion
    if event.type == "infusion.started":
        lot = event.payload.get("lot")
        running = Infusion(at, lot=lot, places=(_place(session, event),))
        started = replace(session, infusion=running, phase=_dosing(session.phase))
        return _with_baseline(started)
    assert before is not None
    pauses = before.pauses
    if event.type == "infusion.paused":
        pauses = (*pauses, (at, None))
    elif before.is_paused:
        pauses = (*pauses[:-1], (pauses[-1][0], at))
    ended_at = at if event.type == "infusion.ended" else None
    lot = event.payload.get("lot") or before.lot
    resumed = (_place(session, event),) if event.type == "infusion.resumed" else ()
    places = (*before.places, *resumed)
    ran = replace(before, ended_at=ended_at, pauses=pauses, lot=lot, places=places)
    return replace(session, infusion=ran)


def _news2_held(session: Session, event: Event) -> Session:
    *former, scored = session.news2
    held = scored.holding(event.payload["parameters"], event.at)
    return replace(session, news2=(*former, held))


def _session_corrected(session: Session, event: Event) -> Session:
    data, now = event.payload, event.payload["now"]
    session, regimen = _alone(session, event), session.regimen
    if "regimen" in data:
        regimen = Regimen.model_validate(data["regimen"])
    former, infusion = session.former_regimens, session.infusion
    if "checks_until" in data:
        former = (*former, (session.regimen, parse_rfc3339(data["checks_until"])))
    if infusion is not None and "infusion_mg" in now:
        infusion = replace(infusion, holds_mg=now["infusion_mg"])
    return replace(
        session,
        age=now.get("age", session.age),
        weight_kg=now.get("weight_kg", session.weight_kg),
        regimen=regimen,
        former_regimens=former,
        infusion=infusion,
    )


def _prepared(session: Session, event: Event) -> Session:
    data = event.payload
    medicines, planned = data.get("medicines"), data.get("escort_planned")
    return replace(
        session,
        medicines=session.medicines if medicines is None else tuple(medicines),
        escort_planned=session.escort_planned if planned is None else planned,
        preparation=session.preparation.with_answers(data, event.at),
        prepared_at=event.at,
    )


def _dose_time_confirmed(session: Session, event: Event) -> Session:
    return replace(session, dose_time_doubted_at=None, dose_time_confirmed_by=event.payload["by"])


def _assigned(session: Session, event: Event) -> Session:
    by = event.payload["by"]
    there = began(session.attendance, by, ASSIGNED, event.at)
    return replace(session, nurse=by, handover_to=None, attendance=there)


def _unassigned(session: Session, event: Event) -> Session:
    there = ended(session.attendance, event.at, role=ASSIGNED)
    return replace(session, nurse=None, handover_to=None, attendance=there)


def _present(session: Session, event: Event) -> Session:
    by, there = event.payload["by"], session.attendance
    if event.type == "presence.started":
        return replace(session, attendance=began(there, by, PRESENT, event.at))
    return replace(session, attendance=ended(there, event.at, by=by, role=PRESENT))


def _closed(session: Session, event: Event) -> Session:
    data = event.payload
    return replace(
        session,
        phase=Phase.CLOSED,
        ended_at=event.at,
        ended_by=data["by"],
        escort=data["escort"],
        against_criteria=data["against_criteria"],
    )


def _aborted(session: Session, event: Event) -> Session:
    data = event.payload
    return replace(
        session,
        phase=Phase.ABORTED,
        aborted_at=event.at,
        ended_at=event.at if is_session_end(event.type, data) else None,
        ended_by=data["by"],
        reason=data["reason"],
        outcome=data.get("outcome"),
        destination=data.get("destination"),
        against_criteria=data.get("against_criteria"),
        to_be_completed=tuple(data.get("to_be_completed", ())),
    )


def _abort_completed(session: Session, event: Event) -> Session:
    data = dict(event.payload)
    del data["by"]
    return replace(session, **data | {"to_be_completed": tuple(data["to_be_completed"])})


def _patient_left(session: Session, event: Event) -> Session:
    data = event.payload
    return replace(
        session,
        ended_at=parse_rfc3339(data["at"]),
        destination=data["destination"],
        to_be_completed=tuple(
            name
            for name in session.to_be_completed
            if name != "destination" or data["destination"] is None
        ),
    )


def _moved(session: Session, event: Event) -> Session:
    data = event.payload
    place = session.n_before + data["from_n"]
    move = Move(event.at, session.bed, event.bed, data["by"], data.get("reason"))
    return replace(
        session,
        bed=event.bed,
        moves=(*session.moves, move),
        n_before=place - event.n,
        moved_place=place,
    )


def _stepped(session: Session, event: Event) -> Session:
    """The wall clock was set: what was recorded by the old one is restated by the new one."""
    by = timedelta(seconds=event.payload["by_s"])
    kept: dict[str, Any] = {
        name: tuple(replace(record, at=record.at + by) for record in getattr(session, name))
        for name, _ in (*_KEPT.values(), *_KEPT_ALONE.values())
    }
    criteria_met_at, aborted_at = session.criteria_met_at, session.aborted_at
    doubted_at, ending = session.dose_time_doubted_at, session.ending
    corrections = tuple(
        replace(each, was=replace(each.was, at=each.was.at + by), at=each.at + by)
        for each in session.corrections
    )
    return replace(
        session,
        corrections=corrections,
        started_at=session.started_at + by,
        aborted_at=None if aborted_at is None else aborted_at + by,
        dose_time_doubted_at=None if doubted_at is None else doubted_at + by,
        ending=None if ending is None else ending.shifted(by),
        infusion=None if session.infusion is None else session.infusion.shifted(by),
        criteria_met_at=None if criteria_met_at is None else criteria_met_at + by,
        prepared_at=None if session.prepared_at is None else session.prepared_at + by,
        attendance=tuple(span.shifted(by) for span in session.attendance),
        moves=tuple(replace(move, at=move.at + by) for move in session.moves),
        former_regimens=tuple((of, until + by) for of, until in session.former_regimens),
        **kept,
    )


def _alarm_path(session: Session, event: Event) -> Session:
    return replace(session, alarm_path=evolve(session.alarm_path, event))


_TRANSITIONS: Final[Mapping[str, Callable[[Session, Event], Session]]] = {
    **dict.fromkeys(_KEPT_ALONE, _alone),
    "news2.held": _news2_held,
    "session.corrected": _session_corrected,
    "record.retracted": _retracted,
    "infusion.started": _infusion,
    "infusion.paused": _infusion,
    "infusion.resumed": _infusion,
    "infusion.ended": _infusion,
    "preparation.recorded": _prepared,
    "nurse.assigned": _assigned,
    "nurse.handover-offered": lambda s, e: replace(s, handover_to=e.payload["to"]),
    "nurse.unassigned": _unassigned,
    "presence.started": _present,
    "presence.ended": _present,
    "dose-time.doubted": lambda s, e: replace(s, dose_time_doubted_at=e.at),
    "dose-time.confirmed": _dose_time_confirmed,
    **dict.fromkeys((STARTED, PROVED, NOT_PROVED), _alarm_path),
    "escort.confirmed": lambda s, _: replace(s, escort=True),
    "rules.changed": lambda s, e: replace(s, rules=e.payload["rules"]),
    "session.dosing": lambda s, _: replace(s, phase=_dosing(s.phase)),
    "session.observing": lambda s, _: replace(s, phase=Phase.OBSERVING),
    "session.criteria-met": lambda s, e: replace(s, criteria_met_at=e.at),
    "session.criteria-unmet": lambda s, _: replace(s, criteria_met_at=None),
    "session.ready": lambda s, _: replace(s, phase=Phase.READY),
    "session.ready-withdrawn": lambda s, _: replace(s, phase=Phase.OBSERVING),
    "session.closed": _closed,
    "session.aborted": _aborted,
    "session.abort-completed": _abort_completed,
    "patient.left": _patient_left,
    MOVED_OUT: lambda s, _: s,
    MOVED_IN: _moved,
    REOPENED: reopened,
    "clock.stepped": _stepped,
}

FOLDED: Final = frozenset({"session.started", *_KEPT, *_TRANSITIONS})
"""The types of event that a session is folded from."""
