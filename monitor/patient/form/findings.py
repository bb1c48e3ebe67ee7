"""The fields of the form about what was found, or not looked for, one function each. Pure."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from drivers.clock import rfc3339_or_none
from monitor.patient.deviations import deviations
from monitor.patient.form.provenance import Field, FormContext, Provenance
from monitor.patient.unmade_checks import at_minutes, by_kind, checks
from monitor.session import (
    CHECK_NAMES,
    SERIOUS_SYMPTOMS,
    AlarmOccurrence,
    CheckKind,
    Episode,
    SessionHistory,
    episodes,
    wakefulness,
)

FindEpisode = Callable[[SessionHistory], Episode]


def _episode(
    context: FormContext,
    field: Field,
    found: Episode,
    *,
    assessed: bool,
    unassessed: str = "",
    lacks: str,
) -> Field:
    """Whether it occurred: yes, no, or not known because nobody looked.

    `unassessed` says in words when nobody did, `lacks` what the form lacks for it.
    """
    onset, over = found.onset_at, found.over_at
    occurred = onset is not None if onset is not None or assessed else None
    value = {
        "occurred": occurred,
        "onset_at": rfc3339_or_none(onset),
        "over_at": rfc3339_or_none(over),
        "worst": found.worst,
    }
    sources = tuple(_seen(context, one) for one in found.seen) or context.nothing
    made = replace(field, value=value, sources=sources)
    if onset is None and not assessed:
        text = f"not assessed {unassessed}".rstrip()
        return replace(made, text=text, sources=context.nothing, missing=(lacks,))
    but = f"; not assessed {unassessed}" if unassessed else ""
    if onset is None:
        return replace(made, text=f"no{but}")
    until = "not seen to be over" if over is None else f"over {context.when(over)}"
    began = ", before the first dose" if found.began_before else ""
    text = f"yes: {found.worst}; from {context.when(onset)}{began}, {until}{but}"
    missing = () if over is not None else (f"{field.title.lower()}: when it was over",)
    return replace(made, text=text, missing=missing)


def _scored(context: FormContext, name: str, title: str, of: CheckKind, find: FindEpisode) -> Field:
    """What the scores of one scale say; there is no "no" where no check of it was made."""
    field = Field(name, title, None, "–")
    if context.history.session.first_dose_at is None:
        return field
    found, planned = find(context.history), checks(context.history, context.now, of)
    unmade = planned.since_dose()
    scale = CHECK_NAMES[of]
    made = _episode(
        context,
        field,
        found,
        assessed=bool(found.seen) and (bool(planned.made) or not unmade),
        unassessed=at_minutes(unmade) if unmade else "",
        lacks=f"{name}: {scale} was not scored after the dose"
        if not found.seen
        else f"{name}: {scale} was not scored at any of its checks",
    )
    return replace(made, value=made.value | {"unmade": [check.as_json() for check in unmade]})


def _seen(context: FormContext, one: Any) -> Provenance:
    if isinstance(one, AlarmOccurrence):
        return Provenance(what=one.text, at=one.raised_at, id=one.id)
    return context.of(one)


def sedation(context: FormContext) -> Field:
    """MOAA/S under 5 after the first dose."""
    return _scored(context, "sedation", "Sedation", CheckKind.MOAAS, episodes.sedation)


def dissociation(context: FormContext) -> Field:
    """CADSS over 4 after the first dose."""
    return _scored(context, "dissociation", "Dissociation", CheckKind.CADSS, episodes.dissociation)


def respiratory_depression(context: FormContext) -> Field:
    """SpO2 under its alarm limits, a low rate or more oxygen after the first dose."""
    field = Field("respiratory_depression", "Respiratory depression", None, "–")
    session, coverage = context.history.session, context.coverage
    if session.first_dose_at is None:
        return field
    until = session.ended_at or context.now
    recovered = episodes.recovered_by(coverage, session.regimen.discharge, until)
    found = episodes.respiratory_depression(session, context.history.alarms(), recovered)
    gaps = coverage.gaps(session.first_dose_at, until)
    away_min = sum((to - since for since, to in gaps), timedelta()) // timedelta(minutes=1)
    made = _episode(
        context,
        field,
        found,
        assessed=bool(coverage.spans),
        unassessed=f"for {away_min} min without SpO2" if gaps and coverage.spans else "",
        lacks="respiratory depression: no SpO2 since the first dose",
    )
    return replace(made, value=made.value | {"began_before": found.began_before})


def deviations_found(context: FormContext) -> Field:
    """How the treatment differed from its regimen."""
    history = context.history
    field = Field("deviations", "Deviations from the regimen", None, "–")
    if history.session.first_dose_at is None:
        return field
    found = list(deviations(history, is_first=context.first, on_day=context.on_day))
    given = history.all("dose.given", "infusion.started")
    return replace(
        field,
        value=found,
        text="; ".join(found) or "none",
        sources=tuple(s for event in given for s in context.saw(event, "given")),
    )


def session_corrections(context: FormContext) -> Field:
    """What the session was started with and was put right: what was, and what is."""
    history = context.history
    field = Field("session_corrections", "Age, weight, regimen corrected", None, "–")
    if history.session.first_dose_at is None:
        return field
    found = history.session.session_corrections
    words = [f"{each.in_words()} at {context.clock(each.at)} ({each.reason})" for each in found]
    events = history.all("session.corrected")
    return replace(
        field,
        value=[each.as_json() for each in found],
        text="; ".join(words) or "none",
        sources=tuple(s for e in events for s in context.saw(e, "corrected")) or context.nothing,
    )


def unmade_checks(context: FormContext) -> Field:
    """The planned checks that nobody made."""
    history = context.history
    field = Field("unmade_checks", "Checks not made", None, "–")
    if history.session.first_dose_at is None:
        return field
    unmade = checks(history, context.now).unmade
    return replace(
        field,
        value=[check.as_json() for check in unmade],
        text="; ".join(by_kind(unmade)) or "none",
        sources=context.saw(history.first("session.started"), "the regimen's schedule"),
    )


def serious_events(context: FormContext) -> Field:
    """Symptoms marked as serious or named so, and loss of consciousness, as MOAA/S 0 is [label]."""
    session = context.history.session
    found = [s for s in session.symptoms if s.serious or (s.name in SERIOUS_SYMPTOMS and s.grade)]
    told = {record.id for record in found}
    gone = [r for r, value in wakefulness(session) if value == 0 and r.id not in told]
    sources = [context.of(record) for record in (*found, *gone)]
    words = [f"{source.what} at {context.when(source.at)}" for source in sources]
    return Field(
        "serious_events",
        "Serious adverse events",
        [record.as_json() for record in found] + [record.as_json() for record in gone],
        "; ".join(words) or "none",
        tuple(sources) or context.nothing,
    )
