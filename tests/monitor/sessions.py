"""A whole session, told in one go, for what is made of it afterwards."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.account import Account
from monitor.commands import GiveDose
from monitor.coverage import Coverage, Stretch
from monitor.events import Draft, Event
from monitor.facts import Field
from monitor.form import Form, form
from monitor.office import DESK
from tests.monitor.builders import Bedside, bed


def treated(*, lot: str | None = "A123", ended: bool = True) -> Bedside:
    """84 mg in three devices, a CADSS of 31 and a MOAA/S of 3 in between, and home again."""
    side = bed().with_session().prepared().with_baseline(132, 84).minutes(1)
    for n in range(3):
        side.asks(GiveDose("esketamine", 28, lot, "nurse.a"))
        side.minutes(5 if n < 2 else 10)
    side.scored(cadss=31, moaas=3).minutes(30).scored(cadss=4, moaas=5)
    for _ in range(6):
        side.minutes(15).scored(cadss=1, moaas=5)
    side.escorted().wait(2)
    return side.closed() if ended else side


def account(side: Bedside, *more: Event) -> Account:
    found = Account.of([*side.events, *more])
    assert found is not None
    return found


def covered(of: Account, *gaps: tuple[float, float]) -> Coverage:
    """SpO2 from the first dose to the end, but for gaps from minute to minute."""
    first = of.session.first_dose_at
    if first is None:
        return Coverage()
    edges = [0.0, *(edge for gap in gaps for edge in gap)]
    start = [first + timedelta(minutes=minutes) for minutes in edges]
    ends = [*start[1::2], of.session.ended_at or start[-1]]
    spans = zip(start[::2], ends, strict=True)
    return Coverage(("oximeter",), tuple(Stretch(a, b, 91, 100) for a, b in spans))


def form_of(of: Account, now: datetime | None = None, coverage: Coverage | None = None) -> Form:
    """The form, made when the session ended unless at another time."""
    at = now or of.events[-1].at
    return form(of, covered(of) if coverage is None else coverage, at, UTC)


def field(of: Form, name: str) -> Field:
    return next(field for field in of.fields if field.name == name)


def written(drafts: Iterable[Draft], session: str | None, at: datetime, n: int = 1) -> list[Event]:
    """`drafts` as the clerk would write them."""
    return [
        Event(f"{DESK}-{n + i}", DESK, n + i, session, type_, None, at, payload)
        for i, (type_, payload) in enumerate(drafts)
    ]


def later(of: Account, drafts: Iterable[Draft]) -> Account:
    """The account with what was written down a day after the session."""
    at = of.events[-1].at + timedelta(days=1)
    events = written(drafts, of.session.id, at, len(of.events))
    return replace(of, events=(*of.events, *events))
