"""What is under way to a broker is no more than it says it takes at a time."""

import asyncio
from contextlib import suppress

from aiomqtt import ProtocolVersion

from drivers.clock import Clock
from monitor.mqtt.client import BrokerClient

PUBLISH, CONNECT, DISCONNECT = 3, 1, 14


class Slow:
    """A broker that takes `at_a_time` messages; `most` is how many it had to hold at once."""

    def __init__(self, at_a_time: int) -> None:
        self.at_a_time = at_a_time
        self.most = 0
        self._unacknowledged: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        acknowledging: set[asyncio.Task[None]] = set()
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                kind = (await reader.readexactly(1))[0] >> 4
                body = await reader.readexactly((await reader.readexactly(1))[0])
                if kind == CONNECT:
                    writer.write(bytes([0x20, 6, 0, 0, 3, 0x21, 0, self.at_a_time]))
                elif kind == PUBLISH:
                    topic = int.from_bytes(body[:2], "big")
                    self._unacknowledged.append(body[2 + topic : 4 + topic])
                    self.most = max(self.most, len(self._unacknowledged))
                    acknowledging.add(asyncio.create_task(self._acknowledge(writer)))
                elif kind == DISCONNECT:
                    break
        writer.close()

    async def _acknowledge(self, writer: asyncio.StreamWriter) -> None:
        await Clock().sleep(0.1)
        for mid in self._unacknowledged:
            writer.write(bytes([0x40, 2]) + mid)
        self._unacknowledged.clear()


async def test_no_more_messages_are_under_way_than_the_broker_takes() -> None:
    broker = Slow(at_a_time=3)
    async with await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with BrokerClient(
            "127.0.0.1", port, identifier="us", protocol=ProtocolVersion.V5
        ) as client:
            await asyncio.gather(*(client.publish("topic", "x", qos=1) for _ in range(10)))
    assert broker.most == 3
