"""The field of the form about what was given: by devices, or of an infusion what ran in. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from drivers.clock import rfc3339, rfc3339_or_none
from monitor.patient.form.provenance import Field, FormContext, Provenance
from monitor.session import Dose, Infusion, dosing_stop


def doses(context: FormContext) -> Field:
    """Product, mg and lot number of what was given."""
    session = context.history.session
    field = Field("doses", "Dose and lot numbers", None, "no dose")
    if session.first_dose_at is None:
        return field
    planned_mg = session.planned_mg
    if session.infusion is not None:
        return _infused(context, field, session.infusion, planned_mg)
    lots = context.lots
    given = [_given(dose, lots[dose.id]) for dose in session.doses]
    words = [
        f"{dose.product} {dose.mg:g} mg at {context.clock(dose.at)}, lot {lots[dose.id] or '–'}"
        for dose in session.doses
    ]
    if len(given) > 1:
        words.append(f"{session.given_mg:g} mg in all")
    value: dict[str, Any] = {
        "given_mg": round(session.given_mg, 3),
        "planned_mg": planned_mg,
        "doses": given,
    }
    sources = [*map(context.of, session.doses), *_filled_lots(context)]
    if (stopped := dosing_stop.in_words(session)) is not None:
        words.append(stopped)
        value["stopped"] = stopped
        sources += map(context.of, session.dosing_stops[-1:])
    return replace(
        field,
        value=value,
        text="; ".join(words),
        sources=tuple(sources),
        missing=tuple(
            f"lot number of the dose at {context.clock(dose.at)}"
            for dose in session.doses
            if not lots[dose.id]
        ),
    )


def _given(dose: Dose, lot: str | None) -> dict[str, Any]:
    return {
        "product": dose.product,
        "mg": dose.mg,
        "lot": lot,
        "at": rfc3339(dose.at),
        "record": dose.id,
    }


def _filled_lots(context: FormContext) -> Iterator[Provenance]:
    for dose in context.history.session.doses:
        filled = context.fills("lot", dose.id)
        yield from context.said_in_turn(filled, f"lot of {context.clock(dose.at)}")


def _infused(
    context: FormContext, field: Field, infusion: Infusion, planned_mg: float | None
) -> Field:
    """An infusion: what ran in, not what was planned, and no dose record beside it."""
    session, regimen = context.history.session, context.history.session.regimen
    until = infusion.ended_at or session.ended_at or context.now
    ran_in_mg, ran_min = session.ran_in_mg(until), infusion.ran(until) // timedelta(minutes=1)
    record = context.infusion_record
    lot = context.lots.get(record) if record is not None else None
    begun = context.clock(infusion.started_at)
    to = "still running" if infusion.ended_at is None else f"to {context.clock(infusion.ended_at)}"
    mg = "mg not known" if ran_in_mg is None else f"{round(ran_in_mg, 3):g} mg ran in"
    planned = "" if planned_mg is None else f" of {planned_mg:g} mg planned"
    turns = context.history.all("infusion.started", "infusion.ended")
    filled = [] if record is None else context.fills("lot", record)
    return replace(
        field,
        value={
            "given_mg": None if ran_in_mg is None else round(ran_in_mg, 3),
            "planned_mg": planned_mg,
            "doses": [],
            "infusion": {
                "product": regimen.product,
                "from": rfc3339(infusion.started_at),
                "to": rfc3339_or_none(infusion.ended_at),
                "ran_min": ran_min,
                "planned_min": regimen.infusion_min,
                "lot": lot,
                "record": record,
            },
        },
        text=(
            f"{regimen.product} infusion {begun} {to}, ran {ran_min} of "
            f"{regimen.infusion_min:g} min: {mg}{planned}, lot {lot or '–'}"
        ),
        sources=(
            *context.saw_each(turns),
            *map(context.of, session.doses),
            *context.said_in_turn(filled, "lot of the infusion"),
        ),
        missing=() if lot else ("lot number of the infusion",),
    )
