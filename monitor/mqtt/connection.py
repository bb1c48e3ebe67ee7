"""One connection to the broker, with its last will, and nothing left behind when it fails."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiomqtt import MqttError, Will
from aiomqtt.exceptions import MqttCodeError, MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from monitor.mqtt.client import BrokerClient
from monitor.mqtt.faults import in_words
from monitor.mqtt.settings import PROTOCOLS, MqttSettings

KEEPALIVE_S: Final = 10
ANSWER_S: Final = 5.0
"""How long the broker may take for any answer before the connection counts as dead."""

MAX_INCOMING: Final = 1000

AT_ONCE: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Otherwise a small message waits in the kernel until the broker's has acknowledged the last."""

_logger = logging.getLogger(__name__)
_logger.setLevel(logging.CRITICAL)


@asynccontextmanager
async def connected(
    settings: MqttSettings, will: Will | None = None
) -> AsyncIterator[BrokerClient]:
    """A connected client.

    With a will its identifier is the site's, so that a broker which still holds a dead
    connection of ours lets go of it, with its last will, before the new one says that we are
    online. Without one it is another, and puts no running daemon out. Raises `MqttConnectError`
    when the broker refuses us or lacks what we need, `MqttError` or `OSError` when there is none.
    """
    client = BrokerClient(
        settings.host,
        settings.port,
        identifier=settings.identifier if will else f"{settings.identifier}-check",
        protocol=PROTOCOLS[settings.protocol],
        username=settings.username,
        password=settings.password(),
        tls_context=settings.tls_context(),
        will=will,
        keepalive=KEEPALIVE_S,
        timeout=ANSWER_S,
        max_queued_incoming_messages=MAX_INCOMING,
        socket_options=[AT_ONCE],
        logger=_logger,
    )
    await _connect(client)
    if client.lacks is not None:
        with suppress(MqttError):
            await client.__aexit__(None, None, None)
        raise MqttConnectError(ReasonCode(PacketTypes.CONNACK, identifier=client.lacks))
    try:
        yield client
    except* MqttError as lost:
        if client.ended_by is None:
            raise
        raise MqttCodeError(client.ended_by) from lost
    finally:
        with suppress(MqttError):
            await client.__aexit__(None, None, None)


async def broker_fault(settings: MqttSettings) -> str | None:
    """Why the broker cannot be used, sign-in and certificate included; None when it can."""
    try:
        async with connected(settings):
            return None
    except MqttConnectError as refused:
        return in_words(refused, settings)
    except (MqttError, OSError) as gone:
        return f"{in_words(gone, settings)}; is it running? Correct mqtt.url"


async def _connect(client: BrokerClient) -> None:
    """Enter `client`; when that fails or is cancelled half-way, close what it opened.

    The connection is made in a thread that cannot be interrupted, only waited for.
    """
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except (asyncio.CancelledError, MqttError):
        with suppress(MqttError):
            await entering
        with suppress(MqttError):
            await client.__aexit__(None, None, None)
        raise
