"""Whether the patient may leave: each criterion, met or not, and why. Pure.

A value that is missing or stale makes its criterion not met.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alerts.alarm import Alarm
from alerts.evaluation import Value
from alerts.rules import Kind, Priority
from drivers.clock import Instant
from monitor.session.baseline import is_after_last_dose
from monitor.session.clearance import situation, with_clearances
from monitor.session.commands import ClearanceScope
from monitor.session.criterion import Criterion
from monitor.session.dose_time import dose_time_criteria
from monitor.session.due_times import record_times
from monitor.session.episodes import DESATURATIONS, respiratory_depression
from monitor.session.history import AlarmOccurrence
from monitor.session.predose import NONE_OF_PATIENT, SPO2_RULE
from monitor.session.records import Correction, Record, Score, Symptom
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CHECK_NAMES, CheckState, PlannedCheck
from monitor.session.session import Session
from monitor.session.signals import serious_events, withdrawn_events, worst_told
from monitor.session.spo2_trace import Spo2Trace


@dataclass(frozen=True, slots=True)
class DischargeEvidence:
    """What the criteria look at besides the session.

    `spo2` is the value now, None when missing or stale; `spo2_held_min` for how many
    minutes it has been seen without a gap or a value under the regimen's limit; `spo2_trace`
    what it was until `mono`, in monotonic seconds; `pressure_fresh` whether the last pressure
    is recent enough to say anything; `past_alarms` the last of each rule's, where it has ended.
    """

    spo2: float | None
    spo2_held_min: float
    open_alarms: Iterable[Alarm]
    schedule: Iterable[PlannedCheck]
    pressure_fresh: bool
    spo2_trace: Spo2Trace = field(default_factory=Spo2Trace)
    mono: float = 0.0
    past_alarms: Iterable[Alarm] = ()


@dataclass(slots=True)
class SustainedSpo2:
    """Since when SpO2 has been seen without a gap or a value under a limit.

    `since` is in monotonic seconds, None while it is not.
    """

    since: float | None = None

    def follow(self, spo2: Value | None, least: float, now: Instant) -> bool:
        """Take the value now, None when missing or stale; whether that began or ended it."""
        before = self.since
        if spo2 is None or spo2.value < least:
            self.since = None
        elif before is None:
            self.since = now.mono
        return self.since != before

    def minutes(self, now: Instant) -> float:
        """For how long."""
        return 0.0 if self.since is None else (now.mono - self.since) / 60


def discharge_criteria(
    session: Session, evidence: DischargeEvidence, now: datetime
) -> list[Criterion]:
    """Every criterion, in the order a nurse would ask."""
    alarms = [alarm for alarm in evidence.open_alarms if alarm.kind is Kind.PHYSIOLOGICAL]
    is_former = session.regimen.edition < 3
    checks = [_discharge_checks(session, now)] if session.regimen.checks_can_be_missed else []
    spo2 = (_former_spo2 if is_former else _spo2)(session, evidence)
    found = [
        _window(session, now),
        *dose_time_criteria(session),
        *checks,
        _pressure_severe(session),
        (_former_pressure_leaving if is_former else _pressure_leaving)(session, evidence),
        spo2,
        _cadss(session, now),
        _moaas(session, now),
        _no_respiratory(session, evidence, alarms, now, is_steady=spo2.met),
        *([] if is_former else [_no_serious_event(session)]),
        _no_alarm(alarms, "none open" if is_former else NONE_OF_PATIENT),
        _no_overdue(evidence.schedule, {} if is_former else CHECK_NAMES),
        Criterion("escort", session.escort, "confirmed" if session.escort else "ask and confirm"),
    ]
    if is_former:
        return found
    as_it_is = situation(session, evidence.spo2, alarms, now, evidence.past_alarms)
    return with_clearances(session, ClearanceScope.LEAVING, found, as_it_is, now)


def next_change_s(session: Session, evidence: DischargeEvidence, now: datetime) -> float:
    """In how many seconds time alone may next change whether a criterion is met; inf for never.

    What is planned, and how long a pressure is fresh, change with the plan and the values.
    """
    limits = session.regimen.discharge
    turns = [_spo2_turn_s(session, evidence)]
    if session.window_ends_at is not None:
        turns.append((session.window_ends_at - now).total_seconds())
    scores = filter(None, map(session.last_score, ("cadss", "moaas")))
    turns += [60 * limits.score_fresh_min - (now - score.at).total_seconds() for score in scores]
    if session.regimen.checks_can_be_missed and session.window_ends_at is not None:
        for at in filter(None, (_last_at(session, of) for of in _asked_before_leaving(session))):
            turns.append(60 * limits.check_fresh_min - (now - at).total_seconds())
    if session.regimen.edition >= 3:
        lasts = timedelta(minutes=session.regimen.gate.clearance_min)
        turns += [(each.at + lasts - now).total_seconds() for each in session.clearances]
        for at in _signs_of_breathing(session, evidence):
            turns.append(60 * limits.spo2_held_min - (now - at).total_seconds())
    return min((turn for turn in turns if turn >= 0), default=float("inf"))


def _window(session: Session, now: datetime) -> Criterion:
    if session.last_dose_at is None and session.infusion is None:
        return Criterion("window-over", False, "no dose yet")
    if session.regimen.is_infusion and session.infusion is None:
        return Criterion("window-over", False, "the infusion has not been recorded")
    if session.last_dose_at is None or session.window_ends_at is None:
        return Criterion("window-over", False, "the infusion has not ended")
    left_s = (session.window_ends_at - now).total_seconds()
    why = f"{-(-left_s // 60):.0f} min left" if left_s > 0 else "over"
    return Criterion("window-over", left_s <= 0, why)


def _discharge_checks(session: Session, now: datetime) -> Criterion:
    """Each kind that the regimen asks for before leaving, done about the window's end or later."""
    limits = session.regimen.discharge
    lacking = [of for of in _asked_before_leaving(session) if not _is_done(session, of, now)]
    if not lacking:
        return Criterion("discharge-checks", True, "done")
    names = ", ".join(CHECK_NAMES[of] for of in lacking)
    ends_at = session.window_ends_at
    begin_at = None if ends_at is None else ends_at - timedelta(minutes=limits.check_before_end_min)
    if begin_at is None or now < begin_at:
        when = f"from {limits.check_before_end_min:g} min before the window's end"
        return Criterion("discharge-checks", False, f"{names}: {when}")
    return Criterion("discharge-checks", False, f"{names}: now")


