"""A bed and its session as every interface shows them, built from `Bed` and `Session`. Pure.

What there is to show, and what it means, is declared in `bed_view` and `session_view`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from alerts.rules import Kind, Leaf, Limit, Priority, Rise, Rule, leaves
from drivers.clock import Instant, rfc3339
from drivers.readings import CuffState, LinkState
from monitor.bed import bed_view, session_view
from monitor.bed.bed import Bed
from monitor.bed.device_status import DeviceStatus
from monitor.bed.session_view import CHARTED_RULES, LimitLine, ScheduledCheck
from monitor.session import (
    DISCHARGE_TEXT,
    Infusion,
    Phase,
    PlannedCheck,
    Session,
    abort_needs,
    dosing_stop,
    planned_checks,
    shown,
)

Json = shown.Json

ALARM_LOAD_WINDOW: Final = timedelta(minutes=120)
"""The time over which a bed's alarms are counted [clinical.md]."""


def vitals(bed: Bed, now: Instant) -> Json:
    """Every vital the bed's devices can give, each as `bed_view.LatestVital` declares it.

    They are pushed for each bed all the time, and a dictionary is made in less than half the
    time of a dataclass.
    """
    return {
        each.vital.value: {
            "value": each.value,
            "unit": each.unit,
            "at": _wall(each.at),
            "age_s": None if each.at is None else round(now.mono - each.at.mono, 1),
            "quality": each.quality.value,
            "stale": each.stale,
            "reason": each.reason,
            "missing_since": _wall(each.missing_since),
            "device": each.device,
        }
        for each in bed.vitals.views(now)
    }


def session(bed: Bed, now: Instant) -> session_view.Session | None:
    """The bed's session, open or last; None before its first."""
    if bed.session is None:
        return None
    on_record = records(bed.session)
    if not bed.session.is_open:
        return on_record
    is_aborted = bed.session.phase is Phase.ABORTED
    return replace(
        on_record,
        ready=bed.session.phase is Phase.READY,
        limits=list(alarm_limits(bed.alarm_engine.effective_rules, bed.session.baseline)),
        gate=bed.readiness.predose_criteria(now),
        criteria=[] if is_aborted else bed.readiness.discharge_criteria(now),
        schedule=checks(bed.readiness.planned_checks(now)),
        abort_needs=abort_needs(bed.session, bed.alarm_engine.open_alarms()),
    )


def checks(planned: Iterable[PlannedCheck]) -> list[ScheduledCheck]:
    """The checks of a session, in the order they are due."""
    return [
        ScheduledCheck(
            check=check.check, due_at=check.due_at, state=check.state, done_at=check.done_at
        )
        for check in planned
    ]


def alarm_limits(rules: Iterable[Rule], baseline: Mapping[str, float]) -> Iterator[LimitLine]:
    """The limits to draw beside SpO2 and systolic pressure.

    They are those of the physiological rules of medium and high priority.
    """
    for rule in rules:
        if rule.kind is not Kind.PHYSIOLOGICAL or rule.priority is Priority.LOW:
            continue
        for leaf in leaves(rule.condition):
            signal, value = _drawn(leaf, baseline)
            if signal in CHARTED_RULES:
                label = f"{rule.id.split('.')[-1]} {value:g}"
                yield LimitLine(signal, value, rule.priority.label, label)


def _drawn(leaf: Leaf, baseline: Mapping[str, float]) -> tuple[str | None, float]:
    match leaf:
        case Limit(signal=signal, limit=limit):
            return signal, limit
        case Rise(signal, at_least) if signal in baseline:
            return signal, baseline[signal] + at_least
        case _:
            return None, 0.0


