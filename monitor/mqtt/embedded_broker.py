"""A small MQTT 3.1.1 broker inside the process, for the demo and nothing else.

Anybody on this machine may connect and nothing is kept on disk. `amqtt` is imported only
when a broker is made, so that the daemon does not carry it.
"""

import asyncio
import logging
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from amqtt.broker import Broker  # type: ignore[import-untyped]

HOST: Final = "127.0.0.1"


class BrokerError(Exception):
    """The broker could not be started; the text says why and how to mend it."""


class EmbeddedBroker:
    """An MQTT broker on the loopback interface; an async context."""

    def __init__(self, port: int = 1883) -> None:
        self.port = port
        self._broker: Broker | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"mqtt://{HOST}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises `BrokerError`, for one when the port is taken."""
        from amqtt.broker import Broker
        from amqtt.errors import (  # type: ignore[import-untyped]
            BrokerError as AmqttBrokerError,
        )

        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{self.port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            },
            loop=asyncio.get_running_loop(),
        )
        try:
            await broker.start()
        except (AmqttBrokerError, OSError) as error:
            cause = error.__cause__ or error
            raise BrokerError(
                f"no broker on {HOST}:{self.port}: {cause}; "
                "name another port, or use the broker that is there"
            ) from error
        self._broker = broker

    async def stop(self) -> None:
        """Drop every client and free the port."""
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.shutdown()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
