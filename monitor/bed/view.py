"""A bed in plain JSON data, as every interface shows it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from alerts.rules import Kind, Leaf, Limit, Priority, Rise, Rule, leaves
from drivers.clock import Instant, rfc3339, rfc3339_or_none
from drivers.readings import CuffState, LinkState
from monitor.bed.bed import Bed
from monitor.bed.device_status import DeviceStatus
from monitor.session import ADVISORY_CRITERIA, Infusion, PlannedCheck, Session, planned_checks

Json = dict[str, Any]

CHARTED_RULES: Final = ("spo2", "sys")
"""The signals whose limits are drawn."""

ALARM_LOAD_WINDOW: Final = timedelta(minutes=120)
"""The time over which a bed's alarms are counted [clinical.md]."""


def vitals(bed: Bed, now: Instant) -> Json:
    """Every vital the bed's devices can give."""
    return {
        shown.vital.value: {
            "value": shown.value,
            "unit": shown.unit,
            "at": _wall(shown.at),
            "age_s": None if shown.at is None else round(now.mono - shown.at.mono, 1),
            "quality": shown.quality.value,
            "stale": shown.stale,
            "reason": shown.reason,
            "missing_since": _wall(shown.missing_since),
            "device": shown.device,
        }
        for shown in bed.vital_views(now)
    }


def session(bed: Bed, now: Instant) -> Json | None:
    """The bed's session, open or last; None before its first."""
    if bed.session is None:
        return None
    shown = records(bed.session)
    if not bed.session.is_open:
        return shown
    criteria = bed.discharge_criteria(now)
    return shown | {
        "ready": bed.session.phase.value == "ready",
        "limits": alarm_limits(bed.alarm_engine.effective_rules, bed.session.baseline),
        "gate": [
            asdict(c) | {"required": c.name not in ADVISORY_CRITERIA}
            for c in bed.predose_criteria(now)
        ],
        "criteria": [asdict(c) for c in criteria],
        "schedule": checks(bed.schedule(now)),
    }


def checks(planned: Iterable[PlannedCheck]) -> list[Json]:
    """The checks of a session, in the order they are due."""
    return [
        {
            "check": check.check.value,
            "due_at": rfc3339(check.due_at),
            "state": check.state.value,
            "done_at": rfc3339_or_none(check.done_at),
        }
        for check in planned
    ]


def alarm_limits(rules: Iterable[Rule], baseline: Mapping[str, float]) -> list[Json]:
    """The limits to draw beside SpO2 and systolic pressure.

    They are those of the physiological rules of medium and high priority.
    """
    found = []
    for rule in rules:
        if rule.kind is not Kind.PHYSIOLOGICAL or rule.priority is Priority.LOW:
            continue
        for leaf in leaves(rule.condition):
            signal, value = _drawn(leaf, baseline)
            if signal in CHARTED_RULES:
                label = f"{rule.id.split('.')[-1]} {value:g}"
                line = {"vital": signal, "value": value, "label": label}
                found.append(line | {"priority": rule.priority.label})
    return found


def _drawn(leaf: Leaf, baseline: Mapping[str, float]) -> tuple[str | None, float]:
    match leaf:
        case Limit(signal=signal, limit=limit):
            return signal, limit
        case Rise(signal, at_least) if signal in baseline:
            return signal, baseline[signal] + at_least
        case _:
            return None, 0.0


