"""The fields of the form, one function each, and the order the form asks in. Pure.

A value that is not known is None and named in `missing`; one that is known has sources.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from drivers.clock import rfc3339, rfc3339_or_none
from monitor.patient.form import findings, vital_signs
from monitor.patient.form.provenance import Field, FormContext
from monitor.session import SESSION_ENDINGS

OPIOIDS: Final = """opioid opiate codeine morphine oxycodone hydrocodone hydromorphone oxymorphone
    fentanyl tramadol tapentadol methadone buprenorphine meperidine pethidine""".split()
"""A medicine whose name holds one of these is an opioid."""


def fields(context: FormContext) -> Iterator[Field]:
    """Every field."""
    return (field(context) for field in _FIELDS)


def _medicines(context: FormContext) -> Field:
    field = Field("medicines", "Concomitant medicines", None, "not asked")
    names = context.medicines
    if names is None:
        return replace(field, missing=("concomitant medicines: nobody has asked",))
    opioids = [name for name in names if any(opioid in name.lower() for opioid in OPIOIDS)]
    text = f"yes: {', '.join(names)}; opioids: {', '.join(opioids) or 'none'}" if names else "none"
    return replace(
        field,
        value={"taken": bool(names), "names": list(names), "opioids": opioids},
        text=text,
        sources=context.said_in_turn(context.asked, "asked"),
    )


def _treatment_date(context: FormContext) -> Field:
    first = context.history.session.first_dose_at
    field = Field("treatment_date", "Treatment date", None, "no dose")
    if first is None:
        return field
    day = first.astimezone(context.zone).date().isoformat()
    text = f"{day}, first dose {context.clock(first)}"
    return replace(field, value=day, text=text, sources=context.first_given_from)


def _doses(context: FormContext) -> Field:
    session, lots = context.history.session, context.lots
    field = Field("doses", "Dose and lot numbers", None, "no dose")
    if session.first_dose_at is None:
        return field
    given = [
        {"product": dose.product, "mg": dose.mg, "lot": lots[dose.id], "at": rfc3339(dose.at)}
        | {"record": dose.id}
        for dose in session.doses
    ]
    words = [
        f"{dose.product} {dose.mg:g} mg at {context.clock(dose.at)}, lot {lots[dose.id] or '–'}"
        for dose in session.doses
    ]
    sources = [context.of(dose) for dose in session.doses]
    for dose in session.doses:
        filled = context.fills("lot", dose.id)
        sources += context.said_in_turn(filled, f"lot of {context.clock(dose.at)}")
    planned_mg = session.regimen.planned_mg(session.weight_kg)
    if session.infusion is not None:
        to = session.infusion.ended_at
        until = "still running" if to is None else f"to {context.clock(to)}"
        mg = f", {planned_mg:g} mg planned" if planned_mg is not None else ""
        words.append(f"infusion {context.clock(session.infusion.started_at)} {until}{mg}")
        turns = context.history.all("infusion.started", "infusion.ended")
        for turn in turns:
            sources += context.saw(turn, turn.type.replace(".", " "))
    return replace(
        field,
        value={"given_mg": round(session.given_mg, 3), "planned_mg": planned_mg, "doses": given},
        text="; ".join(words) + (f"; {session.given_mg:g} mg in all" if len(given) > 1 else ""),
        sources=tuple(sources),
        missing=tuple(
            f"lot number of the dose at {context.clock(dose.at)}"
            for dose in session.doses
            if not lots[dose.id]
        )
        or (() if given else ("mg and lot number of the infusion: no dose was recorded",)),
    )


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
    ended = context.saw(context.history.last(*SESSION_ENDINGS), "session ended")
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
    number, filled = context.history.session.number, context.fills("first_treatment")
    started = context.history.first("session.started")
    counted = context.saw(started, f"number {number} of the sessions on record") if number else ()
    return replace(
        field,
        value={"first": context.first, "number": number},
        text="yes" if context.first else f"no, number {number} here" if number else "no",
        sources=(*counted, *context.said_in_turn(filled, "filled in")),
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
    sources = (s for turn in turns for s in context.saw(turn, turn.type.replace(".", " ")))
    return Field("watched_by", "Watched by", watch, "; ".join(words), tuple(sources))


def _discharge(context: FormContext) -> Field:
    history = context.history
    field = Field("discharge", "Told on leaving", None, "–")
    if history.session.first_dose_at is None or history.session.is_open:
        return field
    closed = history.last("session.closed")
    if closed is None:
        reason = history.session.reason
        missing = ("what the patient was told on leaving: the session was aborted",)
        return replace(field, text=f"session aborted: {reason}", missing=missing)
    told = closed.payload["discharge_text"]
    escort = "an escort" if history.session.escort else "no escort"
    return replace(
        field,
        value={"text": told, "escort": history.session.escort},
        text=f"{told} With {escort}.",
        sources=context.saw(closed, "discharge"),
    )


def _signed(context: FormContext) -> Field:
    """Who ended the session, who confirmed the form, and who marked it as sent."""
    history = context.history
    ended = history.last(*SESSION_ENDINGS)
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
    _medicines,
    _doses,
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
    findings.unmade_checks,
    _watched,
    _discharge,
    _signed,
)