def _asked_before_leaving(session: Session) -> list[CheckKind]:
    kinds = (entry.of for entry in session.regimen.check if entry.at_discharge)
    return [*dict.fromkeys(kinds)]


def _is_done(session: Session, of: CheckKind, now: datetime) -> bool:
    limits, ends_at, at = session.regimen.discharge, session.window_ends_at, _last_at(session, of)
    if at is None or ends_at is None:
        return False
    if of is CheckKind.CADSS and _cadss_serves(session):
        return True
    is_late_enough = at >= ends_at - timedelta(minutes=limits.check_before_end_min)
    return is_late_enough and now - at <= timedelta(minutes=limits.check_fresh_min)


def _cadss_serves(session: Session) -> bool:
    """Whether dissociation was seen to be over late enough, and not again since."""
    limits, dosed_at = session.regimen.discharge, session.last_dose_at
    score = session.last_score("cadss")
    if not session.regimen.checks_can_be_missed or score is None or dosed_at is None:
        return False
    from_at = dosed_at + timedelta(minutes=limits.cadss_serves_from_min)
    return score.total <= limits.cadss_most and score.at >= from_at


def _last_at(session: Session, of: CheckKind) -> datetime | None:
    return max(record_times(session, of), default=None)


def _pressure_severe(session: Session) -> Criterion:
    limits = session.regimen.discharge
    last = [p for p in session.pressures if is_after_last_dose(session, p)][-2:]
    if len(last) < 2:
        return Criterion("pressure-not-severe", False, f"{len(last)} of 2 pressures since the dose")
    severe = [p for p in last if p.sys >= limits.severe_sys or p.dia >= limits.severe_dia]
    shown = ", ".join(f"{p.sys:.0f}/{p.dia:.0f}" for p in last)
    return Criterion("pressure-not-severe", not severe, f"last two {shown}")


