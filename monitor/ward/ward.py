"""All beds of one daemon, and what it takes to answer for them.

The ward owns the beds' runners, the journal's feed and the newest vitals; the HTTP
interface and the MQTT publisher are written against it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from uuid import uuid4

import structlog

from alerts.alarm import Alarm
from alerts.rules import RuleSet
from drivers.capture_writer import Captures
from drivers.clock import NEVER, Clock, Instant, rfc3339
from drivers.registry import DeviceSpec
from monitor.bed import view
from monitor.journal import EVENTS_LOST, EventFeed, Journal, LatestValueCache, Subscription
from monitor.patient import PatientRecordService, PriorSessions, SessionRepository
from monitor.session import Event, Phase, Regimens, Stored
from monitor.ward.bed_runner import BedRunner
from monitor.ward.displays import UNSEEN, Displays
from monitor.ward.waveform_feed import WaveformFeed

TICK_S: Final = 0.5
"""How often every bed is told that time has passed; rules may be late by as much."""

TURNS: Final = 5
SLOWEST_TURN_S: Final = 0.005
"""Under a fast clock the turns are no closer than this in real time."""

VITALS_PERIOD_S: Final = 1.0
"""How often a bed's vitals are handed on at most."""

MIN_VITALS_PERIOD_S: Final = 0.2
"""Under a fast clock they are handed on no more often than this in real time."""

RESTART_S: Final = 1.0

ABSENT_RETRY_S: Final = 2.0
"""How often a journal that is not there is tried again."""

NOT_CONFIGURED: Final = "bed-not-configured"
"""The technical condition of a bed that is here because something is open at it."""

