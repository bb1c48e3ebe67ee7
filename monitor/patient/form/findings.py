"""The fields of the form about what was measured and seen, one function each. Pure."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from drivers.clock import rfc3339, rfc3339_or_none
from monitor.patient.form.provenance import Field, FormContext, Provenance
from monitor.session import AlarmOccurrence, Episode, Pressure, episodes

MINUTE: Final = timedelta(minutes=1)

AT_MIN: Final = 40
"""When after the last dose a pressure is asked for [label]."""

NEAR_MIN: Final = 15
"""A pressure further from that is not the one that was asked for [default]."""

SERIOUS: Final = ("seizure", "loss-of-consciousness")
"""Symptoms that are serious whether or not they were marked so."""


def pressures(context: FormContext) -> Field:
    """Before, nearest to 40 minutes after the last dose or into the infusion, and last."""
    session = context.history.session
    field = Field("pressures", "Pressures before, at 40 min, before leaving", None, "–")
    first = session.first_dose_at
    if first is None:
        return field
    before = [p for p in session.pressures if p.at <= first]
    after = [p for p in session.pressures if p.at > first]
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
    field = Field("oximetry", "Pulse oximetry checks", None, "none")
    if session.first_dose_at is None:
        return field
    if not coverage.spans:
        return replace(field, missing=("pulse oximetry: no reading since the first dose",))
    start, end = coverage.spans[0].start, coverage.spans[-1].end
    low = min(stretch.low for stretch in coverage.spans)
    gaps = coverage.gaps(session.first_dose_at, session.ended_at or context.now)
    away_min = sum((to - since for since, to in gaps), timedelta()) // MINUTE
    count = "1 gap" if len(gaps) == 1 else f"{len(gaps)} gaps"
    without = f"{count}, {away_min} min in all" if gaps else "no gap"
    return replace(
        field,
        value={
            "continuous": not gaps,
            "from": rfc3339(start),
            "to": rfc3339(end),
            "lowest": low,
            "gaps": [{"from": rfc3339(since), "to": rfc3339(to)} for since, to in gaps],
        },
        text=f"{context.clock(start)} to {context.clock(end)}, lowest {low:.0f} %, {without}",
        sources=tuple(
            Provenance(what="SpO2 readings", at=start, device=device) for device in coverage.devices
        ),
    )


def _episode(
    context: FormContext, name: str, title: str, found: Episode, unscored: str | None = None
) -> Field:
    field = Field(name, title, None, "–")
    if context.history.session.first_dose_at is None:
        return field
    if not found.seen and unscored is not None:
        return replace(field, text="not scored", missing=(unscored,))
    sources = tuple(_seen(context, one) for one in found.seen) or context.nothing
    onset, over = found.onset_at, found.over_at
    value = {
        "occurred": onset is not None,
        "onset_at": rfc3339_or_none(onset),
        "over_at": rfc3339_or_none(over),
        "worst": found.worst,
    }
    if onset is None:
        return replace(field, value=value, text="no", sources=sources)
    until = "not seen to be over" if over is None else f"over {context.when(over)}"
    text = f"yes: {found.worst}; from {context.when(onset)}, {until}"
    missing = () if over is not None else (f"{title.lower()}: when it was over",)
    return replace(field, value=value, text=text, sources=sources, missing=missing)


def _seen(context: FormContext, one: Any) -> Provenance:
    if isinstance(one, AlarmOccurrence):
        return Provenance(what=one.text, at=one.raised_at, id=one.id)
    return context.of(one)


def sedation(context: FormContext) -> Field:
    """MOAA/S under 5 after the first dose."""
    found = episodes.sedation(context.history)
    unscored = "sedation: MOAA/S was not scored after the dose"
    return _episode(context, "sedation", "Sedation", found, unscored)


def dissociation(context: FormContext) -> Field:
    """CADSS over 4 after the first dose."""
    found = episodes.dissociation(context.history)
    unscored = "dissociation: CADSS was not scored after the dose"
    return _episode(context, "dissociation", "Dissociation", found, unscored)


def respiratory_depression(context: FormContext) -> Field:
    """What the alarms of saturation and breathing say after the first dose."""
    found = episodes.respiratory_depression(context.history)
    return _episode(context, "respiratory_depression", "Respiratory depression", found)


def serious_events(context: FormContext) -> Field:
    """Symptoms marked as serious, seizures, and loss of consciousness, as MOAA/S 0 is [label]."""
    session = context.history.session
    found = [s for s in session.symptoms if s.serious or (s.name in SERIOUS and s.grade)]
    gone = [s for s in session.scores if s.scale == "moaas" and s.total == 0]
    sources = [context.of(record) for record in (*found, *gone)]
    words = [f"{source.what} at {context.when(source.at)}" for source in sources]
    return Field(
        "serious_events",
        "Serious adverse events",
        [record.as_json() for record in found] + [record.as_json() for record in gone],
        "; ".join(words) or "none",
        tuple(sources) or context.nothing,
    )
