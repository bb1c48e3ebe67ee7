"""What people may ask of a bed, drawn so that most of it is possible as the bed stands.

Every kind of command has one strategy, which looks at the bed: which alarms are open, which
records stand, when the session began. A part of what is drawn is refused, and is meant to be.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from alerts.alarm.lifecycle import Alarm, State
from drivers.clock import Instant
from monitor.bed.bed import Bed
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    Acknowledge,
    AddNote,
    AssignmentAction,
    AssignNurse,
    ChooseNews2Scale,
    ClearanceScope,
    Close,
    Command,
    ConfirmDoseTime,
    ConfirmEscort,
    ControlInfusion,
    CorrectSession,
    Deviation,
    EnableNibp,
    GiveDose,
    InfusionAction,
    InhibitNibp,
    MeasurePressure,
    MoveIn,
    MoveOut,
    Override,
    PauseAudio,
    ProveAlarmPath,
    RecordClearance,
    RecordObservation,
    RecordPatientLeft,
    RecordPreparation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    ReopenSession,
    RetractRecord,
    SetAlarmLimit,
    StartSession,
    StopDosing,
    Unacknowledge,
)
from monitor.session.records import Dose, DosingStop, Observation, Pressure, Record, Score, Symptom
from monitor.session.regimen import Regimen
from tests.monitor.builders import REGIMENS

Draw = Callable[[Bed, Instant], st.SearchStrategy[Any]]

WHY: Final = st.just("why")
CLINICIAN: Final = st.just("dr.b")
NURSE: Final = st.sampled_from(["nurse.a", "nurse.b"])
GIVEN: Final[Mapping[str, Any]] = {"given": True, "deviation": Deviation("why")}


def _shortened(regimen: Regimen) -> Regimen:
    """With a window, and a time of good SpO2, that a test can wait for."""
    discharge = regimen.discharge.model_copy(update={"spo2_held_min": 1})
    return regimen.model_copy(update={"window_min": 12, "discharge": discharge})


regimens: Final = st.sampled_from(
    [
        _shortened(REGIMENS["esketamine-84"]),
        _shortened(REGIMENS["ketamine-iv"]),
        REGIMENS["esketamine-28"],
        REGIMENS["ketamine-iv"],
    ]
)


# ── what a command names ────────────────────────────────────────────────────────────────


def moments(bed: Bed, now: Instant) -> st.SearchStrategy[datetime | None]:
    """Now, or a while ago in the session; seldom before the session, or still to come."""
    begun = now.wall if bed.session is None else bed.session.started_at

    def ago(minutes: float) -> datetime:
        return now.wall - timedelta(minutes=minutes)

    return st.one_of(
        st.none(),
        st.none(),
        st.sampled_from([0.53, 3.31, 11.1, 39.17, 100.1]).map(ago).map(lambda at: max(at, begun)),
        st.sampled_from([0.7, 11.3, 150.3, -0.4, -2.2]).map(ago),
    )


def records(bed: Bed, *kinds: type[Record]) -> st.SearchStrategy[str]:
    """A record of these kinds that stands; seldom one that does not, any more or at all."""
    if bed.session is None:
        return st.just("unknown")
    standing = [record.id for record in bed.session.records() if isinstance(record, kinds)]
    gone = [correction.was.id for correction in bed.session.corrections]
    return st.sampled_from([*standing, *standing, *gone, "unknown"])


def _corrected(bed: Bed, kind: type[Record]) -> st.SearchStrategy[str | None]:
    return st.sampled_from([True] + [False] * 9).flatmap(
        lambda is_corrected: records(bed, kind) if is_corrected else st.none()
    )


def alarms(bed: Bed, wanted: Callable[[Alarm], bool]) -> st.SearchStrategy[str]:
    """An alarm that is `wanted`, if there is one; seldom another, which may have ended."""
    every = [*bed.alarm_engine.alarms.values()]
    some = [alarm.id for alarm in every if wanted(alarm)]
    return st.sampled_from([*some * 3, *(alarm.id for alarm in every), "unknown"])


# ── before and at the dose ──────────────────────────────────────────────────────────────


def _start(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    return st.builds(
        StartSession,
        st.just(f"s-{now.mono:.0f}-{bed.event_number}"),
        st.just("P-017"),
        st.sampled_from([44, 70, None]),
        st.sampled_from([70.0, 70.0, 70.0, None]),
        regimens,
        st.sampled_from([None, (), ("opioid",)]),
        NURSE,
        st.sampled_from([None, True]),
        st.sampled_from([None, 1]),
    )


def _correct_session(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(
        CorrectSession,
        NURSE,
        WHY,
        st.sampled_from([None, 17, 44, 70]),
        st.sampled_from([None, 70.0, 80.0]),
        st.one_of(st.none(), regimens),
        st.sampled_from([None, None, 35.0]),
    )


def _prepare(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    medicines = st.sampled_from([None, (), ("benzodiazepine", "opioid")])
    return st.builds(RecordPreparation, medicines, st.sampled_from([None, True, False]), NURSE)


def _dose(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    ours, left_mg = "esketamine", 84.0
    if bed.session is not None:
        ours = bed.session.regimen.product
        planned_mg = bed.session.regimen.planned_mg(bed.session.weight_kg) or 0.0
        left_mg = planned_mg - bed.session.given_mg
    return st.builds(
        GiveDose,
        st.sampled_from([ours] * 9 + ["water"]),
        st.sampled_from([28.0, 28.0, 10.0, left_mg, left_mg, 84.0]),
        NURSE,
        st.one_of(st.none(), moments(bed, now)),
        st.none(),
        _corrected(bed, Dose),
        lot=st.sampled_from([None, "A123"]),
    ).flatmap(_perhaps_given)


def _perhaps_given(command: Any) -> st.SearchStrategy[Command]:
    """Mostly what has been given already, for whatever reason."""
    return st.sampled_from([GIVEN] * 4 + [{}]).map(lambda past: replace(command, **past))


def _infusion(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    ran = None if bed.session is None else bed.session.infusion
    fit = [InfusionAction.START]
    if ran is not None:
        turn = InfusionAction.RESUME if ran.is_paused else InfusionAction.PAUSE
        fit = [turn] * 4 + [InfusionAction.END]
    return st.builds(
        ControlInfusion,
        st.sampled_from([*fit * 3, *InfusionAction]),
        NURSE,
        st.one_of(st.none(), moments(bed, now)),
        st.none(),
        st.sampled_from([None, "nausea"]),
    ).flatmap(_perhaps_given)


# ── what is put on record ───────────────────────────────────────────────────────────────

_ITEMS: Final = st.one_of(
    st.lists(st.integers(0, 4), min_size=23, max_size=23),
    st.lists(st.just(0), min_size=23, max_size=23),
    st.lists(st.integers(0, 5), min_size=22, max_size=23),
).map(lambda points: {str(item): given for item, given in enumerate(points, start=1)})


def _score(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    totals = [
        ("cadss", st.sampled_from([0, 3, 4, 5, 29, 31, 93]), st.none()),
        ("cadss", st.none(), _ITEMS),
        ("cadss", st.just(0), _ITEMS),
        ("moaas", st.integers(0, 6), st.none()),
    ]
    return st.sampled_from(totals).flatmap(
        lambda drawn: st.builds(
            RecordScore,
            st.just(drawn[0]),
            drawn[1],
            drawn[2],
            NURSE,
            moments(bed, now),
            _corrected(bed, Score),
        )
    )


def _symptom(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    return st.builds(
        RecordSymptom,
        st.sampled_from(["nausea", "headache", "chest-pain", "seizure", "boredom"]),
        st.sampled_from([0, 1, 2, 3, 3, 4]),
        NURSE,
        moments(bed, now),
        _corrected(bed, Symptom),
        note=st.sampled_from([None, "sudden"]),
        serious=st.sampled_from([None, True]),
    )


def _observation(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    return st.builds(
        RecordObservation,
        NURSE,
        moments(bed, now),
        _corrected(bed, Observation),
        resp=st.sampled_from([None, 7.0, 14.0, 26.0, 90.0]),
        temperature=st.sampled_from([None, 34.9, 36.8, 39.2]),
        oxygen=st.sampled_from([None, False, True]),
        oxygen_flow=st.sampled_from([None, 0.0, 2.0, 6.0]),
        consciousness=st.sampled_from([None, "alert", "alert", "voice", "asleep"]),
    )


def _pressure(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    return st.builds(
        RecordPressure,
        st.sampled_from([85.0, 118.0, 121.0, 145.0, 165.0, 185.0, 20.0]),
        st.sampled_from([60.0, 78.0, 95.0, 112.0]),
        NURSE,
        moments(bed, now),
        _corrected(bed, Pressure),
        pulse=st.sampled_from([None, 70.0, 125.0]),
    )


def _retract(bed: Bed, _: Instant) -> st.SearchStrategy[Command]:
    return st.builds(RetractRecord, records(bed, Record), NURSE, WHY)


def _note(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(AddNote, st.just("calm"), NURSE)


# ── what a clinician and the nurses settle ──────────────────────────────────────────────

_LIMITS: Final = (
    ("spo2.low", "spo2", (86.0, 90.0, 98.0)),
    ("pressure.severe", "sys", (150.0, 200.0)),
    ("pressure.rise", "dia", (10.0, 50.0)),
    ("pulse.high", None, (60.0, 150.0, 400.0)),
    ("spo2.falling", None, (2.0, 12.0)),
    ("news2.high", None, (3.0, 12.0)),
    ("pressure.severe", None, (150.0,)),
    ("pulse.extreme", None, (150.0,)),
    ("tech.sensor-off", None, (1.0,)),
    ("nothing", None, (1.0,)),
)

_EXTREMES: Final = (("above", 110.0), ("below", 60.0), ("at_most", 60.0))


def _limit(bed: Bed, _: Instant) -> st.SearchStrategy[Command]:
    own = [] if bed.session is None else sorted(bed.session.patient_limits())
    wanted = [(rule, signal, limit, None) for rule, signal, limits in _LIMITS for limit in limits]
    several = [("pulse.extreme", None, to, which) for which, to in _EXTREMES]
    of_set = [*own * 3, ("spo2.low", "spo2", None)]
    back = [(rule, signal, None, which) for rule, signal, which in of_set]
    return st.sampled_from([*wanted, *several, *back]).flatmap(
        lambda drawn: st.builds(
            SetAlarmLimit,
            *map(st.just, drawn[:3]),
            CLINICIAN,
            WHY,
            NURSE,
            comparison=st.just(drawn[3]),
        )
    )


def _scale(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(ChooseNews2Scale, st.sampled_from([2, 1, 3]), CLINICIAN, WHY, NURSE)


def _clear(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    """Mostly of what is not met."""
    to_give = bed.readiness.predose_criteria(now) if bed.session is not None else []
    to_leave = bed.readiness.discharge_criteria(now) if bed.session is not None else []
    waits = {
        ClearanceScope.DOSE: [c.name for c in to_give if not c.met],
        ClearanceScope.LEAVING: [c.name for c in to_leave if not c.met],
    }
    return st.sampled_from([*waits]).flatmap(
        lambda scope: st.builds(
            RecordClearance,
            st.just(scope),
            CLINICIAN,
            WHY,
            NURSE,
            st.lists(st.sampled_from([*waits[scope], "age"]), max_size=3).map(tuple),
        )
    )


def _watch(bed: Bed, _: Instant) -> st.SearchStrategy[Command]:
    nurses = ["nurse.a", "nurse.b"]
    if bed.session is not None and bed.session.nurse is not None:
        nurses += [bed.session.nurse] * 2
    to = st.sampled_from(["nurse.a", "nurse.b", None])
    return st.builds(AssignNurse, st.sampled_from(AssignmentAction), st.sampled_from(nurses), to)


def _stop_dosing(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(StopDosing, WHY, NURSE)


def _escort(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(ConfirmEscort, NURSE)


def _prove(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(ProveAlarmPath, NURSE)


def _reopen(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(ReopenSession, NURSE)


def _move_out(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(MoveOut, st.sampled_from(["bed-1", "bed-2"]), NURSE, st.none())


def _move_in(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    """Of a session that nobody brings."""
    return st.builds(
        MoveIn,
        session=st.just("s-0"),
        from_bed=st.just("bed-2"),
        from_n=st.just(1),
        by=NURSE,
        reason=st.none(),
        onsets=st.just({}),
        spo2=st.just(()),
        inhibited=st.none(),
    )


def _dose_time(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(ConfirmDoseTime, NURSE)


def _close(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    against = st.sampled_from([(None, None), ("dr.b", "why"), ("dr.b", None)])
    suicidality = st.sampled_from(["none", "none", "concern", None])
    return against.flatmap(
        lambda word: st.builds(Close, NURSE, st.booleans(), *map(st.just, word), suicidality)
    )


def _abort(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(
        Abort,
        NURSE,
        st.sampled_from(["why", "why", None]),
        st.sampled_from([None, *AbortOutcome]),
        st.sampled_from([None, "ward 3"]),
        st.sampled_from([None, Override("dr.b", "why")]),
    )


def _left(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    return st.builds(RecordPatientLeft, NURSE, moments(bed, now), st.sampled_from([None, "ward 3"]))


# ── alarms and the cuff ─────────────────────────────────────────────────────────────────


def _acknowledge(bed: Bed, _: Instant) -> st.SearchStrategy[Command]:
    def waits(alarm: Alarm) -> bool:
        return alarm.state is State.LATCHED or (alarm.is_open and not alarm.acknowledged)

    return st.builds(Acknowledge, alarms(bed, waits), NURSE)


def _unacknowledge(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    session = None if bed.session is None else bed.session.id

    def is_taken(alarm: Alarm) -> bool:
        return bed.alarm_engine.why_not_unacknowledged(alarm.id, session, now) is None

    return st.builds(Unacknowledge, alarms(bed, is_taken), NURSE, st.just("the wrong bed"))


def _pause(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(PauseAudio, NURSE, st.sampled_from([5.0, 30.0, 120.0, 121.0]))


def _measure(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(MeasurePressure, NURSE)


def _stop(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(InhibitNibp, NURSE, st.just("a line in that arm"))


def _allow(_: Bed, __: Instant) -> st.SearchStrategy[Command]:
    return st.builds(EnableNibp, NURSE)


ASKED: Final[Mapping[type[Any], Draw]] = {
    StartSession: _start,
    CorrectSession: _correct_session,
    RecordPreparation: _prepare,
    GiveDose: _dose,
    StopDosing: _stop_dosing,
    ControlInfusion: _infusion,
    RecordScore: _score,
    RecordSymptom: _symptom,
    RecordObservation: _observation,
    RecordPressure: _pressure,
    RetractRecord: _retract,
    AddNote: _note,
    SetAlarmLimit: _limit,
    ChooseNews2Scale: _scale,
    RecordClearance: _clear,
    AssignNurse: _watch,
    ConfirmEscort: _escort,
    ProveAlarmPath: _prove,
    ConfirmDoseTime: _dose_time,
    ReopenSession: _reopen,
    MoveOut: _move_out,
    MoveIn: _move_in,
    Close: _close,
    Abort: _abort,
    RecordPatientLeft: _left,
    Acknowledge: _acknowledge,
    Unacknowledge: _unacknowledge,
    PauseAudio: _pause,
    MeasurePressure: _measure,
    InhibitNibp: _stop,
    EnableNibp: _allow,
}
"""How each kind of command is drawn."""

RECORDS: Final = (RecordScore, RecordSymptom, RecordObservation, RecordPressure)
SETTLED: Final = (
    StopDosing,
    CorrectSession,
    SetAlarmLimit,
    SetAlarmLimit,
    ChooseNews2Scale,
    AssignNurse,
    ConfirmEscort,
    ConfirmDoseTime,
    ProveAlarmPath,
    AddNote,
)
ALARMS: Final = (Acknowledge, Unacknowledge, PauseAudio)
CUFF: Final = (MeasurePressure, InhibitNibp, EnableNibp)
ENDS: Final = (Close, Close, Abort, Abort, RecordPatientLeft, ReopenSession, MoveOut)
"""The kinds of command, by what they are about."""


def giving(bed: Bed) -> type[Any]:
    """How the regimen's product is given."""
    assert bed.session is not None
    return ControlInfusion if bed.session.regimen.is_infusion else GiveDose


