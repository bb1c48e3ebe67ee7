"""A record and a local time in words, as the form and the report print them. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final

from alerts.rules import GRADES
from monitor.session import Dose, DosingStop, Observation, Pressure, Record, Score, Symptom


def local_time(at: datetime, day: date | None, zone: tzinfo | None) -> str:
    """The time in `zone` with its UTC offset, "14:05+01:00"; its date first, unless it is `day`.

    The offset tells the hour before a clock was put back from the one after it.
    """
    local = at.astimezone(zone)
    on, _, time = local.isoformat(timespec="minutes").partition("T")
    return time if local.date() == day else f"{on} {time}"


def said(record: Record) -> str:
    """A record in words."""
    return _SAID[type(record)](record)


_SAID: Final[Mapping[type[Record], Callable[[Any], str]]] = {
    Dose: lambda dose: f"{dose.product} {dose.mg:g} mg, lot {dose.lot or 'not given'}",
    DosingStop: lambda stop: f"dosing stopped: {stop.reason}",
    Score: lambda score: f"{score.scale.upper().replace('MOAAS', 'MOAA/S')} {score.total}",
    Pressure: lambda pressure: f"{pressure.sys:.0f}/{pressure.dia:.0f} mmHg",
    Symptom: lambda symptom: (
        f"{symptom.name.replace('-', ' ')}, {GRADES[symptom.grade]}"
        + (f": {symptom.note}" if symptom.note else "")
    ),
    Observation: lambda seen: ", ".join(_observed(seen)),
}


def _observed(seen: Observation) -> Iterator[str]:
    if seen.resp is not None:
        yield f"respiratory rate {seen.resp:g}/min"
    if seen.temperature is not None:
        yield f"{seen.temperature:g} °C"
    if seen.oxygen is not None:
        flow = f", {seen.oxygen_flow:g} l/min" if seen.oxygen_flow else ""
        yield f"on oxygen{flow}" if seen.oxygen else "no oxygen"
    if seen.consciousness is not None:
        yield f"consciousness {seen.consciousness}"
