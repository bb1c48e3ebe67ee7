"""What the journal tells of sessions that no bed may hold any more. It only reads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from drivers.clock import Clock
from drivers.readings import Vital
from monitor.bed import view
from monitor.journal import Bucket, JournalReader
from monitor.patient.commands import OF_FORM, OF_PATIENT
from monitor.patient.csv_export import CONTINUOUS, minutes_of
from monitor.patient.deviations import same_days
from monitor.patient.form import MonitoringForm, monitoring_form
from monitor.patient.report import SessionReport, session_report
from monitor.patient.session_summary import session_summaries, summarise
from monitor.patient.treatment_course import TreatmentCourse, treatment_course
from monitor.session import (
    GAP,
    HISTORY_TYPES,
    Coverage,
    Event,
    SessionHistory,
    Stored,
    by_session,
    spo2_least,
)

PAGE: Final = 500

AT_ONCE: Final = 50
"""So many sessions are read and folded at a time."""

REMEMBERED: Final = 500
"""So many ended sessions' coverage is kept: it never changes, and costs the most to find."""

LATEST: Final = 3
"""So many earlier sessions are shown before the next dose [default]."""

NEAR: Final = timedelta(days=2)
"""Sessions that are further apart have no day in common."""

FormState = Literal["due", "sent", "all"]

MARGIN: Final = timedelta(milliseconds=1)
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PriorSessions:
    """Which session of the patient the next one is, and the latest with a dose in short."""

    number: int
    history: list[view.Json]


