"""Clients that take their time, and clients that are many."""

import asyncio
from typing import Any, Final, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api import connections
from api.connections import BODY_S, HEAD_S, UNREAD_S, Connection, ProxiedConnection
from tests.virtual import virtual_clock, virtual_time

HEAD: Final = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
REQUEST: Final = HEAD + b"\r\nbody"


class Transport:
    """What a connection's transport does that matters here."""

    def __init__(self, address: str) -> None:
        self.written = b""
        self.closed = False
        self._address = address
        self.protocol: Connection

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self._address, 1) if name in ("peername", "sockname") else default

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close

    def write(self, data: bytes) -> None:
        self.written += data

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading


class Server:
    """A server without a socket, whose answers wait until they are allowed."""

    def __init__(self, kind: type[Connection] = Connection) -> None:
        self.answering = asyncio.Event()
        self.answering.set()
        self._kind = kind
        self._state = ServerState()
        self._config = uvicorn.Config(self._answer, log_config=None, interface="asgi3")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await self.answering.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    def connect(self, address: str = "10.0.0.1") -> Transport:
        """A client's connection; what it sends goes to `protocol.data_received`."""
        transport = Transport(address)
        transport.protocol = self._kind(config=self._config, server_state=self._state, app_state={})
        transport.protocol.connection_made(cast(asyncio.Transport, transport))
        return transport


@pytest.mark.parametrize(
    ("sent", "allowed_s"),
    [(b"", HEAD_S), (HEAD, HEAD_S), (HEAD + b"\r\nbo", BODY_S), (REQUEST + HEAD, HEAD_S)],
    ids=["nothing", "half a head", "half a body", "half of the next head"],
)
def test_a_client_that_never_comes_to_the_end_is_left(sent: bytes, allowed_s: float) -> None:
    @virtual_time()
    async def run() -> None:
        clock, client = virtual_clock(), Server().connect()
        started_s = clock.now().mono
        if sent:
            client.protocol.data_received(sent)
        for _ in range(int(2 * BODY_S)):
            if client.is_closing():
                break
            await clock.sleep(0.5)
            if sent and not client.is_closing() and not sent.endswith(b"bo"):
                client.protocol.data_received(b"X: a\r\n")
        assert client.is_closing()
        assert allowed_s <= clock.now().mono - started_s <= allowed_s + 1

    run()


@virtual_time()
async def test_a_request_is_answered_however_long_that_takes() -> None:
    clock, server = virtual_clock(), Server()
    client = server.connect()
    server.answering.clear()
    client.protocol.data_received(REQUEST)
    await clock.sleep(10 * BODY_S)
    server.answering.set()
    await clock.sleep(0.1)
    assert client.written.startswith(b"HTTP/1.1 204")
    assert not client.closed


@virtual_time()
async def test_a_client_that_reads_nothing_is_left_and_one_that_reads_again_is_not() -> None:
    clock, server = virtual_clock(), Server()
    server.answering.clear()
    one, other = server.connect(), server.connect()
    for client in (one, other):
        client.protocol.data_received(REQUEST)
        client.protocol.pause_writing()
    await clock.sleep(UNREAD_S - 1)
    other.protocol.resume_writing()
    await clock.sleep(2)
    assert (one.closed, other.closed) == (True, False)


@virtual_time()
async def test_one_address_leaves_places_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 8)
    clock, server = virtual_clock(), Server()
    server.answering.clear()
    streams = [server.connect() for _ in range(6)]
    for stream in streams:
        if not stream.closed:
            stream.protocol.data_received(REQUEST)
            await clock.sleep(0.1)
    # what nobody had sent a request over gave its place to the next
    assert sum(stream.closed for stream in streams) == 2
    refused, other = server.connect(), server.connect("10.0.0.2")
    assert (refused.closed, other.closed) == (True, False)


@virtual_time()
async def test_those_who_ask_for_nothing_make_place_for_a_nurse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MOST", 4)
    clock, server = virtual_clock(), Server(ProxiedConnection)
    silent = []
    for _ in range(4):
        silent.append(server.connect())
        await clock.sleep(0.1)
    nurse = server.connect()
    assert [client.closed for client in silent] == [True, False, False, False]
    nurse.protocol.data_received(REQUEST)
    await clock.sleep(0.1)
    assert nurse.written.startswith(b"HTTP/1.1 204")