LOST: Final = "events-lost"
"""The technical condition of every bed, until a person has acknowledged it there, after a loss."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """How the way to the broker stands. `since` is since when it has stood so.

    A `reason` while it is connected says what the broker refuses all the same.
    """

    configured: bool
    connected: bool
    since: Instant | None
    waiting: int
    reason: str | None = None


NO_BROKER: Final = BrokerStatus(configured=False, connected=False, since=None, waiting=0)


class Ward:
    """The beds of one site. First `restore` them, then `run`: that opens every device."""

    def __init__(
        self,
        site: str,
        beds: Mapping[str, Iterable[DeviceSpec]],
        rules: RuleSet,
        regimens: Regimens,
        journal: Journal,
        clock: Clock,
        *,
        zone: tzinfo | None = None,
        names: Mapping[str, str] | None = None,
        expects_displays: bool = False,
        captures: Captures | None = None,
    ) -> None:
        self.site = site
        self._captures = captures
        self._names = names or {}
        self.boot = uuid4().hex
        self.rules = rules
        self.regimens = regimens
        self.journal = journal
        self.clock = clock
        self.feed = EventFeed(journal)
        self.session_repository = SessionRepository(journal, clock, zone)
        self.record_service = PatientRecordService(journal, self.session_repository, clock)
        self.latest_vitals: LatestValueCache[str, view.Json] = LatestValueCache()
        self.waveforms = WaveformFeed()
        self.broker_status: Callable[[], BrokerStatus] = lambda: NO_BROKER
        self.users_missing: Callable[[], str | None] = lambda: None
        self.stream_clients = 0
        self.displays = Displays(expected=expects_displays, speed=clock.speed)
        self.unstored_listeners: list[Callable[[Event], None]] = []
        self._vitals_period_s = max(VITALS_PERIOD_S, MIN_VITALS_PERIOD_S * clock.speed)
        self._vitals_published_at: dict[str, float] = {}
        self._unconfigured: set[str] = set()
        self._lost: set[str] = set()
        self.feed.listen(self._note_loss)
        self.bed_runners = {bed: self._runner(bed, specs) for bed, specs in beds.items()}

    def _runner(self, bed: str, specs: Iterable[DeviceSpec]) -> BedRunner:
        return BedRunner(
            bed,
            tuple(specs),
            self.rules,
            self.journal,
            self.clock,
            self.unstored,
            self.waveforms,
            name=self._names.get(bed),
            captures=self._captures,
        )

    async def restore(self) -> None:
        """Rebuild every bed from the journal. Raises `StoreError`.

        A bed with an open session or alarm that the site's file names no more is one of the
        ward's all the same, without devices, so that a person can bring it to its end. Without
        a journal the beds watch in memory, and are restored once there is one.
        """
        if not self.journal.opened.is_set():
            return
        runners = [*self.bed_runners.values()]
        for bed in await self.journal.occupied_beds():
            if bed not in self.bed_runners:
                _log.error("bed.not-configured", bed=bed)
                runners.append(self._runner(bed, ()))
                self._unconfigured.add(bed)
        for runner in runners:
            if runner.is_restored:
                continue
            await runner.restore()
            self.bed_runners[runner.id] = runner
            session = runner.bed.session
            if session is not None and session.phase is Phase.BASELINE:
                past = await self.prior_sessions(session.patient, session.id)
                runner.set_prior_sessions(session.id, past)
        if losses := await self.journal.losses():
            about = self._about(LOST)
            for runner in self.bed_runners.values():
                if not await self.journal.is_acknowledged(runner.id, about, losses[-1].seq):
                    self._say_loss(runner, losses[-1])

    def _note_loss(self, stored: Stored) -> None:
        if stored.event.type == EVENTS_LOST:
            for runner in self.bed_runners.values():
                self._say_loss(runner, stored)

    def _say_loss(self, runner: BedRunner, stored: Stored) -> None:
        self._lost.add(runner.id)
        runner.set_site_condition(LOST, str(stored.event.payload.get("what", "events are missing")))

    async def prior_sessions(
        self, patient: str, session: str | None = None
    ) -> PriorSessions | None:
        """What that patient's sessions but for `session` were; None when nobody can tell now.

        It never keeps a session from starting, or a bed from being watched.
        """
        try:
            return await self.session_repository.prior_sessions(patient, session)
        except Exception:
            _log.exception("past.not-known")
            return None

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Keep every device open and the time passing, until the block is left."""
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(self._run_bed(f"{bed}/{name}", device.run))
                for bed, runner in self.bed_runners.items()
                for name, device in runner.devices.items()
            ]
            running.append(tasks.create_task(self._run_bed("ticks", self._tick)))
            if not self.journal.opened.is_set():
                running.append(tasks.create_task(self._await_journal()))
            try:
                yield
            finally:
                for task in running:
                    task.cancel()
                for runner in self.bed_runners.values():
                    runner.close()

    async def _await_journal(self) -> None:
        """Have the beds go on from the journal once it is there.

        Who followed the journal before there was one has to begin again.
        """
        followers: list[Subscription] = []
        while True:
            await self.clock.sleep(ABSENT_RETRY_S)
            try:
                if not self.journal.opened.is_set():
                    if not await self.journal.try_again():
                        continue
                    followers = self.feed.subscriptions
                await self.restore()
                break
            except Exception:
                _log.exception("beds.not-restored")
        _log.info("journal.there", seq=self.journal.last_seq)
        for follower in followers:
            follower.close()

    async def _run_bed(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run for ever; a failure is logged, and does not reach the others."""
        while True:
            try:
                await run()
            except Exception:
                _log.exception("task.failed", task=name)
            await self.clock.sleep(RESTART_S)

    async def _tick(self) -> None:
        """Tell the beds in turns, so that a large ward makes no long pauses."""
        while True:
            runners = list(self.bed_runners.values())
            turns = [runners[first::TURNS] for first in range(min(TURNS, len(runners)))] or [[]]
            pause_s = max(TICK_S / len(turns), SLOWEST_TURN_S * self.clock.speed)
            for turn in turns:
                now = self.clock.now()
                conditions = self._site_conditions()
                for runner in turn:
                    for name, reason in conditions.items():
                        runner.set_site_condition(name, reason)
                    runner.set_site_condition(UNSEEN, self._unseen_at(runner, now))
                    if runner.id in self._unconfigured:
                        runner.set_site_condition(NOT_CONFIGURED, self._still_needed(runner))
                    if runner.id in self._lost and self._is_acknowledged(runner, LOST):
                        self._lost.discard(runner.id)
                        runner.set_site_condition(LOST, None)
                    runner.tick(now)
                    self._publish_vitals(runner, now)
                await self.clock.sleep(pause_s)
            self.displays.forget(self._alarms())
            self.journal.flush_idle(self.clock.now().wall)

    def _site_conditions(self) -> dict[str, str | None]:
        """The daemon's own technical conditions, each with its reason; None while it is absent."""
        runners = self.bed_runners.values()
        failing = [runner.id for runner in runners if runner.recovery.failing is not None]
        return {
            "journal-failing": self.journal.failure,
            "journal-growing": self.journal.held_up,
            "broker-unreachable": self._unreachable(),
            "bed-failing": ", ".join(failing) or None,
            "users-missing": self.users_missing(),
        }

    def _still_needed(self, runner: BedRunner) -> str | None:
        """Why a bed that the site's file does not name is here; None once it is empty."""
        session = runner.bed.session
        about_it = self._about(NOT_CONFIGURED)
        others = (a for a in runner.bed.alarm_engine.open_alarms() if a.rule not in about_it)
        if (session is None or not session.is_open) and not any(others):
            return None
        return f"{runner.id} is not in the site's file, or has another name there"

    def _is_acknowledged(self, runner: BedRunner, condition: str) -> bool:
        about_it = self._about(condition)
        alarms = [a for a in runner.bed.alarm_engine.open_alarms() if a.rule in about_it]
        return bool(alarms) and all(alarm.acknowledged for alarm in alarms)

    def _unseen_at(self, runner: BedRunner, now: Instant) -> str | None:
        alarms = runner.bed.alarm_engine.alarms.values()
        return self.displays.unseen_at(runner.id, alarms, now.mono)

    def _alarms(self) -> Iterable[Alarm]:
        for runner in self.bed_runners.values():
            yield from runner.bed.alarm_engine.alarms.values()

    def _about(self, condition: str) -> frozenset[str]:
        """The rules about that technical condition."""
        return frozenset(r.id for r in self.rules.rules if r.technical_condition == condition)

    def _unreachable(self) -> str | None:
        broker = self.broker_status()
        if not broker.configured or (broker.connected and broker.reason is None):
            return None
        return broker.reason or "the broker cannot be reached"

    # ── vitals, and alarms that wait for the disk ───────────────────────────────────────

    def _publish_vitals(self, runner: BedRunner, now: Instant) -> None:
        """Hand on the bed's vitals, grown older or new, once a second."""
        bed = runner.id
        if now.mono - self._vitals_published_at.get(bed, float("-inf")) < self._vitals_period_s:
            return
        self._vitals_published_at[bed] = now.mono
        vitals = runner.vitals()
        self.latest_vitals.put(bed, {"bed": bed, "at": rfc3339(now.wall), "vitals": vitals})

    def unstored(self, event: Event) -> None:
        """An alarm waits too long for the disk: tell those who show it all the same."""
        for listener in self.unstored_listeners:
            listener(event)

    # ── answers ─────────────────────────────────────────────────────────────────────────

    def status(self) -> view.Json:
        """How the daemon itself is."""
        failing = self.journal.failing_since
        broker = self.broker_status()
        now = self.clock.now()
        return {
            "site": self.site,
            "boot": self.boot,
            "now": rfc3339(now.wall),
            "simulated": self.clock.simulated,
            "speed": self.clock.speed,
            "mqtt": {
                "configured": broker.configured,
                "connected": broker.connected,
                "since": None if broker.since is None else rfc3339(broker.since.wall),
                "waiting": broker.waiting,
                "reason": broker.reason,
            },
            "journal": {
                "failing_since": None if failing is None else rfc3339(failing.wall),
                "reason": self.journal.failure,
                "seq": self.journal.last_seq,
            },
            "displays": self.stream_clients,
            "alarm_displays": [display.as_json() for display in self.displays.present(now.mono)],
        }

    def alarm(self, alarm_id: str) -> tuple[BedRunner, Alarm] | None:
        """The alarm of that id and its bed, if any bed still holds it.

        That of a session that was moved is held by the bed where it went too.
        """
        found = [
            (runner, alarm)
            for runner in self.bed_runners.values()
            if (alarm := runner.bed.alarm_engine.find(alarm_id)) is not None
        ]
        return max(found, key=lambda at: at[1].ended_at or NEVER, default=None)

    def beds_of(self, patient: str) -> list[str]:
        """The beds at which that patient has an open session; large and small letters are one."""
        alias = patient.casefold()
        sessions = {bed: runner.bed.session for bed, runner in self.bed_runners.items()}
        return [
            bed
            for bed, session in sessions.items()
            if session is not None and session.is_open and session.patient.casefold() == alias
        ]

    def runner_of_session(self, session_id: str) -> BedRunner | None:
        """The bed whose latest session this is."""
        for runner in self.bed_runners.values():
            session = runner.bed.session
            if session is not None and session.id == session_id:
                return runner
        return None
