"""aiomqtt's client, and what the broker answers that aiomqtt leaves out.

The only place that looks into aiomqtt and paho. Decides nothing about what is refused.
"""

import math
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiomqtt import Client, MqttError
from aiomqtt.exceptions import MqttCodeError
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from monitor.mqtt.faults import CLOSED, LOST, NO_QOS, NO_RETAIN

WAYS_OUT: Final[Mapping[int, str]] = {
    0x87: "its access list has to let mqtt.username write there",
    0x97: "it has reached a quota, which has to be raised",
}
"""How to mend what a broker refuses a message for, by reason code."""


class RefusedError(MqttError):
    """The broker is there and does not take this message; the text says why."""


class BrokerClient(Client):
    """A client whose `publish` raises `RefusedError` when the broker acknowledges with a failure.

    Only MQTT 5 has such an answer (its section 3.4.2.1), and only at QoS 1 and above.
    `max_packet` is the longest packet that the broker takes, in bytes (section 3.2.2.3.6);
    None when it says none, as over MQTT 3.1.1. `lacks` is the reason code of what we need and
    it says it has not: retained messages, or QoS 1. `ended_by` is why it ended the
    connection, if it said so. No more messages are under way than it takes at a time
    (section 3.2.2.3.3).
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.max_packet: int | None = None
        self.lacks: int | None = None
        self.ended_by: ReasonCode | None = None
        self._refused: dict[int, ReasonCode] = {}

    def expiry(self, after_s: float) -> tuple[Properties, ...]:
        """What makes the broker drop a message after that time; nothing over MQTT 3.1.1."""
        if self._client.protocol != MQTTv5:
            return ()
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, math.ceil(after_s))
        return (properties,)

    async def subscribe_to_retained(self, topic_filter: str) -> None:
        """Have what is retained there come; over MQTT 3.1.1 also what we publish there from now."""
        if self._client.protocol == MQTTv5:
            await self.subscribe(topic_filter, options=SubscribeOptions(qos=1, noLocal=True))
        else:
            await self.subscribe(topic_filter, qos=1)

    def _on_connect(
        self,
        client: PahoClient,
        userdata: Any,
        flags: ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.max_packet = getattr(properties, "MaximumPacketSize", None)
        most = client._max_inflight_messages
        client._max_inflight_messages = min(most, getattr(properties, "ReceiveMaximum", most))
        if not getattr(properties, "RetainAvailable", 1):
            self.lacks = NO_RETAIN
        elif not getattr(properties, "MaximumQoS", 1):
            self.lacks = NO_QOS
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self,
        client: PahoClient,
        userdata: Any,
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,
    ) -> None:
        if reason_code.is_failure and mid in self._pending_publishes:
            self._refused[mid] = reason_code
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_disconnect(
        self,
        client: PahoClient,
        userdata: Any,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self.ended_by = reason_code
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        if self._disconnected.done():
            self._disconnected.exception()  # aiomqtt may forget it, and asyncio complains

    async def _wait_for(self, fut: Awaitable[Any], timeout: float | None) -> Any:  # noqa: ASYNC109
        try:
            return await super()._wait_for(fut, timeout)
        except MqttCodeError:
            raise
        except MqttError:
            if self._client.socket() is not None:
                raise
            raise MqttError(CLOSED if fut is self._connected else LOST) from None

    @contextmanager
    def _pending_call(self, mid: int, value: Any, pending_dict: dict[int, Any]) -> Iterator[None]:
        try:
            with super()._pending_call(mid, value, pending_dict):
                yield
        finally:
            reason = self._refused.pop(mid, None)
        if reason is not None:
            way_out = WAYS_OUT.get(reason.value, "its log says more")
            raise RefusedError(f"{reason}; {way_out}")