def _pressure_leaving(session: Session, evidence: DischargeEvidence) -> Criterion:
    name, limits = "pressure-near-baseline", session.regimen.discharge
    if not session.pressures:
        return Criterion(name, False, "no pressure yet")
    last = session.pressures[-1]
    shown = f"{last.sys:.0f}/{last.dia:.0f}"
    if not evidence.pressure_fresh:
        return Criterion(name, False, f"{shown} is too old: measure again")
    if last.sys >= limits.sys_under or last.dia >= limits.dia_under:
        under = f"{limits.sys_under:.0f}/{limits.dia_under:.0f}"
        return Criterion(name, False, f"{shown} is not under {under}")
    if last.sys <= limits.sys_over:
        return Criterion(name, False, f"{shown}: systolic not over {limits.sys_over:.0f}")
    if "sys" not in session.baseline:
        return Criterion(name, False, f"{shown}, and no baseline to hold it against")
    above = last.sys - session.baseline["sys"]
    is_near = above <= limits.above_baseline_mmhg
    return Criterion(name, is_near, f"{shown}, {above:+.0f} from baseline")


def _former_pressure_leaving(session: Session, evidence: DischargeEvidence) -> Criterion:
    name = "pressure-near-baseline"
    if not session.pressures:
        return Criterion(name, False, "no pressure yet")
    if not evidence.pressure_fresh:
        return Criterion(name, False, "the last pressure is too old: measure again")
    last = session.pressures[-1]
    shown = f"{last.sys:.0f}/{last.dia:.0f}"
    limits = session.regimen.discharge
    low = session.baseline.get("sys", float("inf")) - limits.above_baseline_mmhg
    if cleared := session.clearance_for(ClearanceScope.PRESSURE_AT_DISCHARGE, last, low):
        return Criterion(name, True, f"{shown}, cleared by {cleared.clinician}: {cleared.reason}")
    if last.sys >= limits.sys_under or last.dia >= limits.dia_under:
        under = f"{limits.sys_under:.0f}/{limits.dia_under:.0f}"
        return Criterion(name, False, f"{shown} is not under {under}")
    if "sys" not in session.baseline:
        return Criterion(name, False, f"{shown}, and no baseline to hold it against")
    above = last.sys - session.baseline["sys"]
    return Criterion(
        name, abs(above) <= limits.above_baseline_mmhg, f"{shown}, {above:+.0f} from baseline"
    )


def spo2_least(session: Session) -> float:
    """The limit of SpO2 for leaving, in %, or the one that a clinician set for this patient.

    In sessions of an edition before 3 the regimen's own.
    """
    if session.regimen.edition < 3:
        return session.regimen.discharge.spo2_least
    return session.patient_limits().get(SPO2_RULE, session.regimen.discharge.spo2_least)


def _spo2(session: Session, evidence: DischargeEvidence) -> Criterion:
    limits, least, now = session.regimen.discharge, spo2_least(session), evidence.mono
    since, trace = now - 60 * limits.spo2_held_min, evidence.spo2_trace
    if evidence.spo2 is None:
        return Criterion("spo2", False, "no SpO2 now")
    if trace.longest_under_s(least, since, now) >= limits.spo2_under_most_s:
        why = f"under {least:g} % in the last {limits.spo2_held_min:g} min"
        return Criterion("spo2", False, f"{evidence.spo2:.0f} %, {why}")
    seen_min = trace.seen_s(since, now) / 60
    if seen_min < limits.spo2_seen_least_min:
        why = f"seen for {int(seen_min)} of {limits.spo2_seen_least_min:g} min"
        return Criterion("spo2", False, f"{evidence.spo2:.0f} %, {why}")
    return Criterion("spo2", True, f"{evidence.spo2:.0f} %")


def _spo2_turn_s(session: Session, evidence: DischargeEvidence) -> float:
    """In how many seconds time alone may change what is said of SpO2; inf for never."""
    limits, trace, now = session.regimen.discharge, evidence.spo2_trace, evidence.mono
    if evidence.spo2 is None:
        return float("inf")
    if session.regimen.edition < 3:
        return 60 * (limits.spo2_held_min - evidence.spo2_held_min)
    least, within_s = spo2_least(session), 60 * limits.spo2_held_min
    if evidence.spo2 < least:
        left_s = limits.spo2_under_most_s - trace.under_since_s(least, now)
        return left_s if left_s > 0 else float("inf")
    seen_from = trace.seen_from(60 * limits.spo2_seen_least_min, within_s, now)
    over_from = trace.not_under_from(least, limits.spo2_under_most_s, within_s, now)
    at = max(seen_from, over_from)
    return at - now if at > now else float("inf")


def _no_serious_event(session: Session) -> Criterion:
    """A seizure, loss of consciousness or a focal deficit since the dose, however it was told.

    One that was told and then withdrawn, or corrected to none, is for a clinician as well.
    """
    words = [_told(each) for each in serious_events(session)]
    words += map(_withdrawn, withdrawn_events(session))
    why = ", ".join(dict.fromkeys(words))
    return Criterion("no-serious-event", not words, why or "none since the dose")