_OF_RECORD: Final[Mapping[type[Record], type[Any]]] = {
    Dose: GiveDose,
    DosingStop: StopDosing,
    Score: RecordScore,
    Symptom: RecordSymptom,
    Observation: RecordObservation,
    Pressure: RecordPressure,
}


def corrections(bed: Bed, now: Instant) -> st.SearchStrategy[Command]:
    """Another record in the place of one that stands, or its withdrawal."""
    assert bed.session is not None

    def corrected(record: Record) -> st.SearchStrategy[Command]:
        anew = ASKED[_OF_RECORD[type(record)]](bed, now)
        withdrawn = st.just(RetractRecord(record.id, "nurse.a", "why"))
        return st.one_of(anew.map(lambda new: replace(new, corrects=record.id)), withdrawn)

    return st.sampled_from([*bed.session.records()]).flatmap(corrected)


def whole_dose(bed: Bed) -> Iterator[Command]:
    """All that the regimen plans, at once."""
    assert bed.session is not None
    of, by = bed.session.regimen, "nurse.a"
    if of.is_infusion:
        yield ControlInfusion(InfusionAction.START, by, **GIVEN)
        yield ControlInfusion(InfusionAction.END, by)
    else:
        yield GiveDose(of.product, of.total_mg or 0.0, by, **GIVEN)


def recovery(bed: Bed) -> Iterator[Command]:
    """What is recorded at a patient who is well again, one after the other."""
    by = "nurse.a"
    assert bed.session is not None
    for symptom in {symptom.name for symptom in bed.session.symptoms}:
        yield RecordSymptom(symptom, 0, by)
    yield RecordObservation(by, resp=14.0, temperature=36.8, oxygen=False, consciousness="alert")
    yield RecordScore("cadss", 0, None, by)
    yield RecordScore("moaas", 5, None, by)
    yield RecordPressure(119, 77, by)
    yield RecordPressure(118, 76, by)
    yield ConfirmEscort(by)
    for alarm in bed.alarm_engine.open_alarms():
        yield Acknowledge(alarm.id, by)
    if bed.session.first_dose_at is not None:
        items = ("pressure-near-baseline", "no-serious-event")
        for item in items:
            yield RecordClearance(ClearanceScope.LEAVING, "dr.b", "why", by, (item,))
