"""What a bed does about each kind of command: the table `HANDLERS`. Pure.

Whether a command may be carried out, and what follows from it, is decided by
`monitor.session.decide`, the alarms and the NIBP device. A handler raises `Refused`, and then
nothing has changed.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from alerts.alarm import audio_pause
from alerts.evaluation import Signal
from drivers.clock import Instant
from drivers.readings import Vital
from monitor.bed.moving import move_in, move_out
from monitor.session import (
    Abort,
    Acknowledge,
    ChooseNews2Scale,
    ClearanceScope,
    Close,
    ControlInfusion,
    CorrectSession,
    Draft,
    EnableNibp,
    Event,
    GiveDose,
    InhibitNibp,
    MeasurePressure,
    MoveIn,
    MoveOut,
    PauseAudio,
    ProveAlarmPath,
    RecordClearance,
    Refusal,
    Refused,
    ReopenSession,
    Session,
    SessionCommand,
    SetAlarmLimit,
    StartSession,
    Unacknowledge,
    alarm_path,
    decide,
    decide_abort,
    decide_administration,
    decide_correction,
    decide_limits,
    is_session_end,
    reopening,
)

if TYPE_CHECKING:
    from monitor.bed.bed import Bed

Handler = Callable[["Bed", Any, Instant], None]
Decider = Callable[["Bed", Session, Any, Instant], list[Draft]]


# ── sessions ────────────────────────────────────────────────────────────────────────────


def _start_session(bed: "Bed", command: StartSession, now: Instant) -> None:
    type_, payload = decide.start(bed.id, bed.session, command, bed.rules)
    bed.emit(type_, payload, now, session=command.id)
    bed.state.update_charted(now)
    if command.regimen.edition >= 3:
        bed.vitals.clear_spot_checks(now)  # measured at the idle bed: of nobody known
    bed.readiness.start_session(now)
    bed.alarms.evaluated = False


def _run_in_session(bed: "Bed", command: SessionCommand, now: Instant) -> None:
    session = _session_for(bed, command)
    decide_abort.check_not_aborted(session, command)
    for type_, payload in DECIDERS.get(type(command), _decide)(bed, session, command, now):
        if is_session_end(type_, payload):
            bed.alarms.end_session(type_.replace(".", " "), now)
            bed.vitals.clear_spot_checks(now)
            bed.readiness.end_session()
        event = bed.emit(type_, payload, now, session=session.id)
        _evaluate_record(bed, event, session.baseline, now)


def _reopen_session(bed: "Bed", command: ReopenSession, now: Instant) -> None:
    session = bed.session
    for type_, payload in reopening.reopen(session, command, now):
        event = bed.emit(type_, payload, now, session=None if session is None else session.id)
        if payload["was_ended"]:
            bed.vitals.take_record(event, now, bed.state.pressures, now)
            bed.state.update_charted(now)
            bed.readiness.reopen_session(now)
            bed.alarms.reopen_session(now)


def _session_for(bed: "Bed", command: SessionCommand) -> Session:
    """The open session; for what its abort left to be completed also the one that ended last."""
    session = bed.state.open_session
    if session is None and isinstance(command, Abort) and bed.session is not None:
        session = bed.session if bed.session.to_be_completed else None
    if session is None:
        raise Refused(Refusal.CONFLICT, f"{bed.id} has no open session; start one", "session")
    return session


def _evaluate_record(bed: "Bed", event: Event, baseline: Mapping[str, float], now: Instant) -> None:
    """Have the rules see what was recorded, corrected or withdrawn; `baseline` was before it."""
    session = bed.state.open_session
    after = baseline if session is None else session.baseline
    names = baseline.keys() | after.keys()
    changed: set[Signal] = {name for name in names if baseline.get(name) != after.get(name)}
    if event.type == "session.corrected":
        bed.readiness.update_vitals(set(), now)
    if event.type == "alarm-limit.set":
        bed.alarms.use_patient_limits({event.payload["rule"]})
    changed |= bed.vitals.take_record(event, now, bed.state.pressures, now)
    if not _is_new_pressure(bed, event):
        changed |= bed.readiness.age_pressures(now)
    changed |= bed.alarms.chart(event, now)
    if changed:
        bed.alarms.evaluate(changed, now)


def _is_new_pressure(bed: "Bed", event: Event) -> bool:
    """Whether the latest pressure is of this event, and counts though the rhythm finds it stale.

    It is judged once. One that is staler than that, or older than another, is judged by the rhythm.
    """
    session = bed.state.open_session
    latest = None if session is None else session.last_pressure
    return latest is not None and latest.id == event.id and Vital.SYS in bed.vitals.values


def _decide(_: "Bed", session: Session, command: SessionCommand, now: Instant) -> list[Draft]:
    return decide.HANDLERS[type(command)](session, command, now)


def _decide_close(bed: "Bed", session: Session, command: Close, now: Instant) -> list[Draft]:
    criteria = bed.readiness.discharge_criteria(now, escort=command.escort)
    return decide.close(session, command, criteria)


def _decide_abort(bed: "Bed", session: Session, command: Abort, _: Instant) -> list[Draft]:
    return decide_abort.abort(session, command, bed.alarm_engine.open_alarms())


def _decide_dose(bed: "Bed", session: Session, command: GiveDose, now: Instant) -> list[Draft]:
    return decide_administration.dose(
        session, command, now, bed.readiness.predose_criteria_of(session, now)
    )


def _decide_infusion(
    bed: "Bed", session: Session, command: ControlInfusion, now: Instant
) -> list[Draft]:
    return decide_administration.infusion(
        session, command, now, bed.readiness.predose_criteria_of(session, now)
    )


def _decide_alarm_path(
    bed: "Bed", session: Session, command: ProveAlarmPath, _: Instant
) -> list[Draft]:
    alarms = bed.alarm_engine.open_alarms()
    return alarm_path.start(session.alarm_path, command, bed.rules, alarms)


def _decide_clearance(
    bed: "Bed", session: Session, command: RecordClearance, now: Instant
) -> list[Draft]:
    is_leaving = command.scope is ClearanceScope.LEAVING
    criteria = bed.readiness.discharge_criteria if is_leaving else bed.readiness.predose_criteria
    return decide_administration.record_clearance(
        session, command, criteria(now), bed.readiness.situation(session, now)
    )


def _decide_correction(
    _: "Bed", session: Session, command: CorrectSession, now: Instant
) -> list[Draft]:
    return decide_correction.correct(session, command, now)


def _decide_limit(bed: "Bed", session: Session, command: SetAlarmLimit, _: Instant) -> list[Draft]:
    return decide_limits.set_alarm_limit(session, command, bed.rules)


def _decide_scale(
    bed: "Bed", session: Session, command: ChooseNews2Scale, _: Instant
) -> list[Draft]:
    return decide_limits.choose_news2_scale(session, command, bed.rules)


DECIDERS: Final[Mapping[type[Any], Decider]] = {
    Abort: _decide_abort,
    CorrectSession: _decide_correction,
    Close: _decide_close,
    GiveDose: _decide_dose,
    ControlInfusion: _decide_infusion,
    ProveAlarmPath: _decide_alarm_path,
    RecordClearance: _decide_clearance,
    SetAlarmLimit: _decide_limit,
    ChooseNews2Scale: _decide_scale,
}
"""The commands on a session that need more than the session to be decided."""


# ── alarms ──────────────────────────────────────────────────────────────────────────────


def _acknowledge(bed: "Bed", command: Acknowledge, now: Instant) -> None:
    engine = bed.alarm_engine
    decide.acknowledge(bed.id, engine.find(command.alarm), command)
    is_test = bed.alarms.is_about(command.alarm, alarm_path.CONDITION)
    bed.alarms.record(engine.acknowledge(command.alarm, command.by, command.note, now), now)
    session = bed.state.open_session
    if is_test and session is not None and session.alarm_path.is_testing(now.wall):
        bed.emit(*alarm_path.taken(command), now)


def _unacknowledge(bed: "Bed", command: Unacknowledge, now: Instant) -> None:
    engine, session = bed.alarm_engine, bed.state.session_id
    why_not = engine.why_not_unacknowledged(command.alarm, session, now)
    if why_not is not None:
        raise Refused(Refusal.CONFLICT, why_not, "alarm")
    changes = engine.unacknowledge(command.alarm, command.by, command.note, session, now)
    bed.alarms.record(changes, now)


def _pause_audio(bed: "Bed", command: PauseAudio, now: Instant) -> None:
    if not 0 < command.for_s <= audio_pause.MAX_S:
        raise Refused(Refusal.INVALID, f"for_s is 1 to {audio_pause.MAX_S:g}", "for_s")
    priority = audio_pause.sounding(bed.alarm_engine.alarms.values())
    if priority is None:
        raise Refused(Refusal.CONFLICT, f"{bed.id} has no alarm that is to be heard")
    bed.emit(audio_pause.PAUSED, audio_pause.paused(command.by, command.for_s, priority, now), now)


# ── NIBP ────────────────────────────────────────────────────────────────────────────────


def _measure_pressure(bed: "Bed", command: MeasurePressure, now: Instant) -> None:
    bed.emit(*bed.nibp.primary(bed.id).request_by_hand(command.by), now)


def _inhibit_nibp(bed: "Bed", command: InhibitNibp, now: Instant) -> None:
    bed.emit(*bed.nibp.primary(bed.id).inhibit(command.by, command.reason), now)


def _enable_nibp(bed: "Bed", command: EnableNibp, now: Instant) -> None:
    bed.emit(*bed.nibp.primary(bed.id).enable(command.by), now)


HANDLERS: Final[Mapping[type[Any], Handler]] = {
    StartSession: _start_session,
    ReopenSession: _reopen_session,
    MoveOut: move_out,
    MoveIn: move_in,
    Acknowledge: _acknowledge,
    Unacknowledge: _unacknowledge,
    PauseAudio: _pause_audio,
    MeasurePressure: _measure_pressure,
    InhibitNibp: _inhibit_nibp,
    EnableNibp: _enable_nibp,
    **dict.fromkeys(get_args(SessionCommand), _run_in_session),
}
"""The handler of each kind of command."""
