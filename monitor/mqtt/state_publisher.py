"""Publishes how things stand: every alarm, session and vital sign, retained, latest wins.

What changes is published the moment it is stored, ahead of the log of events; all of it
again after a reconnect and every `REFRESH_S`. An ended alarm's topic is cleared an hour
later, by a durable cursor. Each goes with its expiry, so that no broker tells for ever what
a daemon said that was cut off together with it.

Nothing here knows a bed or a rule: what to say is asked of a `PublishedWard`, and an alarm's
state is the `alarm` in its event's payload.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from sys import maxsize
from typing import Any, Final, Protocol

from alerts.alarm import ALARM_ENDINGS, ALARM_OPENINGS
from drivers.clock import Clock, Instant, parse_rfc3339, rfc3339
from monitor.journal import EventFeed, Journal
from monitor.mqtt.client import RefusedError
from monitor.mqtt.sender import Sender
from monitor.mqtt.session_state import retained
from monitor.session import Event, Stored

STATUS_TOPIC: Final = "status"
CLEARED_CURSOR: Final = "mqtt.cleared"

VITALS_EVERY_S: Final = 1.0
VITALS_TURNS: Final = 10
"""Beds take turns within the second, so that a large ward makes no long pauses."""

VITALS_REAL_S: Final = 0.2
"""Under a fast clock a bed's vitals are no closer than this in real time."""

VITALS_VALID_S: Final = 10.0
LEAST_RETAINED_S: Final = 10.0
"""Under a fast clock a broker retains a state for no less than this in real time."""

REFRESH_S: Final = 30.0
STATE_VALID: Final = timedelta(seconds=90)
KEEP_ENDED: Final = timedelta(hours=1)
"""How long an ended alarm's topic stays before it is cleared."""

LOOK_AGAIN_S: Final = 60.0


class PublishedWard(Protocol):
    """What there is to tell now, as the objects of the HTTP interface."""

    def beds(self) -> Iterable[str]:
        """Every bed's id."""

    def vitals(self, bed: str) -> Mapping[str, Any] | None:
        """The bed's latest vitals by name; None when there never were any."""

    def session_state(self, bed: str) -> Mapping[str, Any] | None:
        """The bed's session; None without one."""

    def open_alarms(self) -> Iterable[Mapping[str, Any]]:
        """Every alarm that has not ended."""


