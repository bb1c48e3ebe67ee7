"""The fields of the form about vital signs, one function each. Pure.

Whether they were acceptable is yes, no, or not known because they were not measured.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from drivers.clock import rfc3339
from monitor.patient.form.provenance import Field, FormContext, Provenance
from monitor.session import (
    GAP,
    STEADY_MMHG,
    ClearanceScope,
    Pressure,
    episodes,
    is_after_dose,
    is_before_dose,
)

MINUTE: Final = timedelta(minutes=1)

AT_MIN: Final = 40
"""When after the last dose a pressure is asked for [label]."""

NEAR_MIN: Final = 15
"""A pressure further from that is not the one that was asked for [default]."""

AFTER: Final = (
    "pressure-not-severe",
    "pressure-near-baseline",
    "spo2",
    "no-respiratory-depression",
    "no-alarm",
)
"""The criteria for leaving that are about vital signs."""

BEFORE_DOSE: Final = (ClearanceScope.DOSE, ClearanceScope.PREDOSE_PRESSURE)
"""The scopes of what was cleared for a dose."""

OF_PRESSURE: Final = frozenset({"pressure-not-severe", "pressure-near-baseline"})
OF_SPO2: Final = frozenset({"spo2", "no-respiratory-depression"})


def before(context: FormContext) -> Field:
    """The last pressure before the first dose and SpO2 then, and what clinicians said of it."""
    history = context.history
    field = Field("acceptable_before", "Vital signs acceptable before the dose", None, "–")
    if history.session.first_dose_at is None:
        return field
    against = [*_pressure_against(context), *_spo2_against(context)]
    unassessed = [*_unassessed_before(context)]
    decided = [d for d in history.session.clearances if d.scope in BEFORE_DOSE]
    given = context.first_given
    payload = {} if given is None else given.payload
    override = payload.get("override") or payload.get("deviation")
    words = [f"{d.clinician} cleared {d.in_words()}: {d.reason}" for d in decided]
    if override:
        by = f" by {override['clinician']}" if "clinician" in override else ""
        words.append(f"given all the same{by}: {override['reason']}")
    words += _far_from_baseline(context)
    return _judged(
        replace(
            field,
            value={
                "clearances": [decision.as_json() for decision in decided],
                "override": override,
                "unmet": payload.get("unmet", []),
            },
            sources=(
                *(context.saw(given, "first dose") or context.nothing),
                *(s for d in decided for s in context.saw(history.event_of(d), "decision")),
            ),
        ),
        against,
        unassessed,
        words,
    )


def _far_from_baseline(context: FormContext) -> Iterator[str]:
    """The other pressures before the dose that are remarked on, whenever they were recorded."""
    session = context.history.session
    base = session.baseline.get("sys")
    if base is None or session.regimen.edition < 3:
        return
    for pressure in session.pressures:
        if is_before_dose(session, pressure) and abs(pressure.sys - base) >= STEADY_MMHG:
            by = f"{STEADY_MMHG} mmHg or more from the baseline of {base:.0f}"
            yield f"{_measured(context, pressure)} is {by}"


def _is_cleared(context: FormContext) -> bool:
    """Whether a clinician had cleared the pressure for the first dose, by name."""
    unmet = [] if context.first_given is None else context.first_given.payload.get("unmet", [])
    return any(each["name"] == "pressure" and each.get("cleared_by") for each in unmet)


def _pressure_before(context: FormContext) -> Pressure | None:
    session = context.history.session
    assert session.first_dose_at is not None
    fresh = timedelta(minutes=session.regimen.gate.pressure_fresh_min)
    since = session.first_dose_at - fresh
    found = [p for p in session.pressures if since <= p.at and is_before_dose(session, p)]
    return found[-1] if found else None


def _pressure_against(context: FormContext) -> Iterator[str]:
    session, last = context.history.session, _pressure_before(context)
    if last is None:
        return
    gate = session.regimen.gate
    shown = f"{last.sys:.0f}/{last.dia:.0f}"
    if _is_cleared(context):
        return
    sys_over, dia_over = gate.pressure_over(session.age)
    is_high = last.sys > sys_over or last.dia > dia_over
    if is_high and session.clearance_for(ClearanceScope.PREDOSE_PRESSURE, last) is None:
        yield f"{shown} is over {sys_over:.0f}/{dia_over:.0f}"
    if last.sys <= gate.sys_least:
        yield f"{shown} is not over {gate.sys_least:.0f}"


def _spo2_against(context: FormContext) -> Iterator[str]:
    first = context.history.session.first_dose_at
    assert first is not None
    for alarm in context.history.alarms():
        is_open = alarm.raised_at <= first and (alarm.over_at is None or alarm.over_at > first)
        if alarm.rule in episodes.DESATURATIONS and is_open:
            yield alarm.text


def _unassessed_before(context: FormContext) -> Iterator[str]:
    session = context.history.session
    assert session.first_dose_at is not None
    if _pressure_before(context) is None:
        yield f"no pressure in the {session.regimen.gate.pressure_fresh_min:g} min before"
    spans = context.coverage.spans
    if not spans or spans[0].start - session.first_dose_at > GAP:
        yield "no SpO2 at the dose"


def after(context: FormContext) -> Field:
    """What the criteria said when the patient left, of what was measured by then."""
    history = context.history
    field = Field("acceptable_after", "Vital signs acceptable before leaving", None, "–")
    if history.session.first_dose_at is None or history.session.is_open:
        return field
    closed = history.last("session.closed")
    if closed is None:
        return replace(
            field,
            value={"acceptable": None},
            text="not assessed: the session was aborted",
            sources=context.nothing,
            missing=("vital signs before leaving: the session was aborted, nobody judged them",),
        )
    unassessed = dict(_unassessed_after(context))
    unknown = {name for of in unassessed for name in of}
    unmet = [
        c
        for c in closed.payload["criteria"]
        if c["name"] in AFTER and not c["met"] and not c.get("cleared_by")
    ]
    against = closed.payload["against_criteria"]
    words = []
    if against is not None:
        words.append(f"left against criteria, {against['clinician']}: {against['reason']}")
    return _judged(
        replace(
            field,
            value={"unmet": unmet, "against_criteria": against},
            sources=context.saw(closed, "criteria at leaving"),
        ),
        [f"{c['name'].replace('-', ' ')}: {c['why']}" for c in unmet if c["name"] not in unknown],
        [*unassessed.values()],
        words,
    )


def _unassessed_after(context: FormContext) -> Iterator[tuple[frozenset[str], str]]:
    """What was not measured shortly before leaving: the criteria about it, and in words."""
    session, spans = context.history.session, context.coverage.spans
    assert session.ended_at is not None
    fresh = timedelta(minutes=session.regimen.discharge.check_fresh_min)
    last = session.last_pressure
    if last is None or not is_after_dose(session, last):
        yield OF_PRESSURE, "no pressure since the first dose"
    elif session.ended_at - last.at > fresh:
        minutes = (session.ended_at - last.at) // MINUTE
        yield OF_PRESSURE, f"the last pressure was {minutes} min before"
    if not spans or session.ended_at - spans[-1].end > GAP:
        yield OF_SPO2, "no SpO2 on leaving"


def _judged(field: Field, against: list[str], unassessed: list[str], words: list[str]) -> Field:
    """The field with its answer: no by `against`, else not known by `unassessed`, else yes."""
    acceptable = False if against else None if unassessed else True
    answer = {True: "yes", False: "no", None: "not assessed"}[acceptable]
    if against and unassessed:
        words = [f"not assessed: {', '.join(unassessed)}", *words]
    reasons = [*(against or unassessed), *words]
    title = field.title[0].lower() + field.title[1:]
    return replace(
        field,
        value={"acceptable": acceptable, "not_assessed": unassessed, **field.value},
        text=f"{answer}: {'; '.join(reasons)}" if reasons else answer,
        missing=tuple(f"{title}: {why}" for why in unassessed),
    )


def pressures(context: FormContext) -> Field:
    """Before, nearest to 40 minutes after the last dose or into the infusion, and last."""
    session = context.history.session
    field = Field("pressures", "Pressures before, at 40 min, before leaving", None, "–")
    first = session.first_dose_at
    if first is None:
        return field
    before = [p for p in session.pressures if is_before_dose(session, p)]
    after = [p for p in session.pressures if p not in before]
    if session.infusion is None:
        wanted = (session.last_dose_at or first) + timedelta(minutes=AT_MIN)
    else:
        wanted = session.infusion.when_run(AT_MIN, context.now)
    at_40 = min(after, key=lambda p: abs(p.at - wanted), default=None)
    off = None if at_40 is None else at_40.at - wanted
    off_min = None if off is None else math.trunc(off / MINUTE)
    chosen = {
        "before": before[-1] if before else None,
        "at_40": at_40,
        "leaving": after[-1] if after else None,
    }
    words = [
        f"{name}: {_measured(context, p)}" for name, p in zip(_NAMES, chosen.values(), strict=True)
    ]
    if off_min:
        words[1] += f", {abs(off_min)} min {'after' if off_min > 0 else 'before'} it was asked for"
    missing = [
        f"pressure {name}" for name, p in zip(_NAMES, chosen.values(), strict=True) if p is None
    ]
    if off is not None and off_min is not None and abs(off) > NEAR_MIN * MINUTE:
        missing.append(f"pressure at {AT_MIN} min: the nearest is {abs(off_min)} min away")
    known = [p for p in chosen.values() if p is not None]
    value: dict[str, Any] = {name: p and p.as_json() for name, p in chosen.items()}
    return replace(
        field,
        value=value | {"off_min": off_min} if known else None,
        text="; ".join(words),
        sources=tuple(context.of(p) for p in {p.id: p for p in known}.values()),
        missing=tuple(missing),
    )


_NAMES: Final = ("before the dose", f"at {AT_MIN} min", "before leaving")


def _measured(context: FormContext, pressure: Pressure | None) -> str:
    if pressure is None:
        return "none"
    return f"{pressure.sys:.0f}/{pressure.dia:.0f} at {context.when(pressure.at)}"


def oximetry(context: FormContext) -> Field:
    """The stretches in which SpO2 was recorded, from the first dose to the session's end."""
    session, coverage = context.history.session, context.coverage
    field = Field("oximetry", "Pulse oximetry checks", None, "–")
    if session.first_dose_at is None:
        return field
    if not coverage.spans:
        return replace(
            field,
            value={"occurred": None},
            text="not assessed",
            sources=context.nothing,
            missing=("pulse oximetry: no reading since the first dose",),
        )
    start, end = coverage.spans[0].start, coverage.spans[-1].end
    low = min(stretch.low for stretch in coverage.spans)
    gaps = coverage.gaps(session.first_dose_at, session.ended_at or context.now)
    away_min = sum((to - since for since, to in gaps), timedelta()) // MINUTE
    count = "1 gap" if len(gaps) == 1 else f"{len(gaps)} gaps"
    without = f"{count}, {away_min} min in all" if gaps else "no gap"
    return replace(
        field,
        value={
            "occurred": True,
            "continuous": not gaps,
            "from": rfc3339(start),
            "to": rfc3339(end),
            "lowest": low,
            "gaps": [{"from": rfc3339(since), "to": rfc3339(to)} for since, to in gaps],
        },
        text=f"yes: {context.clock(start)} to {context.clock(end)}, lowest {low:.0f} %, {without}",
        sources=tuple(
            Provenance(what="SpO2 readings", at=start, device=device) for device in coverage.devices
        ),
    )
