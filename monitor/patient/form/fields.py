"""The fields of the form, one function each, and the order the form asks in. Pure.

A value that is not known is None and named in `missing`; one that is known has sources.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from drivers.clock import rfc3339, rfc3339_or_none
from monitor.patient.form import doses, findings, vital_signs
from monitor.patient.form.provenance import Field, FormContext
from monitor.session import attendance, record_fields


def fields(context: FormContext) -> Iterator[Field]:
    """Every field."""
    return (field(context) for field in _FIELDS)


def _medicines(context: FormContext) -> Field:
    """What the patient takes, and of which class: asked, and never told from a name."""
    field = Field("medicines", "Concomitant medicines", None, "not asked")
    names, classes = context.medicines, context.classes
    taken = {True: "yes", False: "no", None: "not asked"}
    words = record_fields.MEDICINE_CLASSES
    unasked = [words[name] for name, answer in classes.items() if answer is None]
    if names is None and len(unasked) == len(classes):
        return replace(field, missing=("concomitant medicines: nobody has asked",))
    by_class = "; ".join(f"{words[name]}: {taken[a]}" for name, a in classes.items())
    named = "names not asked" if names is None else f"yes: {', '.join(names) or 'not named'}"
    filled = [e for e in context.history.all("form.filled") if e.payload["field"] in classes]
    by_bed = [e for e in context.asked_for("medicine_classes") if e not in context.asked]
    return replace(
        field,
        value={
            "taken": bool(names) or any(classes.values()),
            "names": None if names is None else list(names),
            "classes": classes,
        },
        text="none" if names == () and not any(classes.values()) else f"{named}; {by_class}",
        sources=(
            *context.said_in_turn(context.asked, "asked"),
            *(s for e in by_bed for s in context.saw(e, "asked by class")),
            *(s for e in filled for s in context.saw(e, f"{words[e.payload['field']]} filled in")),
        ),
        missing=(f"medicines by class, not asked: {', '.join(unasked)}",) if unasked else (),
    )


def _setting(context: FormContext) -> Field:
    """Whether the patient came for the treatment alone: an inpatient has no form."""
    field = Field("setting", "Setting", None, "not asked")
    if context.setting is None:
        return replace(field, missing=("setting: outpatient or inpatient",))
    sources = context.said_in_turn(context.asked_for("setting"), "asked")
    return replace(field, value=context.setting, text=context.setting, sources=sources)


def _treatment_date(context: FormContext) -> Field:
    first = context.history.session.first_dose_at
    field = Field("treatment_date", "Treatment date", None, "no dose")
    if first is None:
        return field
    day = first.astimezone(context.zone).date().isoformat()
    text = f"{day}, first dose {context.clock(first)}"
    return replace(field, value=day, text=text, sources=context.first_given_from)


def _monitored(context: FormContext) -> Field:
    session = context.history.session
    field = Field("minutes_monitored", "Minutes from first dose to end of monitoring", None, "–")
    if session.first_dose_at is None:
        return field
    if session.ended_at is None:
        return replace(field, missing=("end of monitoring: the session is still open",))
    minutes = (session.ended_at - session.first_dose_at) // timedelta(minutes=1)
    begun, ended_at = context.clock(session.first_dose_at), context.clock(session.ended_at)
    text = f"{minutes} min: {begun} to {ended_at}"
    ended = context.saw(context.history.end, "session ended")
    return replace(field, value=minutes, text=text, sources=(*context.first_given_from, *ended))


def _criteria_met(context: FormContext) -> Field:
    """When every criterion but the window and the escort was met, as a person confirms it."""
    history, ready = context.history, context.ready
    field = Field("ready_at", "Ready to leave, but for the 2 hours", None, "–")
    if history.session.first_dose_at is None:
        return field
    found = history.last("session.criteria-met") if history.session.criteria_met_at else None
    confirmed = history.last("form.confirmed")
    state = "proposed" if confirmed is None else "confirmed"
    if confirmed is not None and confirmed.payload["value"] != confirmed.payload["proposed"]:
        state = "changed"
    minutes = None if ready.at is None else history.whole_minutes(ready.at)
    value = {
        "state": state,
        "at": rfc3339_or_none(ready.at),
        "minutes": minutes,
        "proposed": rfc3339_or_none(ready.proposed),
        "criteria": [] if found is None else list(found.payload["criteria"]),
        "reason": None if confirmed is None else confirmed.payload["reason"],
    }
    text = "not before leaving" if ready.at is None else context.when(ready.at)
    if state == "changed":
        was = "never" if ready.proposed is None else context.clock(ready.proposed)
        text += f"; proposed was {was}"
    if value["reason"] is not None:
        text += f" ({value['reason']})"
    met = context.saw(found, "every criterion but the window and the escort met")
    return replace(
        field,
        value=value,
        text=f"{text}, {state}",
        sources=(
            *(met or context.nothing),
            *context.said_in_turn(history.all("form.confirmed"), state),
        ),
        missing=() if confirmed else ("when the patient could have left: a person confirms it",),
    )


def _first_treatment(context: FormContext) -> Field:
    field = Field("first_treatment", "First treatment", None, "not known")
    if context.first is None:
        return replace(field, missing=("whether this was the first treatment: it is not known",))
    number, said = context.history.session.number, context.asked_for("first_treatment")
    started = context.history.first("session.started")
    what = "filled in" if context.fills("first_treatment") else "asked"
    counted = context.saw(started, f"number {number} of the sessions on record") if number else ()
    return replace(
        field,
        value={"first": context.first, "number": number},
        text="yes" if context.first else f"no, number {number} here" if number else "no",
        sources=(*counted, *context.said_in_turn(said, what, "first_treatment")),
    )


def _enrolled(context: FormContext) -> Field:
    """Whether the patient is enrolled in the programme: asked at the first treatment [form]."""
    field = Field("enrolled", "Enrolled, if first treatment", None, "–")
    if context.history.session.first_dose_at is None or context.filled("enrolled") is not None:
        return _said_afterwards(context, field)
    if context.why_none_sent is not None or context.first is not True:
        return field
    return replace(field, text="not asked", missing=("enrolled in the programme: yes or no",))


def _intervention(context: FormContext) -> Field:
    """Whether an intervention was needed: a person says so, whatever was recorded [form]."""
    field = Field("intervention", "Intervention needed", None, "–")
    if context.history.session.first_dose_at is None or context.filled("intervention") is not None:
        return _said_afterwards(context, field)
    why = "intervention needed: a person says yes or no"
    return replace(field, text="not assessed", missing=(why,))


def _said_afterwards(context: FormContext, field: Field) -> Field:
    """What a person filled in, with what was said of it."""
    filled = context.fills(field.name)
    if not filled:
        return field
    value, reason = filled[-1].payload["value"], filled[-1].payload["reason"]
    text = "yes" if value else "no"
    return replace(
        field,
        value=value,
        text=f"{text}: {reason}" if reason else text,
        sources=context.said_in_turn(filled, "filled in"),
    )


def _watched(context: FormContext) -> Field:
    """Who watched from when on."""
    turns = list(context.history.all("session.started", "nurse.assigned", "nurse.unassigned"))
    watch = [
        {
            "at": rfc3339(turn.at),
            "nurse": None if turn.type == "nurse.unassigned" else turn.payload["by"],
        }
        for turn in turns
    ]
    words = [
        f"{who['nurse'] or 'nobody'} from {context.clock(turn.at)}"
        for turn, who in zip(turns, watch, strict=True)
    ]
    sources = context.saw_each(turns)
    return Field("watched_by", "Watched by", watch, "; ".join(words), sources)


def _bedside(context: FormContext) -> Field:
    """Who was at the bedside from when to when, in minutes, and when nobody was assigned."""
    history = context.history
    session, until = history.session, history.session.ended_at or context.now
    gaps = [*attendance.unassigned(session.attendance, session.started_at, until)]
    people, words = [], []
    for by, minutes in attendance.minutes_by_person(session.attendance, until).items():
        spans = [span for span in session.attendance if span.by == by]
        people.append({"by": by, "minutes": minutes, "spans": [s.as_json() for s in spans]})
        words.append(f"{by} {minutes} min ({', '.join(_there(context, s) for s in spans)})")
    words += [_nobody(context, since, to) for since, to in gaps]
    turns = [*history.all(*_COME_AND_GO), *filter(None, [history.end])]
    return Field(
        "bedside",
        "Staff minutes at the bedside",
        {
            "people": people,
            "unassigned": [
                {
                    "from": rfc3339(since),
                    "to": rfc3339(to),
                    "minutes": attendance.whole_minutes(to - since),
                }
                for since, to in gaps
            ],
        },
        "; ".join(words),
        context.saw_each(turns),
    )


_COME_AND_GO: Final = (
    "session.started",
    "nurse.assigned",
    "nurse.unassigned",
    "presence.started",
    "presence.ended",
)


def _there(context: FormContext, span: attendance.Attendance) -> str:
    to = "still there" if span.to is None else f"to {context.clock(span.to)}"
    return f"{span.role} {context.clock(span.from_)} {to}"


def _nobody(context: FormContext, since: datetime, to: datetime) -> str:
    minutes = attendance.whole_minutes(to - since)
    between = f"from {context.clock(since)} to {context.clock(to)}"
    return f"nobody assigned {between} ({minutes} min)"


def _discharge(context: FormContext) -> Field:
    history = context.history
    field = Field("discharge", "Told on leaving", None, "–")
    if history.session.first_dose_at is None or history.session.is_open:
        return field
    closed = history.last("session.closed")
    if closed is None:
        return _aborted(field, context)
    told = closed.payload["discharge_text"]
    escort = "an escort" if history.session.escort else "no escort"
    return replace(
        field,
        value={"text": told, "escort": history.session.escort},
        text=f"{told} With {escort}.",
        sources=context.saw(closed, "discharge"),
    )


def _aborted(field: Field, context: FormContext) -> Field:
    """What the patient was told after an abort, and what of the abort is to be completed."""
    history, session = context.history, context.history.session
    aborted = history.last("session.aborted")
    assert aborted is not None
    told, lacking = aborted.payload.get("discharge_text"), session.to_be_completed
    words = [f"session aborted: {session.reason or 'reason to be completed'}"]
    words += [f"{session.outcome}"] if session.outcome else []
    words += [f"to {session.destination}"] if session.destination else []
    if (against := session.against_criteria) is not None:
        words.append(f"{against['clinician']}: {against['reason']}")
    missing = [f"{name.replace('_', ' ')} of the abort: to be completed" for name in lacking]
    if told is None:
        missing.insert(0, "what the patient was told on leaving: the session was aborted")
        return replace(field, text=", ".join(words), missing=tuple(missing))
    return replace(
        field,
        value={
            "text": told,
            "escort": session.escort,
            "outcome": session.outcome,
            "destination": session.destination,
            "to_be_completed": list(lacking),
        },
        text=f"{told} {', '.join(words)}",
        sources=context.saw(aborted, "abort"),
        missing=tuple(missing),
    )


def _signed(context: FormContext) -> Field:
    """Who ended the session, who confirmed the form, and who marked it as sent."""
    history = context.history
    ended = history.end
    confirmed, sent = history.last("form.confirmed"), history.last("form.sent", "form.reopened")
    signed = {
        "session ended": ended,
        "form confirmed": confirmed,
        "marked as sent": sent if sent is not None and sent.type == "form.sent" else None,
    }
    known = {what: event for what, event in signed.items() if event is not None}
    field = Field("signed_by", "Signed by", None, "–")
    if not known:
        return field
    return replace(
        field,
        value={
            what.replace(" ", "_"): None if event is None else event.payload["by"]
            for what, event in signed.items()
        },
        text="; ".join(f"{what} by {event.payload['by']}" for what, event in known.items()),
        sources=tuple(s for what, event in known.items() for s in context.saw(event, what)),
    )


_FIELDS: Final[tuple[Callable[[FormContext], Field], ...]] = (
    _treatment_date,
    _first_treatment,
    _enrolled,
    _setting,
    _medicines,
    doses.doses,
    vital_signs.before,
    vital_signs.pressures,
    _monitored,
    _criteria_met,
    vital_signs.after,
    vital_signs.oximetry,
    findings.sedation,
    findings.dissociation,
    findings.respiratory_depression,
    findings.serious_events,
    _intervention,
    findings.unmade_checks,
    findings.deviations_found,
    findings.session_corrections,
    _watched,
    _bedside,
    _discharge,
    _signed,
)
