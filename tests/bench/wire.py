"""As much MQTT 3.1.1 as a stopwatch needs: connect, subscribe, publish, and what arrives."""

import socket
import struct
from collections.abc import Iterator
from time import perf_counter
from typing import Final, NamedTuple, Self

CONNACK: Final = b"\x20\x02\x00\x00"
PUBLISH: Final = 0x30
QOS_1: Final = 0x02
SUBACK_BYTES: Final = 5


class Message(NamedTuple):
    """What arrived, and when, in seconds of `perf_counter`."""

    at_s: float
    topic: str
    payload: bytes


def connect(port: int, name: str) -> socket.socket:
    """A connection to the broker on `port`, without a keep-alive."""
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(_packet(0x10, _text("MQTT") + struct.pack(">BBH", 4, 2, 0) + _text(name)))
    if client.recv(4, socket.MSG_WAITALL) != CONNACK:
        raise ConnectionError(f"the broker on port {port} refuses {name}")
    return client


def publish(topic: str, payload: bytes, number: int) -> bytes:
    """A message at QoS 1."""
    return _packet(PUBLISH | QOS_1, _text(topic) + struct.pack(">H", number) + payload)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _packet(kind: int, body: bytes) -> bytes:
    size, left = bytearray(), len(body)
    while True:
        left, low = divmod(left, 128)
        size.append(low | (0x80 if left else 0))
        if not left:
            return bytes([kind]) + bytes(size) + body


class Station:
    """A display that reads the alarms under `topic` at QoS 1 and acknowledges each."""

    def __init__(self, port: int, topic: str) -> None:
        self.socket = connect(port, "station")
        self.socket.sendall(_packet(0x82, struct.pack(">H", 1) + _text(topic) + b"\x01"))
        self.socket.recv(SUBACK_BYTES, socket.MSG_WAITALL)
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.socket.close()

    def read(self) -> Iterator[Message]:
        """The messages that have arrived; call it when the socket can be read."""
        data = self.socket.recv(1 << 16)
        at_s = perf_counter()
        if not data:
            raise ConnectionError("the broker is gone")
        self._buffer += data
        while (found := _first(self._buffer)) is not None:
            kind, start, end = found
            body = bytes(self._buffer[start:end])
            del self._buffer[:end]
            if kind & 0xF0 == PUBLISH:
                size = 2 + int.from_bytes(body[:2])
                payload = size + (2 if kind & QOS_1 else 0)
                if kind & QOS_1:
                    self.socket.sendall(b"\x40\x02" + body[size:payload])
                yield Message(at_s, body[2:size].decode(), body[payload:])


def _first(buffer: bytearray) -> tuple[int, int, int] | None:
    """The first whole packet's kind, and where its body starts and ends."""
    size = 0
    for place, byte in enumerate(buffer[1:5]):
        size |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            end = 2 + place + size
            return (buffer[0], 2 + place, end) if len(buffer) >= end else None
    return None
