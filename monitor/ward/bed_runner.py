"""One bed at work: its devices, its core, and the way of its events to the journal.

What goes wrong at a bed stays here: after a fault in its core the bed is rebuilt from the
journal, when `monitor.ward.fault_recovery` says so.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import structlog

from alerts.alarm import ALARM_ONSETS
from alerts.rules import RuleSet
from drivers.capture_writer import Captures
from drivers.clock import Clock, Instant
from drivers.device import Device
from drivers.readings import DeviceReport, Waveform
from drivers.registry import DeviceSpec
from monitor.bed import (
    Bed,
    DeviceInput,
    Input,
    Json,
    RecordingStart,
    Result,
    SiteCondition,
    StartMeasurement,
    Tick,
    dump,
    view,
)
from monitor.journal import Journal, Receipt, StoreError
from monitor.patient import PriorSessions
from monitor.session import Command, Event, Phase, Refusal, Refused, Stored, moving
from monitor.ward.alarm_load import AlarmLoad
from monitor.ward.device_links import link_of
from monitor.ward.fault_recovery import FaultRecovery
from monitor.ward.null_journal import NullJournal
from monitor.ward.recorded_past import machine_began_anew, recorded_past
from monitor.ward.waveform_feed import WaveformFeed

UNSTORED_AFTER_S: Final = 0.5
"""An alarm whose commit has not come back by then is published all the same [design.md]."""

HICCUP_S: Final = 0.5
"""Under a fast clock a pause of the machine itself of so many real seconds is nobody's silence."""