def records(of: Session) -> Json:
    """What is recorded of a session, whether or not it is still open."""
    return {
        "id": of.id,
        "bed": of.bed,
        "patient": of.patient,
        "age": of.age,
        "weight_kg": of.weight_kg,
        "regimen": of.regimen.name,
        "title": of.regimen.title,
        "number": of.number,
        "medicines": None if of.medicines is None else list(of.medicines),
        "escort_planned": of.escort_planned,
        "nurse": of.nurse,
        "handing_to": of.handover_to,
        "state": of.phase.value,
        "by": of.by,
        "rules": dict(of.rules),
        "started_at": rfc3339(of.started_at),
        "first_dose_at": rfc3339_or_none(of.first_dose_at),
        "last_dose_at": rfc3339_or_none(of.last_dose_at),
        "window_ends_at": rfc3339_or_none(of.window_ends_at),
        "window_min": of.regimen.window_min,
        "planned_mg": of.regimen.planned_mg(of.weight_kg),
        "given_mg": round(of.given_mg, 3),
        "doses": [dose.as_json() for dose in of.doses],
        "infusion": None if of.infusion is None else infusion(of, of.infusion),
        "scores": [score.as_json() for score in of.scores],
        "symptoms": [symptom.as_json() for symptom in of.symptoms],
        "observations": [observation.as_json() for observation in of.observations],
        "pressures": [pressure.as_json() for pressure in of.pressures],
        "clearances": [decision.as_json() for decision in of.clearances],
        "patient_limits": [limit.as_json() for limit in of.limits],
        "news2": of.news2[-1].as_json() if of.news2 else None,
        "corrections": [correction.as_json() for correction in of.corrections],
        "baseline": dict(of.baseline),
        "escort": of.escort,
        "ready": False,
        "criteria_met_at": rfc3339_or_none(of.criteria_met_at),
        "limits": [],
        "gate": [],
        "criteria": [],
        "schedule": [] if of.ended_at is None else checks(planned_checks(of, of.ended_at)),
        "ended_at": rfc3339_or_none(of.ended_at),
        "ended_by": of.ended_by,
        "against_criteria": of.against_criteria,
        "reason": of.reason,
    }


def infusion(of: Session, ran: Infusion) -> Json:
    """The infusion, where the regimen has one."""
    return {
        "started_at": rfc3339(ran.started_at),
        "ended_at": rfc3339_or_none(ran.ended_at),
        "running": ran.running,
        "pauses": [{"from": rfc3339(begun), "to": rfc3339_or_none(to)} for begun, to in ran.pauses],
        "planned_min": of.regimen.infusion_min,
    }


def device(hearing: DeviceStatus) -> Json:
    """One device at the bed. Where it is connected is for those who look after it."""
    spec, identity = hearing.spec, hearing.identity
    return {
        "id": spec.id,
        "driver": spec.driver,
        "title": spec.kind.title,
        "url": spec.url,
        "link": hearing.link.value,
        "silent": hearing.silent,
        "reason": None if hearing.link is LinkState.UP else hearing.reason,
        "model": identity.model if identity else None,
        "can_measure": spec.kind.can_measure,
    }


def cuff(state: CuffState | None) -> Json | None:
    """What the bed's cuff is doing, None without one."""
    if state is None:
        return None
    return {"phase": state.phase.value, "pressure_mmhg": state.pressure_mmhg}


def audio_pause(bed: Bed) -> Json:
    """Until when the bed's sound is paused, and by whom; None and None when it is not."""
    pause = bed.audio_pause
    if pause is None:
        return {"paused_until": None, "by": None}
    return {"paused_until": rfc3339(pause.until), "by": pause.by}


def alarms(bed: Bed) -> list[Json]:
    """The bed's open alarms, most urgent first."""
    return [alarm.as_json() for alarm in bed.alarm_engine.open_alarms()]


def empty(bed: str, *, simulated: bool) -> Json:
    """A bed of which nothing can be said now."""
    return {
        "id": bed,
        "simulated": simulated,
        "devices": [],
        "vitals": {},
        "cuff": None,
        "session": None,
        "alarms": [],
        "audio": {"paused_until": None, "by": None},
    }


def bed(of: Bed, now: Instant, *, simulated: bool) -> Json:
    """Everything about a bed now."""
    states = [h.cuff for h in of.device_status.values() if h.cuff is not None]
    return {
        "id": of.id,
        "simulated": simulated,
        "devices": [device(hearing) for hearing in of.device_status.values()],
        "vitals": vitals(of, now),
        "cuff": cuff(states[0] if states else None),
        "session": session(of, now),
        "alarms": alarms(of),
        "audio": audio_pause(of),
    }


def _wall(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at.wall)
