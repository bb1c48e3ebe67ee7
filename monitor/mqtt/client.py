"""aiomqtt's client, and what the broker answers that aiomqtt leaves out.

The only place that looks into aiomqtt. Decides nothing about what is refused.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiomqtt import Client, MqttError
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import ConnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

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
    None when it says none, as over MQTT 3.1.1.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.max_packet: int | None = None
        self._refused: dict[int, ReasonCode] = {}

    def _on_connect(
        self,
        client: PahoClient,
        userdata: Any,
        flags: ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.max_packet = getattr(properties, "MaximumPacketSize", None)
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
