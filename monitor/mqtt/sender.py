"""Sends messages on whichever connection to the broker there is; knows nothing of what they say.

A message is awaited until the broker has acknowledged it, or posted and forgotten. One that
was posted and fails ends the connection, as one that is awaited does. What the broker refuses
is known here by its topic until the broker takes it again.
"""

import asyncio
import json
from collections.abc import Awaitable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import structlog
from aiomqtt import MqttError

from monitor.mqtt.client import BrokerClient, RefusedError

NAMED: Final = 3
"""How many of the topics that are refused are named; those of alarms first."""

HEADERS: Final = 15
"""How many bytes of a packet are neither topic nor payload, at most (MQTT 5, section 3.3)."""

log = structlog.get_logger(__name__)


class _Connection(NamedTuple):
    client: BrokerClient
    failure: asyncio.Future[None]


class Sender:
    """Sends to the topics below `prefix`. `published` counts the messages that went out."""

    def __init__(self, prefix: str) -> None:
        self.published = 0
        self._prefix = prefix
        self._refused: dict[str, str] = {}
        self._connection: _Connection | None = None
        self._posts: set[asyncio.Task[None]] = set()

    @property
    def refusal(self) -> str | None:
        """What the broker does not take now, and why; None while it takes everything."""
        kinds = {_kind(topic): why for topic, why in self._refused.items()}
        if not kinds:
            return None
        first, *_ = names = sorted(kinds, key=lambda kind: "/alarm/" not in kind)
        named = ", ".join(f"{self._prefix}/{kind}" for kind in names[:NAMED])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return f"refuses {named}{more}: {kinds[first]}"

    @contextmanager
    def connected(self, client: BrokerClient) -> Iterator[None]:
        """Send through `client` within the block; what is under way at its end is cancelled."""
        failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connection = _Connection(client, failure)
        try:
            yield
        finally:
            self._connection = None
            for post in self._posts:
                post.cancel()

    async def publish(
        self,
        topic: str,
        payload: object,
        *,
        qos: int = 1,
        retain: bool = False,
        valid_s: float | None = None,
    ) -> None:
        """Publish `payload`, a mapping as JSON, and wait until the broker has acknowledged it.

        After `valid_s`, in seconds of the machine, a broker that speaks MQTT 5 drops it.
        Raises `RefusedError` when the broker does not take it, and `MqttError`, also when there
        is no connection.
        """
        client = self._open().client
        encoded = _encoded(payload)
        name = f"{self._prefix}/{topic}"
        try:
            if not self.fits(topic, encoded):
                raise RefusedError(
                    f"longer than its limit of {client.max_packet} bytes; raise that "
                    "(Mosquitto: max_packet_size)"
                )
            expiry = () if valid_s is None else client.expiry(valid_s)
            await cancellable(client.publish(name, encoded, qos, retain, *expiry))
        except RefusedError as refused:
            self._note_refused(topic, str(refused))
            raise
        self._note_taken(topic)
        self.published += 1

    def fits(self, topic: str, payload: object) -> bool:
        """Whether the broker takes a message as long as that. Raises `MqttError`."""
        limit = self._open().client.max_packet
        return limit is None or _size(f"{self._prefix}/{topic}", _encoded(payload)) <= limit

    def post(self, message: Coroutine[Any, Any, None]) -> None:
        """Send `message` from here on by itself; `wait_for_failure` raises what it raises."""
        post = asyncio.get_running_loop().create_task(message)
        self._posts.add(post)
        post.add_done_callback(self._posted)

    async def wait_for_failure(self) -> None:
        """Wait until a posted message fails on this connection, and raise its error."""
        await self._open().failure

    def give_up(self, topic: str) -> None:
        """What was refused under `topic` is not tried again."""
        self._refused.pop(topic, None)

    def _note_refused(self, topic: str, why: str) -> None:
        if (_kind(topic), why) not in ((_kind(each), said) for each, said in self._refused.items()):
            log.warning("mqtt.refused", topic=f"{self._prefix}/{topic}", reason=why)
        self._refused[topic] = why

    def _note_taken(self, topic: str) -> None:
        if self._refused.pop(topic, None) is not None and not self._refused:
            log.info("mqtt.takes-everything")

    def _open(self) -> _Connection:
        if self._connection is None:
            raise MqttError("there is no connection")
        return self._connection

    def _posted(self, post: asyncio.Task[None]) -> None:
        self._posts.discard(post)
        if post.cancelled() or (error := post.exception()) is None:
            return
        if self._connection is not None and not self._connection.failure.done():
            self._connection.failure.set_exception(error)


def _encoded(payload: object) -> str | None:
    if isinstance(payload, Mapping):
        return json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return None if payload is None else str(payload)


def _size(topic: str, payload: str | None) -> int:
    """How long the packet is, in bytes, at most."""
    return HEADERS + len(topic.encode()) + len((payload or "").encode())


def _kind(topic: str) -> str:
    """The topics among which `topic` counts: the alarms of a bed are one."""
    bed, *rest = topic.split("/")
    return f"{bed}/{rest[0]}/+" if len(rest) > 1 else topic


async def cancellable(answer: Awaitable[Any]) -> None:
    """Wait for `answer`, and be cancelled also when it and the cancellation come in one go.

    Until Python 3.12 `asyncio.wait_for`, through which aiomqtt waits, forgets such a
    cancellation.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    await answer
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
