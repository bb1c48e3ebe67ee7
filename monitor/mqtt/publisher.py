"""Publishes what happens at the beds for as long as it runs, whatever the broker does.

Two things go out, and neither waits for the other. The *log* is every stored event, in
order, at QoS 1, from a durable cursor that moves only past what the broker acknowledged:
after an outage it goes on where it stopped, and what was under way comes again with the
same `seq` and `id`. The *state* (alarms, sessions, vitals) is retained and latest-wins:
what changes is sent at once, and all of it again after a reconnect and every `REFRESH_S`.

Nothing here knows a bed or a rule: what to say is asked of a `Ward`, and an alarm's state
is the `alarm` in its event's payload.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from aiomqtt import Client, MqttError, Will
from aiomqtt.exceptions import MqttConnectError

from alerts.alarm import ALARM_ENDINGS, ALARM_OPENINGS
from drivers.backoff import Backoff
from drivers.clock import Clock, Instant, rfc3339
from monitor.journal import EventFeed, Journal, StoreError
from monitor.mqtt.connection import connected
from monitor.mqtt.settings import MqttSettings
from monitor.session import Event, Stored

LOG_CURSOR: Final = "mqtt"
CLEARED_CURSOR: Final = "mqtt.cleared"

WINDOW: Final = 10
"""How many events of the log may be unacknowledged; leaves room for states to overtake."""

VITALS_EVERY_S: Final = 1.0
VITALS_TURNS: Final = 10
"""Beds take turns within the second, so that a large ward makes no long pauses."""

VITALS_REAL_S: Final = 0.2
"""Under a fast clock a bed's vitals are no closer than this in real time."""

VITALS_VALID_S: Final = 10.0
REFRESH_S: Final = 30.0
STATE_VALID_S: Final = 90.0
KEEP_ENDED: Final = timedelta(hours=1)
"""How long an ended alarm's topic stays before it is cleared."""

LOOK_AGAIN_S: Final = 60.0
FIRST_RETRY_S: Final = 0.5
LAST_RETRY_S: Final = 30.0
HELD_S: Final = 10.0
"""A connection that held so long is tried again at once; one that did not, ever more slowly:
the other side may be a second daemon of this site that pushes us out."""

REFUSED_RETRY_S: Final = 60.0
"""After the broker refused us: a wrong password gets no better by hammering."""

STORE_RETRY_S: Final = 5.0
OFFLINE_S: Final = 1.0

log = structlog.get_logger(__name__)

Handler = Callable[[str, bytes], None]
"""Takes a message: its topic, below `{root}/{site}/`, and its payload."""


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


