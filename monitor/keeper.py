"""One bed at work: its devices, its core, and the way of its events to the journal.

What goes wrong at a bed stays here. A fault in the bed's core is logged and counted, and
the bed is rebuilt from the journal.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from alerts.rules import RuleSet
from drivers.clock import Clock, Instant
from drivers.device import Device
from drivers.readings import LinkChanged, Measurement, MeasurementFailed, Report, Waveform
from drivers.registry import DeviceSpec
from monitor import views
from monitor.bed import Bed, Outcome
from monitor.commands import Command, Refused
from monitor.events import Event, Stored
from monitor.journal import Journal, Receipt

UNSTORED_AFTER_S: Final = 0.5
"""An alarm whose commit has not come back by then is published all the same [design.md]."""

HICCUP_S: Final = 0.5
"""Under a fast clock a pause of the machine itself of so many real seconds is nobody's silence."""

REBUILD_PAUSE_S: Final = 1.0
"""How long a bed whose core failed rests before it is rebuilt."""

_RAISED: Final = frozenset({"alarm.raised", "alarm.re-raised"})

_log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who hears of a bed's vitals, and of alarms that wait too long for the disk."""

    def vitals_changed(self, bed: str) -> None:
        """The bed's vitals have changed."""

    def unstored(self, event: Event) -> None:
        """`event` is decided and not stored yet."""