class StatePublisher:
    """Publishes the states of the beds of `ward`. `stamp` goes with each state."""

    def __init__(
        self,
        sender: Sender,
        *,
        journal: Journal,
        feed: EventFeed,
        ward: PublishedWard,
        clock: Clock,
        stamp: Mapping[str, Any],
    ) -> None:
        self._sender = sender
        self._journal = journal
        self._feed = feed
        self._ward = ward
        self._clock = clock
        self._stamp = dict(stamp)
        self._unstored: set[str] = set()
        self._snapshot_seq: int | None = None
        self._refused: dict[str, Mapping[str, Any] | None] = {}

    def publish_unstored(self, event: Event) -> None:
        """Publish the alarm of an event that is not stored yet, as `"durable": false`.

        The alarm's state only. It comes again, durable, once the event is stored.
        """
        if (alarm := _alarm_of(event)) is not None:
            self._unstored.add(alarm["id"])
            self._sender.post(self._publish_alarm(alarm, self._journal.last_seq))

    @contextmanager
    def tracking_storage(self) -> Iterator[None]:
        """Know within the block, connected or not, which alarms have been stored since."""
        stop_listening = self._feed.listen(self._note_stored)
        try:
            yield
        finally:
            stop_listening()

    @contextmanager
    def following(self) -> Iterator[None]:
        """Publish within the block every state that changes; needs a connection."""
        self._snapshot_seq = self._journal.last_seq if self._journal.opened.is_set() else maxsize
        stop_listening = self._feed.listen(self._publish_change)
        try:
            yield
        finally:
            self._snapshot_seq = None
            stop_listening()

    async def publish_online(self) -> None:
        """Publish that the daemon is there."""
        with suppress(RefusedError):
            valid_s = self._machine_s(STATE_VALID)
            await self._sender.publish(STATUS_TOPIC, "online", retain=True, valid_s=valid_s)

    async def refresh_all(self) -> None:
        """Publish every state, and again before it is out of date.

        That a bed has no session is known once there is a journal.
        """
        is_known = False
        while True:
            if not is_known and self._journal.opened.is_set():
                is_known = True
                for bed in self._ward.beds():
                    if self._ward.session_state(bed) is None:
                        self._sender.post(self._publish_session(bed))
            seq, refused = self._journal.last_seq, self._refused.copy()
            await asyncio.gather(*(self._publish_alarm(a, seq) for a in self._ward.open_alarms()))
            for bed in self._ward.beds():
                if self._ward.session_state(bed) is not None:
                    await self._publish_session(bed)
            await self._retry_refused(refused)
            await self._clock.sleep(REFRESH_S)
            await self.publish_online()

    async def _retry_refused(self, refused: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Publish again what was `refused` and not published since, unless it is out of date."""
        for topic, state in refused.items():
            if topic not in self._refused or self._refused[topic] is not state:
                continue
            if state and state["valid_until"] < rfc3339(self._clock.now().wall):
                del self._refused[topic]
                self._sender.give_up(topic)
            else:
                await self._publish_state(topic, state)

    async def publish_all_vitals(self) -> None:
        """Each bed's vitals once a second while they change, and before they are out of date."""
        said: dict[str, tuple[Mapping[str, Any], Instant]] = {}
        every_s = max(VITALS_EVERY_S, VITALS_REAL_S * self._clock.speed)
        while True:
            beds = list(self._ward.beds())
            turns = [beds[at::VITALS_TURNS] for at in range(min(VITALS_TURNS, len(beds)))] or [[]]
            for turn in turns:
                for bed in turn:
                    await self._publish_vitals(bed, said)
                await self._clock.sleep(every_s / len(turns))

    async def publish_missed_end(self, stored: Stored) -> None:
        """What ended while there was no connection is not among the open alarms sent since."""
        alarm = _alarm_of(stored.event)
        if alarm is None or alarm["state"] != "ended":
            return
        if self._snapshot_seq is None or stored.seq > self._snapshot_seq:
            return
        if all(alarm["id"] != still["id"] for still in self._ward.open_alarms()):
            await self._publish_alarm(alarm, stored.seq)

    async def publish_end(self, stored: Stored) -> None:
        """Publish the end of an alarm, or clear its topic when that was an hour ago."""
        alarm = _alarm_of(stored.event)
        if alarm is None or self._is_over(stored):
            await self.clear(f"{stored.event.bed}/alarm/{stored.event.subject}")
        else:
            await self._publish_alarm(alarm, stored.seq)

    def is_unstored(self, alarm_id: str) -> bool:
        """Whether this run published the alarm and has not stored it yet."""
        return alarm_id in self._unstored

    async def clear_ended(self, acknowledged: Callable[[], int]) -> None:
        """Clear each ended alarm's topic an hour after its end, unless it was raised again.

        Not before the broker has the event of its end: `acknowledged` gives the last it has.
        Raises `StoreError`.
        """
        await self._journal.opened.wait()
        cleared = self._journal.cursor(CLEARED_CURSOR)
        while True:
            for stored in await self._journal.events(cleared, types=ALARM_ENDINGS):
                while not (self._is_over(stored) and stored.seq <= acknowledged()):
                    await self._clock.sleep(self._clear_in_s(stored))
                event = stored.event
                again = await self._journal.events(
                    stored.seq, 1, bed=event.bed, types=ALARM_OPENINGS, subject=event.subject
                )
                if not again:
                    await self.clear(f"{event.bed}/alarm/{event.subject}")
                cleared = stored.seq
                self._journal.save_cursor(CLEARED_CURSOR, cleared)
            await self._clock.sleep(LOOK_AGAIN_S)

    async def clear(self, topic: str) -> None:
        """Clear the topic; where that is refused it is MQTT 5, and the state has expired."""
        try:
            await self._sender.publish(topic, None, retain=True)
        except RefusedError:
            self._sender.give_up(topic)

    def _is_over(self, stored: Stored) -> bool:
        return self._clock.now().wall >= stored.event.at + KEEP_ENDED

    def _clear_in_s(self, stored: Stored) -> float:
        left = stored.event.at + KEEP_ENDED - self._clock.now().wall
        return min(max(left.total_seconds(), 1.0), LOOK_AGAIN_S)

    def _note_stored(self, stored: Stored) -> None:
        if (alarm := _alarm_of(stored.event)) is not None:
            self._unstored.discard(alarm["id"])

    def _publish_change(self, stored: Stored) -> None:
        event = stored.event
        if (alarm := _alarm_of(event)) is not None:
            self._sender.post(self._publish_alarm(alarm, stored.seq))
        elif event.bed in self._ward.beds():
            self._sender.post(self._publish_session(event.bed))

    async def _publish_alarm(self, alarm: Mapping[str, Any], seq: int) -> None:
        now = self._clock.now().wall
        ended = alarm["state"] == "ended"
        state = {
            **alarm,
            "durable": alarm["id"] not in self._unstored,
            **self._state_stamp(seq, now + (KEEP_ENDED if ended else STATE_VALID)),
        }
        await self._publish_state(f"{alarm['bed']}/alarm/{alarm['id']}", state)

    async def _publish_session(self, bed: str) -> None:
        session = self._ward.session_state(bed)
        until = self._clock.now().wall + STATE_VALID
        state = session and {
            **retained(session),
            **self._state_stamp(self._journal.last_seq, until),
        }
        await self._publish_state(f"{bed}/session", state)

    async def _publish_state(self, topic: str, state: Mapping[str, Any] | None) -> None:
        """Retain `state` under `topic`, or clear the topic; nothing without a connection.

        What the broker refuses is kept for the next refresh, unless it is replaced before.
        """
        if self._snapshot_seq is None:
            return
        try:
            await self._sender.publish(topic, state, retain=True, valid_s=self._left_s(state))
            self._refused.pop(topic, None)
        except RefusedError:
            self._refused[topic] = state

    async def _publish_vitals(
        self, bed: str, said: dict[str, tuple[Mapping[str, Any], Instant]]
    ) -> None:
        vitals, now = self._ward.vitals(bed), self._clock.now()
        before, at = said.get(bed, (None, now))
        if vitals is None or (vitals == before and now.mono - at.mono < VITALS_VALID_S / 2):
            return
        said[bed] = vitals, now
        valid = timedelta(seconds=VITALS_VALID_S)
        state = {"at": rfc3339(now.wall), "vitals": dict(vitals)}
        state |= self._state_stamp(self._journal.last_seq, now.wall + valid)
        valid_s = self._machine_s(valid)
        with suppress(RefusedError):
            await self._sender.publish(f"{bed}/vitals", state, qos=0, retain=True, valid_s=valid_s)

    def _left_s(self, state: Mapping[str, Any] | None) -> float | None:
        """For how long the broker may retain `state`; None where it says no time."""
        if state is None:
            return None
        return self._machine_s(parse_rfc3339(state["valid_until"]) - self._clock.now().wall)

    def _machine_s(self, valid: timedelta) -> float:
        return max(valid.total_seconds() / self._clock.speed, LEAST_RETAINED_S)

    def _state_stamp(self, seq: int, valid_until: datetime) -> dict[str, Any]:
        return {**self._stamp, "seq": seq, "valid_until": rfc3339(valid_until)}


def _alarm_of(event: Event) -> Mapping[str, Any] | None:
    """The alarm's new state, when `event` is about one."""
    alarm = event.payload.get("alarm")
    return alarm if isinstance(alarm, Mapping) else None
