"""Stays connected to the broker and publishes for as long as it runs, whatever the broker does.

Two things go out, and neither waits for the other: the log of events, by `EventPublisher`,
and the states, by `StatePublisher`. What is here is the connection itself: when it is tried,
what it says of itself, and the messages that come in.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog
from aiomqtt import MqttError, Will
from aiomqtt.exceptions import MqttConnectError

from drivers.backoff import Backoff
from drivers.clock import Clock, Instant
from monitor.journal import EventFeed, Journal
from monitor.mqtt.client import BrokerClient
from monitor.mqtt.connection import connected
from monitor.mqtt.event_publisher import EventPublisher, retry_on_store_error
from monitor.mqtt.faults import in_words
from monitor.mqtt.retained_alarms import FILTER, RetainedAlarms
from monitor.mqtt.sender import Sender, cancellable
from monitor.mqtt.settings import MqttSettings
from monitor.mqtt.state_publisher import STATUS_TOPIC, PublishedWard, StatePublisher
from monitor.session import Event

FIRST_RETRY_S: Final = 0.5
LAST_RETRY_S: Final = 30.0
HELD_S: Final = 10.0
"""A connection that held so long is tried again at once; one that did not, ever more slowly:
the other side may be a second daemon of this site that pushes us out."""

STEADY_S: Final = 40.0
"""Until a connection has held so long, one that was lost sooner is not mended. Longer than any
pause, so that of two daemons that push each other out neither looks well."""

REFUSED_RETRY_S: Final = 60.0
"""After the broker refused us: a wrong password gets no better by hammering."""

OFFLINE_S: Final = 1.0

log = structlog.get_logger(__name__)

Handler = Callable[[str, bytes], None]
"""Takes a message: its topic, below `{root}/{site}/`, and its payload."""


class MqttPublisher:
    """Publishes for as long as `run` runs; no fault of a broker ends it.

    `handlers` maps topic filters below `{root}/{site}/` to what takes their messages.
    `boot` is the id of this run of the daemon. Of `connected_since` and
    `disconnected_since` one is None; `failure` says why there is no connection, or why it
    was lost when it is lost again and again. Then `disconnected_since` is the first time.
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
        self._outage_since: Instant | None = self.disconnected_since
        self._is_flapping = False
        self._settings = settings
        self._prefix = settings.prefix
        self._status = f"{self._prefix}/{STATUS_TOPIC}"
        self._clock = clock
        self._handlers = dict(handlers or {})
        stamp = {"boot": boot} | ({"simulated": True} if clock.simulated else {})
        self._sender = Sender(self._prefix)
        self._states = StatePublisher(
            self._sender, journal=journal, feed=feed, ward=ward, clock=clock, stamp=stamp
        )
        self._retained = RetainedAlarms(journal, self._states, ward.open_alarms)
        self._events = EventPublisher(
            self._sender,
            journal=journal,
            feed=feed,
            clock=clock,
            stamp=stamp,
            after_event=self._states.publish_missed_end,
        )

    @property
    def published(self) -> int:
        """How many messages went out."""
        return self._sender.published

    @property
    def queue_depth(self) -> int:
        """How many stored events the broker has not acknowledged."""
        return self._events.queue_depth

    @property
    def refusal(self) -> str | None:
        """What the broker does not take although we are connected, and why; None for nothing."""
        refusal = self._sender.refusal
        return refusal and f"broker {self._settings.url} {refusal}"

    def publish_unstored(self, event: Event) -> None:
        """Publish the alarm of an event that is not stored yet, as `"durable": false`.

        For when the database is slow: the alarm's state only. It comes again, durable, once
        the event is stored.
        """
        self._states.publish_unstored(event)

    async def run(self) -> None:
        """Connect, publish, and connect again, until cancelled; then say that we are offline."""
        with self._states.tracking_storage():
            await self._keep_connected()

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
                self._lost(in_words(_first(refused), self._settings))
            except* (MqttError, OSError) as gone:
                self._lost(in_words(_first(gone), self._settings))
            except* Exception as fault:
                self._lost(f"fault of ours: {_first(fault)!r}")
                log.exception("mqtt.fault")
            if connected_at and self._clock.now().mono - connected_at.mono >= HELD_S:
                backoff.reset()
            await self._clock.sleep(backoff.next_s())

    def _lost(self, why: str) -> None:
        reason = f"broker {self._settings.url}: {why}"
        if reason != self.failure:
            log.warning("mqtt.disconnected", reason=reason)
        self.failure = reason

    async def _serve(self, client: BrokerClient) -> None:
        try:
            await self._run_connected(client)
        except asyncio.CancelledError:
            with suppress(MqttError):
                await client.publish(self._status, "offline", 1, True, timeout=OFFLINE_S)
            raise
        finally:
            self._is_flapping = self._outage_since is not None
            self._outage_since = self._outage_since or self._clock.now()
            self.connected_since, self.disconnected_since = None, self._outage_since

    async def _run_connected(self, client: BrokerClient) -> None:
        client.pending_calls_threshold = 10_000
        with self._sender.connected(client):
            await self._states.publish_online()
            for topic_filter in self._handlers:
                await cancellable(client.subscribe(f"{self._prefix}/{topic_filter}", qos=1))
            with self._states.following():
                await cancellable(client.subscribe_to_retained(f"{self._prefix}/{FILTER}"))
                await self._publish_all(client)

    async def _publish_all(self, client: BrokerClient) -> None:
        self.connected_since, self.disconnected_since = self._clock.now(), None
        if not self._is_flapping:
            self.failure = None
        log.info("mqtt.connected", broker=self._settings.url, behind=self.queue_depth)
        async with asyncio.TaskGroup() as group:
            for work in (
                self._sender.wait_for_failure(),
                self._receive(client),
                self._states.refresh_all(),
                self._events.publish_events(),
                self._states.publish_all_vitals(),
                retry_on_store_error(self._clock, self._clear_ended),
                retry_on_store_error(self._clock, self._retained.settle),
                self._become_steady(),
            ):
                group.create_task(work)

    async def _become_steady(self) -> None:
        await self._clock.sleep(STEADY_S)
        self._outage_since = self.failure = None

    async def _clear_ended(self) -> None:
        await self._states.clear_ended(lambda: self._events.acknowledged)

    async def _receive(self, client: BrokerClient) -> None:
        """Hand on incoming messages; also what notices first that the connection is gone."""
        async for message in client.messages:
            topic = message.topic.value
            if message.retain and message.topic.matches(f"{self._prefix}/{FILTER}"):
                self._retained.found(topic.removeprefix(f"{self._prefix}/"))
            for topic_filter, handler in self._handlers.items():
                if message.topic.matches(f"{self._prefix}/{topic_filter}"):
                    try:
                        handler(topic.removeprefix(f"{self._prefix}/"), bytes(message.payload))
                    except Exception:
                        log.exception("mqtt.message-not-understood", topic=topic)


def _first(group: BaseExceptionGroup[Exception]) -> BaseException:
    """The first fault in `group`, however deep."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