def records(of: Session) -> session_view.Session:
    """What is recorded of a session, whether or not it is still open."""
    return session_view.Session(
        id=of.id,
        bed=of.bed,
        patient=of.patient,
        age=of.age,
        weight_kg=of.weight_kg,
        regimen=of.regimen.name,
        title=of.regimen.title,
        number=of.number,
        also_at=of.also_at,
        medicines=of.medicines,
        escort_planned=of.escort_planned,
        preparation=of.preparation,
        moves=of.moves,
        nurse=of.nurse,
        handing_to=of.handover_to,
        attendance=of.attendance,
        state=of.phase,
        by=of.by,
        rules=of.rules,
        started_at=of.started_at,
        first_dose_at=of.first_dose_at,
        last_dose_at=of.last_dose_at,
        dose_time_doubted_at=of.dose_time_doubted_at,
        window_ends_at=of.window_ends_at,
        window_min=of.regimen.window_min,
        planned_mg=of.planned_mg,
        given_mg=round(of.given_mg, 3),
        doses=of.doses,
        dosing_stops=of.dosing_stops,
        dosing_stopped=dosing_stop.in_words(of),
        infusion=None if of.infusion is None else infusion(of, of.infusion),
        scores=of.scores,
        symptoms=of.symptoms,
        observations=of.observations,
        pressures=of.pressures,
        clearances=of.clearances,
        patient_limits=of.limits,
        news2=of.news2[-1] if of.news2 else None,
        news2_scales=of.news2_scales,
        corrections=of.corrections,
        session_corrections=of.session_corrections,
        baseline=of.baseline,
        alarm_path=of.alarm_path,
        escort=of.escort,
        ready=False,
        criteria_met_at=of.criteria_met_at,
        limits=[],
        gate=[],
        criteria=[],
        discharge_text=DISCHARGE_TEXT,
        schedule=[] if of.ended_at is None else checks(planned_checks(of, of.ended_at)),
        ended_at=of.ended_at,
        ended_by=of.ended_by,
        against_criteria=of.against_criteria,
        reason=of.reason,
        aborted_at=of.aborted_at,
        outcome=of.outcome,
        destination=of.destination,
        abort_needs=(),
        to_be_completed=of.to_be_completed,
        patient_left_at=of.ended_at,
    )


def infusion(of: Session, ran: Infusion) -> session_view.Infusion:
    """The infusion, where the regimen has one."""
    return session_view.Infusion(
        started_at=ran.started_at,
        ended_at=ran.ended_at,
        running=ran.running,
        pauses=[session_view.InfusionPause(begun, to) for begun, to in ran.pauses],
        planned_min=of.regimen.infusion_min,
        holds_mg=ran.holds_mg,
        lot=ran.lot,
    )


def device(status: DeviceStatus) -> bed_view.Device:
    """One device at the bed. Where it is connected is for those who look after it."""
    spec, identity = status.spec, status.identity
    is_up = status.link is LinkState.UP
    return bed_view.Device(
        id=spec.id,
        driver=spec.driver,
        title=spec.kind.title,
        url=spec.url,
        link=status.link,
        silent=status.silent,
        reason=None if is_up else status.why,
        technical_detail=None if is_up or status.plain is None else status.reason,
        model=identity.model if identity else None,
        can_measure=spec.kind.can_measure,
        gives_pressure=spec.kind.gives_pressure,
        messages=status.messages,
    )


def cuff(state: CuffState | None, inhibited: str | None) -> bed_view.Cuff | None:
    """What the bed's cuff is doing, None without one."""
    return None if state is None else bed_view.Cuff(state.phase, state.pressure_mmhg, inhibited)


def audio_pause(bed: Bed) -> bed_view.AudioState:
    """Until when the bed's sound is paused, and by whom; None and None when it is not."""
    pause = bed.state.audio_pause
    return SOUNDING if pause is None else bed_view.AudioState(pause.until, pause.by)


SOUNDING: Final = bed_view.AudioState(paused_until=None, by=None)


def alarms(bed: Bed) -> list[Json]:
    """The bed's open alarms, most urgent first."""
    return [alarm.as_json() for alarm in bed.alarm_engine.open_alarms()]


def empty(bed: str, *, simulated: bool) -> bed_view.Bed:
    """A bed of which nothing is known now."""
    return bed_view.Bed(
        id=bed,
        simulated=simulated,
        devices=[],
        vitals={},
        cuff=None,
        session=None,
        alarms=[],
        audio=SOUNDING,
    )


def bed(of: Bed, now: Instant, *, simulated: bool) -> bed_view.Bed:
    """Everything about a bed now."""
    devices = of.technical.devices.values()
    cuffs = [status.cuff for status in devices if status.cuff is not None]
    inhibited = (nibp.inhibited for nibp in of.state.nibp.values())
    return bed_view.Bed(
        id=of.id,
        simulated=simulated,
        devices=[device(status) for status in devices],
        vitals=vitals(of, now),
        cuff=cuff(cuffs[0] if cuffs else None, next(inhibited, None)),
        session=session(of, now),
        alarms=alarms(of),
        audio=audio_pause(of),
    )


def _wall(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at.wall)
