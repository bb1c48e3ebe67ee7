"""A whole session, told in one go, for what is made of it afterwards."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.patient.commands import RECORDS_STREAM
from monitor.patient.form.form import MonitoringForm, monitoring_form
from monitor.patient.form.provenance import Field
from monitor.session.commands import GiveDose
from monitor.session.coverage import Coverage, Span
from monitor.session.events import Draft, Event
from monitor.session.history import SessionHistory
from tests.monitor.builders import REGIMENS, START, Bedside, bed


def treated(*, lot: str | None = "A123", ended: bool = True) -> Bedside:
    """84 mg in three devices, a CADSS of 31 and a MOAA/S of 3 in between, and home again."""
    side = bed().with_session().prepared().with_baseline(132, 84).observed(resp=14).minutes(1)
    for n in range(3):
        side.scored(moaas=5).asks(GiveDose("esketamine", 28, "nurse.a", lot=lot))
        side.minutes(5 if n < 2 else 10)
    side.scored(cadss=31, moaas=3).minutes(30).scored(cadss=4, moaas=5)
    side.observed(resp=13)
    for n in range(6):
        side.minutes(15).scored(cadss=1, moaas=5)
        if n == 2:
            side.observed(resp=14)
    side.escorted().wait(2)
    return side.closed() if ended else side


def history(side: Bedside, *more: Event) -> SessionHistory:
    found = SessionHistory.from_events([*side.events, *more])
    assert found is not None
    return found


def covered(of: SessionHistory, *gaps: tuple[float, float]) -> Coverage:
    """SpO2 from the first dose to the end, but for gaps from minute to minute."""
    first = of.session.first_dose_at
    if first is None:
        return Coverage()
    edges = [0.0, *(edge for gap in gaps for edge in gap)]
    start = [first + timedelta(minutes=minutes) for minutes in edges]
    ends = [*start[1::2], of.session.ended_at or of.events[-1].at]
    spans = zip(start[::2], ends, strict=True)
    return Coverage(("oximeter",), tuple(Span(a, b, 91, 100) for a, b in spans))


def form_of(
    of: SessionHistory, now: datetime | None = None, coverage: Coverage | None = None
) -> MonitoringForm:
    """The form, made when the session ended unless at another time."""
    at = now or of.events[-1].at
    return monitoring_form(of, covered(of) if coverage is None else coverage, at, UTC)


def field(of: MonitoringForm, name: str) -> Field:
    return next(field for field in of.fields if field.name == name)


def written(drafts: Iterable[Draft], session: str | None, at: datetime, n: int = 1) -> list[Event]:
    """`drafts` as the clerk would write them."""
    return [
        Event(f"{RECORDS_STREAM}-{n + i}", RECORDS_STREAM, n + i, session, type_, None, at, payload)
        for i, (type_, payload) in enumerate(drafts)
    ]


def later(of: SessionHistory, drafts: Iterable[Draft]) -> SessionHistory:
    """The history with what was written down a day after the session."""
    at = of.events[-1].at + timedelta(days=1)
    events = written(drafts, of.session.id, at, len(of.events))
    return replace(of, events=(*of.events, *events))


def told(
    n: int, day: float, *happened: tuple[float, str, dict[str, Any]], regimen: str = "esketamine-84"
) -> list[Event]:
    """A session's events in short: it starts on `day`, and what happened minutes after that."""
    started = {
        "patient": "P-017",
        "age": 44,
        "weight_kg": 71,
        "regimen": REGIMENS[regimen].model_dump(mode="json"),
        "medicines": [],
        "rules": {},
        "by": "nurse.a",
    }
    begun = START.wall + timedelta(days=day)
    steps = [(0.0, "session.started", started), *happened]
    return [
        Event(
            f"e-{n}-{i}", "bed-1", i, f"s-{n}", type_, None, begun + timedelta(minutes=at), payload
        )
        for i, (at, type_, payload) in enumerate(steps, start=1)
    ]


def given(at: float = 10, mg: float = 84, **more: Any) -> tuple[float, str, dict[str, Any]]:
    return at, "dose.given", {"product": "esketamine", "mg": mg, "by": "nurse.a", **more}


def pressed(at: float, sys: float) -> tuple[float, str, dict[str, Any]]:
    return at, "pressure.measured", {"device": "cuff", "sys": sys, "dia": 80}


def scored(at: float, scale: str, total: int) -> tuple[float, str, dict[str, Any]]:
    return at, "score.recorded", {"scale": scale, "total": total, "by": "nurse.a"}


def infusion(at: float, turn: str, **more: Any) -> tuple[float, str, dict[str, Any]]:
    return at, f"infusion.{turn}", {"by": "nurse.a", **more}


def closed(at: float = 150, against: dict[str, str] | None = None) -> tuple[float, str, Any]:
    payload = {"by": "nurse.a", "escort": True, "against_criteria": against, "criteria": []}
    return at, "session.closed", payload | {"discharge_text": "No driving."}


def aborted(at: float = 5) -> tuple[float, str, Any]:
    return at, "session.aborted", {"by": "nurse.a", "reason": "went home"}


def treatments(*days: float, regimen: str = "esketamine-28") -> list[SessionHistory]:
    """A calm session with a dose on each of these days after the first."""
    found = (
        SessionHistory.from_events(told(n, day, given(mg=28), closed(), regimen=regimen))
        for n, day in enumerate(days)
    )
    return [history for history in found if history is not None]