class Keeper:
    """Runs one bed.

    `faults` counts failures of the bed's core; `failing` holds the last one until the bed
    is rebuilt.
    """

    def __init__(
        self,
        bed: str,
        specs: Sequence[DeviceSpec],
        rules: RuleSet,
        journal: Journal,
        clock: Clock,
        listener: Listener,
    ) -> None:
        self.id = bed
        self.faults = 0
        self.failing: str | None = None
        self._specs = specs
        self._rules = rules
        self._journal = journal
        self._clock = clock
        self._listener = listener
        self._raised: deque[datetime] = deque()
        self._site: dict[str, str] = {}
        self._rebuilding: asyncio.Task[None] | None = None
        self.bed = self._empty()
        self.devices = {spec.id: Device(spec, self.take, clock) for spec in specs}

    def _empty(self) -> Bed:
        speed = self._clock.speed
        least_s = HICCUP_S * speed if speed > 1 else 0.0
        return Bed(self.id, self._specs, self._rules, least_s)

    # ── start and rebuild ───────────────────────────────────────────────────────────────

    async def restore(self) -> None:
        """Take up where the journal left off. Raises `StoreError`."""
        stored, last_n = await self._journal.rebuild(self.id)
        bed = self._empty()
        bed.restore((item.event for item in stored), last_n, self._clock.now())
        self._raised = deque(item.event.at for item in stored if item.event.type in _RAISED)
        self.bed = bed

    def _failed(self, error: Exception) -> None:
        self.faults += 1
        self.failing = f"{type(error).__name__}: {error}"
        _log.exception("bed.failed", bed=self.id, faults=self.faults)
        if self._rebuilding is None or self._rebuilding.done():
            self._rebuilding = asyncio.get_running_loop().create_task(self._rebuild())

    async def _rebuild(self) -> None:
        await self._clock.sleep(REBUILD_PAUSE_S)
        await self._journal.append([])
        await self.restore()
        self.failing = None
        for device in self.devices.values():
            self.take(Report(device.spec.id, self._clock.now(), device.link))
        for trouble, reason in self._site.items():
            self._site_has(trouble, reason)
        _log.warning("bed.rebuilt", bed=self.id, n=self.bed.n)

    # ── what comes in ───────────────────────────────────────────────────────────────────

    def take(self, report: Report) -> None:
        """What a device of this bed said."""
        self._record(report)
        self._guard(lambda: self.bed.take(report))
        if isinstance(report.item, Measurement | LinkChanged):
            self._listener.vitals_changed(self.id)

    def tick(self, now: Instant) -> None:
        """Time has passed."""
        self._guard(lambda: self.bed.tick(now))

    def site(self, trouble: str, reason: str | None) -> None:
        """A trouble of the daemon itself began, or ended with None."""
        if self._site.get(trouble) == reason:
            return
        if reason is None:
            del self._site[trouble]
        else:
            self._site[trouble] = reason
        self._site_has(trouble, reason)

    def _site_has(self, trouble: str, reason: str | None) -> None:
        self._guard(lambda: self.bed.site(trouble, reason, self._clock.now()))

    def command(
        self, command: Command, receipt: Callable[[], Receipt | None] | None = None
    ) -> "asyncio.Future[list[Stored]]":
        """Carry out what a person asked for; done when its events are durable.

        `receipt` is asked, after the command was accepted, for what to store with them.
        Raises `Refused`, with nothing changed.
        """
        try:
            outcome = self.bed.command(command, self._clock.now())
        except Refused:
            raise
        except Exception as error:
            self._failed(error)
            raise
        return self._pass_on(outcome, None if receipt is None else receipt())

    def _guard(self, step: Callable[[], Outcome]) -> None:
        if self.failing is not None:
            return
        try:
            outcome = step()
        except Exception as error:
            self._failed(error)
            return
        if outcome.events or outcome.requests:
            self._pass_on(outcome, None)

    # ── what goes out ───────────────────────────────────────────────────────────────────

    def _pass_on(self, outcome: Outcome, receipt: Receipt | None) -> "asyncio.Future[list[Stored]]":
        stored = self._journal.append(outcome.events, receipt=receipt)
        alarms = [event for event in outcome.events if event.type.startswith("alarm.")]
        if alarms and not stored.done():
            asyncio.get_running_loop().call_later(
                UNSTORED_AFTER_S, self._publish_unstored, stored, alarms
            )
        self._raised.extend(event.at for event in alarms if event.type in _RAISED)
        for request in outcome.requests:
            self.devices[request.device].measure()
        return stored

    def _publish_unstored(
        self, stored: "asyncio.Future[list[Stored]]", alarms: Iterable[Event]
    ) -> None:
        if not stored.done():
            for event in alarms:
                self._listener.unstored(event)

    def _record(self, report: Report) -> None:
        session = self.bed.session
        session_id = session.id if session is not None and session.is_open else None
        journal, device, at, item = self._journal, report.device, report.at.wall, report.item
        match item:
            case Measurement(readings, flags):
                for reading in readings:
                    journal.add_reading(
                        self.id,
                        session_id,
                        device,
                        reading.vital.value,
                        at,
                        reading.value,
                        quality=reading.quality.value,
                        reason=reading.reason,
                    )
                if flags != self.bed.hearing[device].flags:
                    journal.add_note(self.id, session_id, device, at, {"flags": sorted(flags)})
            case Waveform(name, rate_hz, samples):
                journal.add_wave(self.id, session_id, device, name, at, rate_hz, samples)
            case LinkChanged(state, reason):
                note = {"link": state.value, "reason": reason}
                journal.add_note(self.id, session_id, device, at, note)
            case MeasurementFailed(flag, reason, code):
                failed = {"failed": flag.value, "reason": reason, "code": code}
                journal.add_note(self.id, session_id, device, at, failed)
            case _:
                pass

    # ── what is seen ────────────────────────────────────────────────────────────────────

    def view(self) -> views.Json:
        """The bed as interfaces show it."""
        now = self._clock.now()
        while self._raised and now.wall - self._raised[0] > views.LOAD:
            self._raised.popleft()
        shown = views.bed(self.bed, now, simulated=self._clock.simulated)
        return shown | {"alarms_120min": len(self._raised), "failing": self.failing}

    def vitals(self) -> views.Json:
        """The bed's vitals as interfaces show them."""
        return views.vitals(self.bed, self._clock.now())

    def session(self) -> views.Json | None:
        """The bed's session as interfaces show it."""
        return views.session(self.bed, self._clock.now())
