"""Sends messages on whichever connection to the broker there is; knows nothing of what they say.

A message is awaited until the broker has acknowledged it, or posted and forgotten. One that
was posted and fails ends the connection, as one that is awaited does.
"""

import asyncio
import json
from collections.abc import Awaitable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from aiomqtt import Client, MqttError


class _Connection(NamedTuple):
    client: Client
    failure: asyncio.Future[None]


class Sender:
    """Sends to the topics below `prefix`. `published` counts the messages that went out."""

    def __init__(self, prefix: str) -> None:
        self.published = 0
        self._prefix = prefix
        self._connection: _Connection | None = None
        self._posts: set[asyncio.Task[None]] = set()

    @contextmanager
    def connected(self, client: Client) -> Iterator[None]:
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
        self, topic: str, payload: object, *, qos: int = 1, retain: bool = False
    ) -> None:
        """Publish `payload`, a mapping as JSON, and wait until the broker has acknowledged it.

        Raises `MqttError`, also when there is no connection.
        """
        client = self._open().client
        if isinstance(payload, Mapping):
            payload = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
        topic = f"{self._prefix}/{topic}"
        await cancellable(client.publish(topic, payload, qos, retain))  # type: ignore[arg-type]
        self.published += 1

    def post(self, message: Coroutine[Any, Any, None]) -> None:
        """Send `message` from here on by itself; `wait_for_failure` raises what it raises."""
        post = asyncio.get_running_loop().create_task(message)
        self._posts.add(post)
        post.add_done_callback(self._posted)

    async def wait_for_failure(self) -> None:
        """Wait until a posted message fails on this connection, and raise its error."""
        await self._open().failure

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