UNREADABLE_RECORD: Final = "record-unreadable"
"""The technical condition of a bed that watches without a part of its record."""

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class BedRunner:
    """Runs one bed, in memory until there is a journal. `recovery` rebuilds a core that failed."""

    def __init__(
        self,
        bed: str,
        specs: Sequence[DeviceSpec],
        rules: RuleSet,
        journal: Journal,
        clock: Clock,
        unstored: Callable[[Event], None],
        waveforms: WaveformFeed,
        *,
        name: str | None = None,
        captures: Captures | None = None,
    ) -> None:
        self.id = bed
        self._name = name
        self._waveforms = waveforms
        self._specs = tuple(specs)
        self._rules = rules
        self._journal = journal
        self._clock = clock
        self._unstored = unstored
        self._alarm_load = AlarmLoad()
        self._prior_sessions: tuple[str, PriorSessions] | None = None
        self._site_conditions: dict[str, str] = {}
        self._least_s = HICCUP_S * clock.speed if clock.speed > 1 else 0.0
        self.is_restored = False
        self._null_journal = None if journal.opened.is_set() else NullJournal()
        self.recovery = FaultRecovery(bed, clock, self._rebuild, self._resume)
        self.bed = self._empty()
        kept = {spec.id: captures.of(bed, spec) for spec in specs} if captures else {}
        self.devices = {
            spec.id: Device(spec, self.take, clock, capture=kept.get(spec.id)) for spec in specs
        }

    def _empty(self) -> Bed:
        return Bed(self.id, self._specs, self._rules, self._least_s)

    # ── start, rebuild and end ──────────────────────────────────────────────────────────

    async def restore(self) -> None:
        """Take up where the journal left off, also after watching in memory.

        Raises `StoreError`; a history that the bed cannot take makes it a failing one.
        """
        in_memory = self._null_journal is not None
        try:
            await self._restore()
            if in_memory or self._site_conditions:
                self._resume()
        except StoreError:
            raise
        except Exception as error:
            self.failed(error)

    async def _restore(self) -> None:
        stored, last_n = await self._journal.load_stream(self.id)
        if self.recovery.is_hopeless:
            stored = []
        events = [item.event for item in stored]
        moved = moving.last_move(events)
        before = [] if moved is None else await self._journal.before_move(moved)
        raised = await self._journal.latest(self.id, ALARM_ONSETS)
        seen = await recorded_past(
            self._journal,
            self.id,
            events,
            self._specs,
            self._least_s,
            differ_by=self._rules.spo2_differs_by,
            boot=self._clock.boot,
            before_move=before,
        )
        began_anew = await machine_began_anew(
            self._journal, self.id, events, self._clock.boot, before
        )
        now, bed = self._clock.now(), self._empty()
        left_out = bed.restore(events, last_n, now, seen, began_anew=began_anew, before_move=before)
        self._tell_of(left_out)
        self._alarm_load = AlarmLoad(item.event.at for item in reversed(raised))
        if self._null_journal is not None:
            self._null_journal.end(self.bed, now, self._unstored)
        self.bed, self._null_journal, self.is_restored = bed, None, True
        first_n = stored[0].event.n if stored else last_n + 1
        opening = RecordingStart(
            now,
            self._specs,
            self._least_s,
            self._rules,
            first_n,
            last_n,
            seen_before=seen,
            boot=self._clock.boot,
            began_anew=began_anew,
        )
        self._journal.open_recording(self.id, now, opening.as_json())

    def _tell_of(self, left_out: Sequence[str]) -> None:
        """Say what of the bed's record it watches without; an alarm follows as it goes on."""
        if self.recovery.is_hopeless:
            left_out = [
                f"all of it: the bed failed with it again and again: {self.recovery.failing}"
            ]
        for event in left_out:
            _log.error("bed.record-unreadable", bed=self.id, left_out=event)
        if left_out:
            self._site_conditions[UNREADABLE_RECORD] = "; ".join(left_out[:3])

    def failed(self, error: BaseException) -> None:
        """Its core failed: it is rebuilt from what is stored."""
        self.recovery.failed(error)
        self._journal.end_recording(self.id)

    async def _rebuild(self) -> None:
        """First let the journal have all that was decided, if there is one."""
        if not self._journal.opened.is_set():
            self.bed = self._empty()
            return
        if self._null_journal is None:
            await self._journal.append([])
        await self._restore()

    def _resume(self) -> int:
        """Tell the new core what was told the old one and does not come again by itself."""
        for device in self.devices.values():
            self.take(DeviceReport(device.spec.id, self._clock.now(), device.link_state))
        for name, reason in self._site_conditions.items():
            self._dispatch_site_condition(name, reason)
        return self.bed.event_number

    def close(self) -> None:
        """The daemon ends: nothing is rebuilt any more."""
        self.recovery.close()

    # ── what comes in ───────────────────────────────────────────────────────────────────

    def take(self, report: DeviceReport) -> None:
        """What a device of this bed said: judged first, then recorded, then shown."""
        self._dispatch(report.at, DeviceInput(report.device, report.item))
        if isinstance(report.item, Waveform):
            self._waveforms.put(self.id, report.device, report.item)

    def tick(self, now: Instant) -> None:
        """Time has passed."""
        self._dispatch(now, Tick())

    def set_site_condition(self, name: str, reason: str | None) -> None:
        """A technical condition of the daemon itself began, or ended with None."""
        if self._site_conditions.get(name) == reason:
            return
        if reason is None:
            del self._site_conditions[name]
        else:
            self._site_conditions[name] = reason
        self._dispatch_site_condition(name, reason)

    def _dispatch_site_condition(self, name: str, reason: str | None) -> None:
        self._dispatch(self._clock.now(), SiteCondition(name, reason))

    def command(
        self, command: Command, receipt: Callable[[], Receipt | None] | None = None
    ) -> "asyncio.Future[list[Stored]]":
        """Carry out what a person asked for; done when its events are durable.

        `receipt` is asked, after the command was accepted, for what to store with them.
        Raises `Refused`, with nothing changed.
        """
        self.check_available()
        now = self._clock.now()
        try:
            try:
                outcome = self.bed.handle(command, now)
            except Refused:
                self.record(now, command)
                raise
            self.record(now, command)
            try:
                kept = None if receipt is None else receipt()
            except Exception:
                self._commit(outcome)
                raise
            return self._commit(outcome, kept)
        except Refused:
            raise
        except Exception as error:
            self.failed(error)
            raise

    def check_available(self) -> None:
        """Raises `Refused` while the bed can take no command."""
        if self.recovery.failing is not None:
            raise Refused(
                Refusal.UNAVAILABLE, f"{self.id} is being restarted; try again in a moment"
            )
        if self._null_journal is not None:
            raise Refused(Refusal.UNAVAILABLE, f"it cannot be stored: {self._journal.failure}")

    def _dispatch(self, at: Instant, what: Input) -> None:
        if self.recovery.failing is None:
            try:
                outcome = self.bed.handle(what, at)
                if outcome.events:
                    self._commit(outcome)
            except Exception as error:
                self.failed(error)
        self.record(at, what)

    # ── what goes out ───────────────────────────────────────────────────────────────────

    def _commit(
        self, outcome: Result, receipt: Receipt | None = None
    ) -> "asyncio.Future[list[Stored]]":
        to = self._journal if self._null_journal is None else self._null_journal
        return self.follow(outcome, to.append(outcome.events, receipt=receipt))

    def follow(
        self, outcome: Result, stored: "asyncio.Future[list[Stored]]"
    ) -> "asyncio.Future[list[Stored]]":
        """Do what was decided, which is on its way to the journal."""
        alarms = [event for event in outcome.events if event.subject is not None]
        if alarms and not stored.done():
            loop = asyncio.get_running_loop()
            loop.call_later(UNSTORED_AFTER_S, self._publish_undurable, stored, alarms)
        stored.add_done_callback(lambda done: self._on_commit_done(done, alarms))
        for event in alarms:
            if event.type in ALARM_ONSETS:
                self._alarm_load.add(event.at)
        for request in outcome.effects:
            device = self.devices[request.device]
            device.measure() if isinstance(request, StartMeasurement) else device.abort()
        return stored

    def _publish_undurable(
        self, stored: "asyncio.Future[list[Stored]]", alarms: Iterable[Event]
    ) -> None:
        if not stored.done():
            for event in alarms:
                self._unstored(event)

    def _on_commit_done(
        self, stored: "asyncio.Future[list[Stored]]", alarms: Iterable[Event]
    ) -> None:
        """An entry that the journal refused is told all the same, and the bed starts afresh."""
        if stored.cancelled() or (error := stored.exception()) is None or self.recovery.closed:
            return
        for event in alarms:
            self._unstored(event)
        self.failed(error)

    def record(self, at: Instant, what: Input) -> None:
        """Keep what came; it has been judged by now, unless the core has failed."""
        session = self.bed.session
        session_id = session.id if session is not None and session.is_open else None
        try:
            self._journal.add_input(self.id, session_id, at, dump(what))
            match what:
                case DeviceInput(device, Waveform(name, rate_hz, samples)):
                    self._journal.add_wave(
                        self.id, session_id, device, name, at.wall, rate_hz, samples
                    )
        except Exception:
            self._journal.end_recording(self.id)
            _log.exception("bed.not-recorded", bed=self.id)

    # ── what is seen ────────────────────────────────────────────────────────────────────

    def bed_view(self) -> Json:
        """The bed as interfaces show it."""
        now, simulated = self._clock.now(), self._clock.simulated
        shown = self._seen(
            lambda: view.bed(self.bed, now, simulated=simulated),
            view.empty(self.id, simulated=simulated),
        )
        return shown.as_json() | {
            "name": self._name,
            "alarms_120min": self._alarm_load.count(now.wall),
            "failing": self.recovery.failing,
            "history": self._history(),
        }

    def take_prior_sessions(self, other: "BedRunner") -> None:
        """Show what the bed did at which the session was before."""
        self._prior_sessions = other._prior_sessions

    def set_prior_sessions(self, session: str, past: PriorSessions | None) -> None:
        """What to show of the patient's earlier sessions while that one is at baseline."""
        self._prior_sessions = None if past is None else (session, past)

    def _history(self) -> list[Json] | None:
        session = self.bed.session
        if session is None or session.phase is not Phase.BASELINE or self._prior_sessions is None:
            return None
        of, past = self._prior_sessions
        return past.history if of == session.id else None

    def device_links(self) -> list[Json]:
        """How the link to each device does."""
        return [link_of(device) for device in self.devices.values()]

    def vitals(self) -> Json:
        """The bed's vitals as interfaces show them."""
        return self._seen(lambda: view.vitals(self.bed, self._clock.now()), {})

    def session(self) -> Json | None:
        """The bed's session as interfaces show it."""
        shown = self._seen(lambda: view.session(self.bed, self._clock.now()), None)
        return None if shown is None else shown.as_json()

    def alarms(self) -> list[Json]:
        """The bed's open alarms, most urgent first."""
        return self._seen(lambda: view.alarms(self.bed), [])

    def _seen(self, look: Callable[[], T], otherwise: T) -> T:
        """What `look` sees; a bed that cannot even be looked at has failed."""
        try:
            return look()
        except Exception as error:
            self.failed(error)
            return otherwise