def _withdrawn(correction: Correction) -> str:
    done = "corrected" if correction.now else "retracted"
    why = f": {correction.reason}" if correction.reason else ""
    at = correction.at.astimezone(UTC)
    return f"{_told(correction.was)}, {done} at {at:%H:%M} UTC by {correction.by}{why}"


def _told(event: Record) -> str:
    if isinstance(event, Symptom):
        return event.name.replace("-", " ")
    return f"MOAA/S {event.total}" if isinstance(event, Score) else "loss of consciousness"


def _former_spo2(session: Session, evidence: DischargeEvidence) -> Criterion:
    name, limits = "spo2", session.regimen.discharge
    if evidence.spo2 is None:
        return Criterion(name, False, "no SpO2 now")
    held, wanted = evidence.spo2_held_min, limits.spo2_held_min
    if held < wanted:
        why = f"{limits.spo2_least:.0f} % or more for {held:.0f} of {wanted:.0f} min"
        return Criterion(name, False, why)
    return Criterion(name, True, f"{evidence.spo2:.0f} %")


def _cadss(session: Session, now: datetime) -> Criterion:
    most = max(session.regimen.discharge.cadss_most, session.baseline.get("cadss", 0))
    return _score("cadss", session, now, lambda total: total <= most)


def _moaas(session: Session, now: datetime) -> Criterion:
    least = session.regimen.discharge.moaas_least
    found = _score("moaas", session, now, lambda total: total >= least)
    last = session.last_score("moaas")
    if session.regimen.edition < 3 or last is None or not found.met:
        return found
    worst = worst_told(session, last)
    return found if worst >= least else Criterion("moaas", False, f"{worst}, as it was told since")


def _score(scale: str, session: Session, now: datetime, is_met: Callable[[int], bool]) -> Criterion:
    score = session.last_score(scale)
    if score is None or not is_after_last_dose(session, score):
        return Criterion(scale, False, "not scored since the dose")
    is_old = now - score.at > timedelta(minutes=session.regimen.discharge.score_fresh_min)
    if is_old and not (scale == "cadss" and _cadss_serves(session)):
        return Criterion(scale, False, f"{score.total}, too long ago: score again")
    return Criterion(scale, is_met(score.total), f"{score.total}")


def _signs_of_breathing(session: Session, evidence: DischargeEvidence) -> Iterator[datetime]:
    """When there may have been a sign of respiratory depression, or the end of one."""
    yield from (seen.at for seen in session.observations)
    for alarm in (*evidence.past_alarms, *evidence.open_alarms):
        if alarm.rule in DESATURATIONS:
            yield alarm.raised_at


def _no_respiratory(
    session: Session,
    evidence: DischargeEvidence,
    alarms: list[Alarm],
    now: datetime,
    *,
    is_steady: bool,
) -> Criterion:
    """`is_steady` is whether SpO2 is as leaving asks."""
    name = "no-respiratory-depression"
    if session.regimen.edition < 3:
        mine = [a for a in alarms if a.rule.startswith(("spo2.", "resp."))]
        return Criterion(name, not mine, mine[0].text if mine else "none open")
    if session.first_dose_at is None:
        return Criterion(name, False, "no dose yet")
    held = timedelta(minutes=session.regimen.discharge.spo2_held_min)
    found = respiratory_depression(
        session,
        map(AlarmOccurrence.of, (*evidence.past_alarms, *alarms)),
        lambda since: now if is_steady and now - since >= held else None,
    )
    if found.is_open:
        return Criterion(name, False, found.worst or "")
    return Criterion(name, True, "none seen" if found.worst is None else f"{found.worst}: over")


def _no_alarm(alarms: list[Alarm], none: str) -> Criterion:
    loud = [a for a in alarms if a.priority >= Priority.MEDIUM]
    return Criterion("no-alarm", not loud, loud[0].text if loud else none)


def _no_overdue(planned: Iterable[PlannedCheck], words: Mapping[CheckKind, str]) -> Criterion:
    late = [item for item in planned if item.state is CheckState.OVERDUE]
    names = ", ".join(dict.fromkeys(words.get(item.check, item.check.value) for item in late))
    return Criterion("no-check-overdue", not late, f"overdue: {names}" if late else "none overdue")
