"""What a form's fields are made from: an history, and the words and sources for it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

from drivers.clock import parse_rfc3339, rfc3339, rfc3339_or_none
from monitor.patient.wording import local_time, said
from monitor.session import (
    BY_HAND,
    Correction,
    Coverage,
    Event,
    Observation,
    Pressure,
    Record,
    SessionHistory,
    record_fields,
)

OF_PROGRAMME: Final = ("esketamine", "nasal")
"""The product and the route that the programme is for [form]."""

ASKED_AFTERWARDS: Final = ("intervention", "enrolled")
"""What only a person who fills in the form says: yes or no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a value comes from.

    `at` is when it was so, `written_at` when it was put on record; `device` measured it, or
    `by` wrote it; `id` is the journal's event. `instead_of` is what it was before, newest first.
    """

    what: str
    at: datetime
    by: str | None = None
    device: str | None = None
    id: str | None = None
    written_at: datetime | None = None
    supersedes: tuple[Correction, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The source as interfaces show it."""
        return {
            "what": self.what,
            "at": rfc3339(self.at),
            "by": self.by,
            "device": self.device,
            "id": self.id,
            "written_at": rfc3339_or_none(self.written_at),
            "instead_of": [correction.as_json() for correction in self.supersedes],
        }


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `value` for programs, `text` for people, and in `missing` what it lacks."""

    name: str
    title: str
    value: Any
    text: str
    sources: tuple[Provenance, ...] = ()
    missing: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The field as interfaces show it."""
        return {
            "name": self.name,
            "title": self.title,
            "value": self.value,
            "text": self.text,
            "sources": [source.as_json() for source in self.sources],
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True)
class Ready:
    """When the patient would have been ready without the window: proposed, then said by `by`."""

    proposed: datetime | None
    at: datetime | None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class FormContext:
    """An history with what else a form needs: SpO2's coverage, the time, the time zone.

    `on_day` is how many sessions with a dose the patient had on that day.
    """

    history: SessionHistory
    coverage: Coverage
    now: datetime
    zone: tzinfo | None
    on_day: int = 1

    # ── in words ────────────────────────────────────────────────────────────────────────

    @property
    def treated_on(self) -> date | None:
        """The day of the first dose."""
        first = self.history.session.first_dose_at
        return None if first is None else first.astimezone(self.zone).date()

    def clock(self, at: datetime) -> str:
        """The local time, as "14:05+01:00"; of another day than the treatment's with its date."""
        return local_time(at, self.treated_on, self.zone)

    def when(self, at: datetime) -> str:
        """The local time, and for how long it has been or was still to be since the first dose.

        As "14:05+01:00 (42 min)"; whole minutes that had passed.
        """
        minutes, first = self.history.whole_minutes(at), self.history.session.first_dose_at
        if minutes is None or first is None:
            return self.clock(at)
        before = " before" if at < first else ""
        return f"{self.clock(at)} ({abs(minutes)} min{before})"

    # ── where from ──────────────────────────────────────────────────────────────────────

    def of(self, record: Record) -> Provenance:
        """The source that `record` is."""
        written = self.history.event_of(record)
        device = record.device if isinstance(record, Pressure | Observation) else None
        return Provenance(
            what=said(record),
            at=record.at,
            by=record.by,
            device=None if device == BY_HAND else device,
            id=record.id,
            written_at=None if written is None else written.at,
            supersedes=tuple(self.history.corrected(record)),
        )

    def saw(self, event: Event | None, what: str) -> tuple[Provenance, ...]:
        """The source that `event` is; none without one."""
        if event is None:
            return ()
        data = event.payload
        at = parse_rfc3339(data["at"]) if "at" in data else event.at
        return (Provenance(what=what, at=at, by=data.get("by"), id=event.id, written_at=event.at),)

    def saw_each(self, events: Iterable[Event]) -> tuple[Provenance, ...]:
        """The sources that `events` are, each by what happened."""
        return tuple(s for e in events for s in self.saw(e, e.type.replace(".", " ")))

    @property
    def first_given(self) -> Event | None:
        """The event that says under which conditions the first dose that stands was given.

        A correction of that dose that keeps its time says nothing of them: the dose that it
        corrects does.
        """
        session = self.history.session
        given = next((dose for dose in session.doses if dose.at == session.first_dose_at), None)
        if given is None:
            return self.history.first("infusion.started")
        records = [given, *(correction.was for correction in self.history.corrected(given))]
        events = [event for record in records if (event := self.history.event_of(record))]
        return next((e for e in events if "unmet" in e.payload), events[0] if events else None)

    @property
    def first_given_from(self) -> tuple[Provenance, ...]:
        """The source that the first dose, or the infusion's start, is."""
        session = self.history.session
        given = next((dose for dose in session.doses if dose.at == session.first_dose_at), None)
        if given is not None:
            return (self.of(given),)
        return self.saw(self.history.first("infusion.started"), "infusion started")

    @property
    def nothing(self) -> tuple[Provenance, ...]:
        """The source of what is not there: the session's whole record, up to its end or now."""
        at = self.history.session.ended_at or self.now
        return (Provenance(what="no such record in the session", at=at),)

    # ── what a person said afterwards ───────────────────────────────────────────────────

    def fills(self, field: str, record: str | None = None) -> list[Event]:
        """The events that filled that field, oldest first."""
        return [
            event
            for event in self.history.all("form.filled")
            if (event.payload["field"], event.payload["record"]) == (field, record)
        ]

    def filled(self, field: str, record: str | None = None) -> Event | None:
        """The newest event that filled that field."""
        return next(reversed(self.fills(field, record)), None)

    def said_in_turn(
        self, events: Iterable[Event], what: str, of: str = "medicines"
    ) -> tuple[Provenance, ...]:
        """The sources that `events` are, newest first; each but the newest says what it was.

        `of` is what was asked where it was asked at the bed.
        """
        newest_first = [*events][::-1]
        sources = [*self.saw(next(iter(newest_first), None), what)]
        for event in newest_first[1:]:
            reason = event.payload.get("reason")
            why = f" ({reason})" if reason else ""
            sources += self.saw(event, f"{what}, before: {self._says(event, of)}{why}")
        return tuple(sources)

    def _says(self, event: Event, of: str) -> str:
        """What a person said who confirmed or filled in a field, or asked before the dose."""
        value = _value(event, of)
        if event.type == "form.confirmed":
            return "never" if value is None else self.clock(parse_rfc3339(value))
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else ", ".join(value) or "none"

    @property
    def asked(self) -> list[Event]:
        """The events that say which medicines the patient takes, oldest first."""
        return self.asked_for("medicines")

    @property
    def medicines(self) -> tuple[str, ...] | None:
        """Which medicines the patient takes; None when nobody asked."""
        asked = self.asked
        return tuple(_value(asked[-1])) if asked else None

    @property
    def infusion_record(self) -> str | None:
        """The record that the infusion's lot number is filled into: the event of its start."""
        started = self.history.last("infusion.started")
        return None if started is None else started.id

    @property
    def lots(self) -> dict[str, str | None]:
        """The lot number of each dose, by the dose's record; of an infusion, by its own.

        The infusion's is what was said of it, or of a dose recorded beside it.
        """
        doses = self.history.session.doses
        if (record := self.infusion_record) is None:
            noted = {dose.id: dose.lot for dose in doses}
        else:
            turns = self.history.all("infusion.started", "infusion.resumed", "infusion.ended")
            said = [*(dose.lot for dose in doses), *(turn.payload.get("lot") for turn in turns)]
            noted = {record: next((lot for lot in reversed(said) if lot), None)}
        filled = {record: self.filled("lot", record) for record in noted}
        return {
            record: lot if (event := filled[record]) is None else event.payload["value"]
            for record, lot in noted.items()
        }

    def asked_for(self, what: str) -> list[Event]:
        """The events that answer `what`, asked at the bed or filled in afterwards, oldest first."""
        asked = self.history.all("session.started", "preparation.recorded")
        known = [event for event in asked if event.payload.get(what) is not None]
        return [*known, *self.fills(what)]

    @property
    def setting(self) -> str | None:
        """`outpatient` or `inpatient`; None when nobody has said which."""
        said = self.asked_for("setting")
        return None if not said else str(said[-1].payload.get("setting") or _value(said[-1]))

    @property
    def why_none_sent(self) -> str | None:
        """Why the programme wants no form of this session; None where it wants one."""
        regimen = self.history.session.regimen
        if (regimen.product.lower(), regimen.route) != OF_PROGRAMME:
            return f"no form is sent for {regimen.title}"
        if not regimen.sends_form:
            return f"no form is sent here ({regimen.jurisdiction})"
        if self.setting == "inpatient":
            return "no form is sent for an inpatient"
        return None

    @property
    def classes(self) -> dict[str, bool | None]:
        """Whether the patient takes medicines of each class; None where that was not asked.

        Who takes none takes none of any class; no class is told from a medicine's name.
        """
        found: dict[str, bool | None] = dict.fromkeys(record_fields.MEDICINE_CLASSES)
        asked = self.history.all("session.started", "preparation.recorded")
        for event in asked:
            found |= event.payload.get("medicine_classes") or {}
        for event in self.history.all("form.filled"):
            if event.payload["field"] in found:
                found[event.payload["field"]] = event.payload["value"]
        if self.medicines == () and True not in found.values():
            return dict.fromkeys(found, False)
        return found

    @property
    def first(self) -> bool | None:
        """Whether this was the patient's first treatment; None when it is not known."""
        if said := self.asked_for("first_treatment"):
            return bool(_value(said[-1], "first_treatment"))
        number = self.history.session.number
        return None if number is None else number == 1

    @property
    def answers(self) -> dict[tuple[str, str | None], Any]:
        """What a person can fill in, by field and record."""
        found: dict[tuple[str, str | None], Any] = {
            ("medicines", None): None if self.medicines is None else list(self.medicines),
            ("first_treatment", None): self.first,
        }
        found[("setting", None)] = self.setting
        for name in ASKED_AFTERWARDS:
            filled = self.filled(name)
            found[(name, None)] = None if filled is None else filled.payload["value"]
        found |= {(name, None): taken for name, taken in self.classes.items()}
        return found | {("lot", record): lot for record, lot in self.lots.items()}

    @property
    def ready(self) -> Ready:
        """When the patient would have been ready without the window."""
        session = self.history.session
        proposed, given_at = session.criteria_met_at, session.last_dose_at
        if proposed is not None and given_at is not None and proposed < given_at:
            proposed = None
        said = self.history.last("form.confirmed")
        if said is None:
            return Ready(proposed, proposed)
        value = said.payload["value"]
        at = None if value is None else parse_rfc3339(value)
        return Ready(proposed, at, said.payload["by"])


def _value(event: Event, of: str = "medicines") -> Any:
    """What a field was confirmed or filled in with, or the answer to what was asked."""
    data = event.payload
    return data[of] if of in data else data["value"]
