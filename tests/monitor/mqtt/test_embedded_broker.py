"""The demo's broker does what the demo needs of it, with the client that the daemon uses."""

import asyncio
import socket
import subprocess
import sys

import pytest
from aiomqtt import Client

from drivers.clock import Clock
from monitor.mqtt.embedded_broker import BrokerError, EmbeddedBroker
from tests.patience import HOPELESS_S
from tests.servers import free_port


async def first(client: Client) -> tuple[str, bytes]:
    async with asyncio.timeout(HOPELESS_S):
        message = await anext(aiter(client.messages))
        return message.topic.value, bytes(message.payload)


async def test_a_late_subscriber_gets_what_was_retained() -> None:
    async with EmbeddedBroker(free_port()) as broker:
        async with Client("127.0.0.1", broker.port) as sender:
            await sender.publish("bed-1/alarm/a-1", b"{}", qos=1, retain=True)
        async with Client("127.0.0.1", broker.port) as late:
            await late.subscribe("#", qos=1)
            assert await first(late) == ("bed-1/alarm/a-1", b"{}")


async def test_an_empty_payload_clears_what_was_retained() -> None:
    async with EmbeddedBroker(free_port()) as broker:
        async with Client("127.0.0.1", broker.port) as sender:
            await sender.publish("cleared", b"{}", qos=1, retain=True)
            await sender.publish("cleared", b"", qos=1, retain=True)
            await sender.publish("kept", b"{}", qos=1, retain=True)
        async with Client("127.0.0.1", broker.port) as late:
            await late.subscribe("#", qos=1)
            assert await first(late) == ("kept", b"{}")


DIES = """
import asyncio, os, sys
from aiomqtt import Client, Will

async def main():
    will = Will("status", "offline", qos=1, retain=True)
    async with Client("127.0.0.1", int(sys.argv[1]), will=will) as client:
        await client.publish("status", "online", qos=1, retain=True)
        os._exit(1)

asyncio.run(main())
"""


async def test_a_client_that_dies_leaves_its_last_will() -> None:
    port = free_port()
    async with EmbeddedBroker(port), Client("127.0.0.1", port) as listener:
        await listener.subscribe("status", qos=1)
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, str(port))
        assert await first(listener) == ("status", b"online")
        await child.wait()
        assert await first(listener) == ("status", b"offline")


async def test_a_port_in_use_is_an_error_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"no broker on 127.0.0.1:{port}: .*in use"):
            await EmbeddedBroker(port).start()


async def test_it_stops_within_a_second_though_clients_are_connected() -> None:
    broker = EmbeddedBroker(free_port())
    await broker.start()
    clients = [Client("127.0.0.1", broker.port) for _ in range(3)]
    for client in clients:
        await client.__aenter__()
        await client.subscribe("#")
    clock = Clock()
    begun = clock.now().mono
    await broker.stop()
    assert clock.now().mono - begun < 1
    for client in clients:
        await client.__aexit__(None, None, None)


async def test_its_port_is_free_again_after_a_stop() -> None:
    port = free_port()
    for _ in range(2):
        async with EmbeddedBroker(port):
            pass


def test_the_daemon_does_not_carry_it() -> None:
    code = "import sys, monitor.mqtt.embedded_broker; sys.exit('amqtt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
