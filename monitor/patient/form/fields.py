"""The fields of the form, one function each, and the order the form asks in. Pure.

A value that is not known is None and named in `missing`; one that is known has sources.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from drivers.clock import rfc3339, rfc3339_or_none
from monitor.patient.form import findings
from monitor.patient.form.provenance import Field, FormContext, Provenance
from monitor.session import SESSION_ENDINGS, ClearanceScope

OPIOIDS: Final = """opioid opiate codeine morphine oxycodone hydrocodone hydromorphone oxymorphone
    fentanyl tramadol tapentadol methadone buprenorphine meperidine pethidine""".split()
"""A medicine whose name holds one of these is an opioid."""

BEFORE: Final = ("baseline-pressure", "pressure-acceptable", "baseline-spo2")
"""The conditions for the first dose that are about vital signs."""

AFTER: Final = (
    "pressure-not-severe",
    "pressure-near-baseline",
    "spo2",
    "no-respiratory-depression",
    "no-alarm",
)
"""The criteria for leaving that are about vital signs."""


def fields(facts: FormContext) -> Iterator[Field]:
    """Every field."""
    return (field(facts) for field in _FIELDS)


def _medicines(facts: FormContext) -> Field:
    field = Field("medicines", "Concomitant medicines", None, "not asked")
    names = facts.medicines
    if names is None:
        return replace(field, missing=("concomitant medicines: nobody has asked",))
    opioids = [name for name in names if any(opioid in name.lower() for opioid in OPIOIDS)]
    text = f"yes: {', '.join(names)}; opioids: {', '.join(opioids) or 'none'}" if names else "none"
    return replace(
        field,
        value={"taken": bool(names), "names": list(names), "opioids": opioids},
        text=text,
        sources=facts.said_in_turn(facts.asked, "asked"),
    )


def _first_given(facts: FormContext) -> tuple[Provenance, ...]:
    session = facts.account.session
    first = session.first_dose_at
    given = next((dose for dose in session.doses if dose.at == first), None)
    if given is not None:
        return (facts.of(given),)
    return facts.saw(facts.account.first("infusion.started"), "infusion started")


def _treatment_date(facts: FormContext) -> Field:
    first = facts.account.session.first_dose_at
    field = Field("treatment_date", "Treatment date", None, "no dose")
    if first is None:
        return field
    day = first.astimezone(facts.zone).date().isoformat()
    text = f"{day}, first dose {facts.clock(first)}"
    return replace(field, value=day, text=text, sources=_first_given(facts))


def _doses(facts: FormContext) -> Field:
    session, lots = facts.account.session, facts.lots
    field = Field("doses", "Dose and lot numbers", None, "no dose")
    if session.first_dose_at is None:
        return field
    given = [
        {"product": dose.product, "mg": dose.mg, "lot": lots[dose.id], "at": rfc3339(dose.at)}
        | {"record": dose.id}
        for dose in session.doses
    ]
    words = [
        f"{dose.product} {dose.mg:g} mg at {facts.clock(dose.at)}, lot {lots[dose.id] or '–'}"
        for dose in session.doses
    ]
    sources = [facts.of(dose) for dose in session.doses]
    for dose in session.doses:
        filled = facts.fills("lot", dose.id)
        sources += facts.said_in_turn(filled, f"lot of {facts.clock(dose.at)}")
    planned_mg = session.regimen.planned_mg(session.weight_kg)
    if session.infusion is not None:
        to = session.infusion.ended_at
        until = "still running" if to is None else f"to {facts.clock(to)}"
        mg = f", {planned_mg:g} mg planned" if planned_mg is not None else ""
        words.append(f"infusion {facts.clock(session.infusion.started_at)} {until}{mg}")
        turns = facts.account.all("infusion.started", "infusion.ended")
        for turn in turns:
            sources += facts.saw(turn, turn.type.replace(".", " "))
    return replace(
        field,
        value={"given_mg": round(session.given_mg, 3), "planned_mg": planned_mg, "doses": given},
        text="; ".join(words) + (f"; {session.given_mg:g} mg in all" if len(given) > 1 else ""),
        sources=tuple(sources),
        missing=tuple(
            f"lot number of the dose at {facts.clock(dose.at)}"
            for dose in session.doses
            if not lots[dose.id]
        )
        or (() if given else ("mg and lot number of the infusion: no dose was recorded",)),
    )


def _monitored(facts: FormContext) -> Field:
    session = facts.account.session
    field = Field("minutes_monitored", "Minutes from first dose to end of monitoring", None, "–")
    if session.first_dose_at is None:
        return field
    if session.ended_at is None:
        return replace(field, missing=("end of monitoring: the session is still open",))
    minutes = round((session.ended_at - session.first_dose_at) / timedelta(minutes=1))
    text = f"{minutes} min: {facts.clock(session.first_dose_at)} to {facts.clock(session.ended_at)}"
    ended = facts.saw(facts.account.last(*SESSION_ENDINGS), "session ended")
    return replace(field, value=minutes, text=text, sources=(*_first_given(facts), *ended))


def _criteria_met(facts: FormContext) -> Field:
    """When every criterion but the window and the escort was met, as a person confirms it."""
    account, ready = facts.account, facts.ready
    field = Field("ready_at", "Ready to leave, but for the 2 hours", None, "–")
    if account.session.first_dose_at is None:
        return field
    found = account.last("session.criteria-met") if account.session.criteria_met_at else None
    confirmed = account.last("form.confirmed")
    state = "proposed" if confirmed is None else "confirmed"
    if confirmed is not None and confirmed.payload["value"] != confirmed.payload["proposed"]:
        state = "changed"
    minutes = None if ready.at is None else account.minutes(ready.at)
    value = {
        "state": state,
        "at": rfc3339_or_none(ready.at),
        "minutes": None if minutes is None else round(minutes),
        "proposed": rfc3339_or_none(ready.proposed),
        "criteria": [] if found is None else list(found.payload["criteria"]),
        "reason": None if confirmed is None else confirmed.payload["reason"],
    }
    text = "not before leaving" if ready.at is None else facts.when(ready.at)
    if state == "changed":
        was = "never" if ready.proposed is None else facts.clock(ready.proposed)
        text += f"; proposed was {was}"
    if value["reason"] is not None:
        text += f" ({value['reason']})"
    met = facts.saw(found, "every criterion but the window and the escort met")
    return replace(
        field,
        value=value,
        text=f"{text}, {state}",
        sources=(
            *(met or facts.nothing),
            *facts.said_in_turn(account.all("form.confirmed"), state),
        ),
        missing=() if confirmed else ("when the patient could have left: a person confirms it",),
    )


def _before(facts: FormContext) -> Field:
    """What the gate found when the first dose was given."""
    account = facts.account
    field = Field("acceptable_before", "Vital signs acceptable before the dose", None, "–")
    starts = account.all("dose.given", "infusion.started")
    first = next((event for event in starts if "unmet" in event.payload), None)
    if first is None:
        return field
    unmet = [item for item in first.payload["unmet"] if item["name"] in BEFORE]
    decided = [d for d in account.session.clearances if d.scope == ClearanceScope.PRE_DOSE]
    override = first.payload["override"] if unmet else None
    words = [f"{item['name'].replace('-', ' ')}: {item['why']}" for item in unmet]
    words += [f"{d.clinician} decided on {d.sys:.0f}/{d.dia:.0f}: {d.reason}" for d in decided]
    if override:
        words.append(f"given all the same by {override['clinician']}: {override['reason']}")
    return replace(
        field,
        value={
            "acceptable": not unmet,
            "unmet": unmet,
            "clearances": [decision.as_json() for decision in decided],
            "override": override,
        },
        text="; ".join(["no" if unmet else "yes", *words]),
        sources=(
            *facts.saw(first, "first dose"),
            *(s for d in decided for s in facts.saw(account.records(d), "decision")),
        ),
    )


def _after(facts: FormContext) -> Field:
    """What the criteria said when the patient left."""
    account = facts.account
    field = Field("acceptable_after", "Vital signs acceptable before leaving", None, "–")
    if account.session.first_dose_at is None or account.session.is_open:
        return field
    closed = account.last("session.closed")
    if closed is None:
        return replace(
            field,
            text="the session was aborted",
            missing=("vital signs before leaving: the session was aborted, nobody judged them",),
        )
    unmet = [c for c in closed.payload["criteria"] if c["name"] in AFTER and not c["met"]]
    against = closed.payload["against_criteria"]
    words = [f"{item['name'].replace('-', ' ')}: {item['why']}" for item in unmet]
    if against is not None:
        words.append(f"left against criteria, {against['clinician']}: {against['reason']}")
    return replace(
        field,
        value={"acceptable": not unmet, "unmet": unmet, "against_criteria": against},
        text="; ".join(["no" if unmet else "yes", *words]),
        sources=facts.saw(closed, "criteria at leaving"),
    )


def _first_treatment(facts: FormContext) -> Field:
    field = Field("first_treatment", "First treatment", None, "not known")
    if facts.first is None:
        return replace(field, missing=("whether this was the first treatment: it is not known",))
    number, filled = facts.account.session.number, facts.fills("first_treatment")
    started = facts.account.first("session.started")
    counted = facts.saw(started, f"number {number} of the sessions on record") if number else ()
    return replace(
        field,
        value={"first": facts.first, "number": number},
        text="yes" if facts.first else f"no, number {number} here" if number else "no",
        sources=(*counted, *facts.said_in_turn(filled, "filled in")),
    )


def _watched(facts: FormContext) -> Field:
    """Who watched from when on."""
    turns = list(facts.account.all("session.started", "nurse.assigned", "nurse.unassigned"))
    watch = [
        {
            "at": rfc3339(turn.at),
            "nurse": None if turn.type == "nurse.unassigned" else turn.payload["by"],
        }
        for turn in turns
    ]
    words = [
        f"{who['nurse'] or 'nobody'} from {facts.clock(turn.at)}"
        for turn, who in zip(turns, watch, strict=True)
    ]
    sources = (s for turn in turns for s in facts.saw(turn, turn.type.replace(".", " ")))
    return Field("watched_by", "Watched by", watch, "; ".join(words), tuple(sources))


def _discharge(facts: FormContext) -> Field:
    account = facts.account
    field = Field("discharge", "Told on leaving", None, "–")
    if account.session.first_dose_at is None or account.session.is_open:
        return field
    closed = account.last("session.closed")
    if closed is None:
        reason = account.session.reason
        missing = ("what the patient was told on leaving: the session was aborted",)
        return replace(field, text=f"session aborted: {reason}", missing=missing)
    told = closed.payload["discharge_text"]
    escort = "an escort" if account.session.escort else "no escort"
    return replace(
        field,
        value={"text": told, "escort": account.session.escort},
        text=f"{told} With {escort}.",
        sources=facts.saw(closed, "discharge"),
    )


def _signed(facts: FormContext) -> Field:
    """Who ended the session, who confirmed the form, and who marked it as sent."""
    account = facts.account
    ended = account.last(*SESSION_ENDINGS)
    confirmed, sent = account.last("form.confirmed"), account.last("form.sent", "form.reopened")
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
        sources=tuple(s for what, event in known.items() for s in facts.saw(event, what)),
    )


_FIELDS: Final[tuple[Callable[[FormContext], Field], ...]] = (
    _treatment_date,
    _first_treatment,
    _medicines,
    _doses,
    _before,
    findings.pressures,
    _monitored,
    _criteria_met,
    _after,
    findings.oximetry,
    findings.sedation,
    findings.dissociation,
    findings.respiratory_depression,
    findings.serious_events,
    _watched,
    _discharge,
    _signed,
)