class MqttPublisher:
    """Publishes for as long as `run` runs; no fault of a broker ends it.

    `handlers` maps topic filters below `{root}/{site}/` to what takes their messages.
    `boot` is the id of this run of the daemon. Of `connected_since` and
    `disconnected_since` one is None; `failure` says why there is no connection.
    `published` counts the messages that went out.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        journal: Journal,
        feed: EventFeed,
        ward: PublishedWard,
        clock: Clock,
        boot: str,
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        self.connected_since: Instant | None = None
        self.disconnected_since: Instant | None = clock.now()
        self.failure: str | None = None
        self.published = 0
        self._settings = settings
        self._prefix = f"{settings.root}/{settings.site}"
        self._status = f"{self._prefix}/status"
        self._journal = journal
        self._feed = feed
        self._ward = ward
        self._clock = clock
        self._stamp = {"boot": boot} | ({"simulated": True} if clock.simulated else {})
        self._handlers = dict(handlers or {})
        self._acknowledged = journal.cursor(LOG_CURSOR)
        self._unstored: set[str] = set()
        self._client: Client | None = None
        self._snapshot_seq = 0
        self._posts: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] | None = None

    @property
    def queue_depth(self) -> int:
        """How many stored events the broker has not acknowledged."""
        return self._journal.last_seq - self._acknowledged

    def publish_unstored(self, event: Event) -> None:
        """Publish the alarm of an event that is not stored yet, as `"durable": false`.

        For when the database is slow: the alarm's state only. It comes again, durable, once
        the event is stored.
        """
        if (alarm := _alarm_of(event)) is not None:
            self._unstored.add(alarm["id"])
            self._post(self._publish_alarm(alarm, self._journal.last_seq))

    async def run(self) -> None:
        """Connect, publish, and connect again, until cancelled; then say that we are offline."""
        stop_listening = self._feed.listen(self._is_stored)
        try:
            await self._keep_connected()
        finally:
            stop_listening()

    async def _keep_connected(self) -> None:
        backoff = Backoff(FIRST_RETRY_S, LAST_RETRY_S, jitter=0.5)
        while True:
            connected_at: Instant | None = None
            try:
                async with connected(
                    self._settings, Will(self._status, "offline", qos=1, retain=True)
                ) as client:
                    connected_at = self._clock.now()
                    await self._serve(client)
            except* MqttConnectError as refused:
                backoff.bound_s = REFUSED_RETRY_S
                self._lost(f"{_first(refused)}; check mqtt.username and mqtt.password_file")
            except* (MqttError, OSError) as gone:
                self._lost(str(_first(gone)))
            except* Exception as fault:
                self._lost(f"fault of ours: {_first(fault)!r}")
                log.exception("mqtt.fault")
            if connected_at and self._clock.now().mono - connected_at.mono >= HELD_S:
                backoff.reset()
            await self._clock.sleep(backoff.next_s())

    def _is_stored(self, stored: Stored) -> None:
        if (alarm := _alarm_of(stored.event)) is not None:
            self._unstored.discard(alarm["id"])

    def _lost(self, why: str) -> None:
        reason = f"broker {self._settings.url}: {why}"
        if reason != self.failure:
            log.warning("mqtt.disconnected", reason=reason)
        self.failure = reason

    async def _serve(self, client: Client) -> None:
        try:
            await self._run_connected(client)
        except asyncio.CancelledError:
            with suppress(MqttError):
                await client.publish(self._status, "offline", 1, True, timeout=OFFLINE_S)
            raise

    async def _run_connected(self, client: Client) -> None:
        client.pending_calls_threshold = 10_000
        await self._publish(client, self._status, "online", retain=True)
        for topic_filter in self._handlers:
            await _cancellable(client.subscribe(f"{self._prefix}/{topic_filter}", qos=1))
        self._client = client
        self._broken = asyncio.get_running_loop().create_future()
        self._snapshot_seq = self._journal.last_seq
        stop_listening = self._feed.listen(self._publish_undurable)
        self.connected_since, self.disconnected_since = self._clock.now(), None
        self.failure = None
        log.info("mqtt.connected", broker=self._settings.url, behind=self.queue_depth)
        try:
            async with asyncio.TaskGroup() as group:
                for work in (
                    self._watch_connection(self._broken),
                    self._receive(client),
                    self._refresh_all(client),
                    self._send_log(client),
                    self._send_vitals(client),
                    self._retry_on_store_error(lambda: self._clear_ended(client)),
                ):
                    group.create_task(work)
        finally:
            self._client = None
            stop_listening()
            for post in self._posts:
                post.cancel()
            self.connected_since, self.disconnected_since = None, self._clock.now()

    async def _publish(
        self, client: Client, topic: str, payload: object, *, qos: int = 1, retain: bool = False
    ) -> None:
        if isinstance(payload, Mapping):
            payload = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
        await _cancellable(client.publish(topic, payload, qos, retain))  # type: ignore[arg-type]
        self.published += 1

    def _post(self, message: Coroutine[Any, Any, None]) -> None:
        """Send `message` from here on by itself; the connection ends when that fails."""
        post = asyncio.get_running_loop().create_task(message)
        self._posts.add(post)
        post.add_done_callback(self._posted)

    def _posted(self, post: asyncio.Task[None]) -> None:
        self._posts.discard(post)
        if post.cancelled() or (error := post.exception()) is None:
            return
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)

    @staticmethod
    async def _watch_connection(broken: asyncio.Future[None]) -> None:
        await broken

    async def _receive(self, client: Client) -> None:
        """Hand on incoming messages; also what notices first that the connection is gone."""
        async for message in client.messages:
            topic = message.topic.value
            for topic_filter, handler in self._handlers.items():
                if message.topic.matches(f"{self._prefix}/{topic_filter}"):
                    try:
                        handler(topic.removeprefix(f"{self._prefix}/"), bytes(message.payload))
                    except Exception:
                        log.exception("mqtt.message-not-understood", topic=topic)

    async def _send_log(self, client: Client) -> None:
        window = asyncio.Semaphore(WINDOW)
        under_way: dict[int, bool] = {}

        async def send(stored: Stored) -> None:
            topic = f"{self._prefix}/{stored.event.bed}/event"
            await self._publish(client, topic, stored.as_json() | self._stamp)
            await self._publish_missed_end(stored)
            under_way[stored.seq] = True
            for seq in list(under_way):
                if not under_way[seq]:
                    break
                del under_way[seq]
                self._acknowledged = seq
                self._journal.save_cursor(LOG_CURSOR, seq)
            window.release()

        with self._feed.subscribe(self._acknowledged) as events:

            async def follow() -> None:
                async for stored in events:
                    await window.acquire()
                    under_way[stored.seq] = False
                    self._post(send(stored))

            await self._retry_on_store_error(follow)

    async def _retry_on_store_error(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work`, and again after a while when the journal cannot be read: alarms go on."""
        while True:
            try:
                return await work()
            except StoreError as error:
                log.warning("mqtt.cannot-read-journal", reason=str(error))
                await self._clock.sleep(STORE_RETRY_S)

    async def _publish_missed_end(self, stored: Stored) -> None:
        """What ended while there was no connection is not among the open alarms sent since."""
        alarm = _alarm_of(stored.event)
        if alarm is None or alarm["state"] != "ended" or stored.seq > self._snapshot_seq:
            return
        if all(alarm["id"] != still["id"] for still in self._ward.open_alarms()):
            await self._publish_alarm(alarm, stored.seq)

    def _publish_undurable(self, stored: Stored) -> None:
        event = stored.event
        if (alarm := _alarm_of(event)) is not None:
            self._post(self._publish_alarm(alarm, stored.seq))
        elif event.bed in self._ward.beds():
            self._post(self._publish_session(event.bed))

    async def _refresh_all(self, client: Client) -> None:
        """Send every state, and again before it is out of date."""
        for bed in self._ward.beds():
            if self._ward.session_state(bed) is None:
                self._post(self._publish_session(bed))
        while True:
            seq = self._journal.last_seq
            await asyncio.gather(*(self._publish_alarm(a, seq) for a in self._ward.open_alarms()))
            for bed in self._ward.beds():
                if self._ward.session_state(bed) is not None:
                    await self._publish_session(bed)
            await self._clock.sleep(REFRESH_S)
            await self._publish(client, self._status, "online", retain=True)

    async def _publish_alarm(self, alarm: Mapping[str, Any], seq: int) -> None:
        now = self._clock.now().wall
        ended = alarm["state"] == "ended"
        state = {
            **alarm,
            "durable": alarm["id"] not in self._unstored,
            **self._state_stamp(seq, now + (KEEP_ENDED if ended else _VALID)),
        }
        await self._publish_state(f"{alarm['bed']}/alarm/{alarm['id']}", state)

    async def _publish_session(self, bed: str) -> None:
        session = self._ward.session_state(bed)
        until = self._clock.now().wall + _VALID
        state = session and {**session, **self._state_stamp(self._journal.last_seq, until)}
        await self._publish_state(f"{bed}/session", state)

    async def _publish_state(self, topic: str, state: Mapping[str, Any] | None) -> None:
        """Retain `state` under `topic`, or clear the topic."""
        if self._client is not None:
            await self._publish(self._client, f"{self._prefix}/{topic}", state, retain=True)

    def _state_stamp(self, seq: int, valid_until: datetime) -> dict[str, Any]:
        return {**self._stamp, "seq": seq, "valid_until": rfc3339(valid_until)}

    async def _send_vitals(self, client: Client) -> None:
        """Each bed's vitals once a second while they change, and before they are out of date."""
        said: dict[str, tuple[Mapping[str, Any], Instant]] = {}
        beds = list(self._ward.beds())
        turns = [beds[first::VITALS_TURNS] for first in range(min(VITALS_TURNS, len(beds)))] or [[]]
        every_s = max(VITALS_EVERY_S, VITALS_REAL_S * self._clock.speed)
        while True:
            for turn in turns:
                for bed in turn:
                    await self._publish_vitals(client, bed, said)
                await self._clock.sleep(every_s / len(turns))

    async def _publish_vitals(
        self, client: Client, bed: str, said: dict[str, tuple[Mapping[str, Any], Instant]]
    ) -> None:
        vitals, now = self._ward.vitals(bed), self._clock.now()
        before, at = said.get(bed, (None, now))
        if vitals is None or (vitals == before and now.mono - at.mono < VITALS_VALID_S / 2):
            return
        said[bed] = vitals, now
        until = now.wall + timedelta(seconds=VITALS_VALID_S)
        state = {"at": rfc3339(now.wall), "vitals": dict(vitals)}
        state |= self._state_stamp(self._journal.last_seq, until)
        await self._publish(client, f"{self._prefix}/{bed}/vitals", state, qos=0, retain=True)

    async def _clear_ended(self, client: Client) -> None:
        """Clear each ended alarm's topic an hour after its end, unless it was raised again."""
        cleared = self._journal.cursor(CLEARED_CURSOR)
        while True:
            for stored in await self._journal.events(cleared, types=ALARM_ENDINGS):
                while not self._may_clear(stored):
                    await self._clock.sleep(self._clear_in_s(stored))
                event = stored.event
                again = await self._journal.events(
                    stored.seq, 1, types=ALARM_OPENINGS, subject=event.subject
                )
                if not again:
                    topic = f"{self._prefix}/{event.bed}/alarm/{event.subject}"
                    await self._publish(client, topic, None, retain=True)
                cleared = stored.seq
                self._journal.save_cursor(CLEARED_CURSOR, cleared)
            await self._clock.sleep(LOOK_AGAIN_S)

    def _may_clear(self, stored: Stored) -> bool:
        over = self._clock.now().wall >= stored.event.at + KEEP_ENDED
        return over and stored.seq <= self._acknowledged

    def _clear_in_s(self, stored: Stored) -> float:
        left = stored.event.at + KEEP_ENDED - self._clock.now().wall
        return min(max(left.total_seconds(), 1.0), LOOK_AGAIN_S)


_VALID: Final = timedelta(seconds=STATE_VALID_S)


def _alarm_of(event: Event) -> Mapping[str, Any] | None:
    """The alarm's new state, when `event` is about one."""
    alarm = event.payload.get("alarm")
    return alarm if isinstance(alarm, Mapping) else None


async def _cancellable(answer: Awaitable[Any]) -> None:
    """Wait for `answer`, and be cancelled also when it and the cancellation come in one go.

    Until Python 3.12 `asyncio.wait_for`, through which aiomqtt waits, forgets such a
    cancellation.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    await answer
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError


def _first(group: BaseExceptionGroup[Exception]) -> BaseException:
    """The first fault in `group`, however deep."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
