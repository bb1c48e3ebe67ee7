"""An alarm subscriber of its own: paho-mqtt, the client that most people use."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.patience import HOPELESS_S


@dataclass(frozen=True)
class Message:
    """What came, and on which topic; `payload` is None for an empty one."""

    topic: str
    payload: Any

    def is_alarm(self, **expected: Any) -> bool:
        """Whether it is the state of an alarm that has these values."""
        if "/alarm/" not in self.topic or self.payload is None:
            return False
        return all(self.payload.get(key) == value for key, value in expected.items())


class Subscriber:
    """Everything that came on a topic, in order, to be waited for."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._came = threading.Condition()

    def take(self, topic: str, payload: bytes) -> None:
        """Keep a message."""
        with self._came:
            try:
                said = json.loads(payload) if payload else None
            except ValueError:
                said = payload.decode()
            self.messages.append(Message(topic, said))
            self._came.notify_all()

    def wait_for(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message that is `wanted`."""

        def found() -> Message | None:
            return next((message for message in self.messages if wanted(message)), None)

        with self._came:
            assert self._came.wait_for(found, HOPELESS_S), self.messages[-20:]
            message = found()
        assert message is not None
        return message


@contextlib.contextmanager
def subscribed(
    port: int, topic: str, protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5
) -> Iterator[Subscriber]:
    """A subscriber of `topic` at the broker on `port`, connected and subscribed."""
    subscriber = Subscriber()
    ready = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol)

    def connected(_client: Any, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        assert not reason.is_failure
        client.subscribe(topic, qos=1)

    client.on_connect = connected
    client.on_subscribe = lambda *_answer: ready.set()
    client.on_message = lambda _client, _data, message: subscriber.take(
        message.topic, bytes(message.payload)
    )
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert ready.wait(HOPELESS_S)
        yield subscriber
    finally:
        client.disconnect()
        client.loop_stop()