class SessionRepository:
    """The sessions in `journal`. Every method raises `StoreError`.

    `zone` is the site's time zone, None for this machine's.
    """

    def __init__(self, journal: JournalReader, clock: Clock, zone: tzinfo | None = None) -> None:
        self._journal = journal
        self._clock = clock
        self.zone = zone
        self._coverage: dict[str, Coverage] = {}

    async def stored(self, session: str) -> list[Stored]:
        """Every event of that session, oldest first; none when there is no such session."""
        found: list[Stored] = []
        after, is_last = 0, False
        while not is_last:
            page = await self._journal.events(after, PAGE, session=session)
            found += page
            is_last = len(page) < PAGE
            after = page[-1].seq if page else 0
        return found

    async def history(self, session: str) -> SessionHistory | None:
        """The history of that session; None when there is no such session."""
        found = await self.stored(session)
        return await self._journal.run_in_reader(
            lambda: SessionHistory.from_events(stored.event for stored in found)
        )

    async def histories(self, sessions: Collection[str]) -> list[SessionHistory]:
        """The histories of these sessions, in the order they started."""
        if not sessions:
            return []
        found = await self._journal.of_sessions(sessions, HISTORY_TYPES | OF_FORM)
        events = [stored.event for stored in found]
        return await self._journal.run_in_reader(lambda: list(by_session(events).values()))

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """When that day begins in the site's zone, and when the next one does."""
        midnight = (datetime.combine(of, time(), self.zone) for of in (day, day + ONE_DAY))
        since, until = (of.astimezone(UTC) for of in midnight)
        return since, until

    async def of_day(self, day: date) -> list[SessionHistory]:
        """The histories of the sessions that began on that day, in the order they started."""
        found: list[str] = []
        before: int | None = None
        began = self.bounds(day)
        while started := await self._journal.sessions(AT_ONCE, before=before, began=began):
            found += [str(each.event.session) for each in started]
            before = started[-1].seq
        return await self.histories(found)

    async def patient(self, patient: str) -> tuple[list[SessionHistory], list[Event]]:
        """The histories of that patient's sessions, and what was written down between them."""
        found = await self._journal.of_patient(patient, {"session.started"} | OF_PATIENT)
        started = [str(s.event.session) for s in found if s.event.type == "session.started"]
        written = [stored.event for stored in found if stored.event.type in OF_PATIENT]
        return await self.histories(started), written

    async def prior_sessions(self, patient: str, session: str | None = None) -> PriorSessions:
        """What that patient's sessions but for `session` were."""
        histories, _ = await self.patient(patient)
        others = [history for history in histories if history.session.id != session]
        seen = await self._journal.run_in_reader(lambda: session_summaries(others, self.zone))
        dosed = [visit for visit in seen if visit.number is not None]
        return PriorSessions(len(dosed) + 1, [visit.as_json() for visit in dosed[-LATEST:]])

    async def treatment_course(self, patient: str) -> TreatmentCourse | None:
        """The course of that patient; None when no session of theirs ever started."""
        histories, written = await self.patient(patient)
        if not histories:
            return None
        now = self._clock.now().wall
        return await self._journal.run_in_reader(
            lambda: treatment_course(histories, written, now, self.zone)
        )

    async def coverage(self, history: SessionHistory) -> Coverage:
        """Over which stretches SpO2 was recorded from the first dose to the session's end."""
        session = history.session
        if (known := self._coverage.get(session.id)) is not None:
            return known
        start, end = session.first_dose_at, session.ended_at
        if start is None:
            return Coverage()
        found = await self._journal.coverage(
            Vital.SPO2.value,
            GAP,
            session=session.id,
            start=start,
            end=None if end is None else end + MARGIN,
            least=spo2_least(session),
        )
        if end is not None:
            self._coverage[session.id] = found
            while len(self._coverage) > REMEMBERED:
                del self._coverage[next(iter(self._coverage))]
        return found

    async def minutes(self, history: SessionHistory) -> dict[Vital, list[Bucket]]:
        """The course of each continuous vital over that session, by the minute."""
        return {vital: await self._by_minute(history, vital) for vital in CONTINUOUS}

    async def _by_minute(self, history: SessionHistory, vital: Vital) -> list[Bucket]:
        start, end, count = minutes_of(history, self._clock.now().wall)
        return await self._journal.readings(
            vital.value, session=history.session.id, start=start, end=end, points=count
        )

    async def report(self, history: SessionHistory) -> SessionReport:
        """The printed report of that session as it stands now."""
        spo2 = await self._by_minute(history, Vital.SPO2)
        on_day, number = await self.on_day(history), history.session.number
        now = self._clock.now().wall

        def tell() -> SessionReport:
            summary = summarise(history, number, self.zone, on_day=on_day)
            return session_report(history, summary, spo2, now, self.zone)

        return await self._journal.run_in_reader(tell)

    async def on_day(self, history: SessionHistory) -> int:
        """How many sessions with a dose its patient had on the day of that session's dose."""
        return (await self._on_days([history]))[history.session.id]

    async def _on_days(self, histories: Collection[SessionHistory]) -> dict[str, int]:
        """The same of several sessions, by session."""
        of: dict[str, list[SessionHistory]] = {h.session.patient: [] for h in histories}
        begun = [(h.session.patient, h.session.started_at) for h in histories]
        started = await self._journal.of_patients(of, {"session.started"})
        near = {
            str(stored.event.session)
            for stored in started
            for patient, at in begun
            if stored.event.payload["patient"] == patient and abs(stored.event.at - at) < NEAR
        }
        others = await self.histories(near - {history.session.id for history in histories})
        for history in (*histories, *others):
            of[history.session.patient].append(history)
        days = {patient: same_days(its, self.zone) for patient, its in of.items()}
        return {h.session.id: self._on_day(h, days[h.session.patient]) for h in histories}

    def _on_day(self, history: SessionHistory, days: Mapping[date, int]) -> int:
        first = history.session.first_dose_at
        return 1 if first is None else days.get(first.astimezone(self.zone).date(), 1)

    def form_of(self, history: SessionHistory, coverage: Coverage, on_day: int) -> MonitoringForm:
        """The form of that session as it stands now."""
        now = self._clock.now().wall
        return monitoring_form(history, coverage, now, self.zone, on_day=on_day)

    async def form(self, history: SessionHistory) -> MonitoringForm:
        """The form of that session as it stands now."""
        return await self._form(history, await self.on_day(history))

    async def _form(self, history: SessionHistory, on_day: int) -> MonitoringForm:
        coverage = await self.coverage(history)
        return await self._journal.run_in_reader(lambda: self.form_of(history, coverage, on_day))

    async def forms(
        self, state: FormState = "due", after: int = 0, limit: int = 100
    ) -> tuple[list[MonitoringForm], int | None]:
        """The forms of up to `limit` sessions that started past event `after`, oldest due first.

        Due are those of sessions with a dose that are not marked as sent. Sessions of which none
        is sent have a record and no form. With them comes
        where to go on, None at the end.
        """
        sent = {"due": False, "sent": True, "all": None}[state]
        chosen = await self._journal.with_form(sent=sent, after=after, limit=limit)
        found: list[MonitoringForm] = []
        for first in range(0, len(chosen), AT_ONCE):
            ids = [session for _, session in chosen[first : first + AT_ONCE]]
            histories = await self.histories(ids)
            dosed = [h for h in histories if h.session.first_dose_at is not None]
            on_days = await self._on_days(dosed)
            found += [await self._form(each, on_days[each.session.id]) for each in dosed]
        found = [form for form in found if form.due_on is not None or form.sent is not None]
        found.sort(key=lambda form: form.due_on or form.today)
        return found, chosen[-1][0] if len(chosen) == limit else None
